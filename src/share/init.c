#include "share/init.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "share/join.h"
#include "share/postgresql.h"
#include "store/shared.h"

enum {
	TIMEOUT_MS = 5000
};

extern const struct embedded share_files[];

enum exit_status
init_print(void)
{
	for (const struct embedded *file = share_files; file->name != NULL;
	     file++) {
		(void)fputs(file->data, stdout);
	}
	return EXIT_FINE;
}

/* Whether a connection can be had, which says why else. */
static bool
reach(struct server *server, const char *database, const char *name)
{
	return server_connect_now(server, database, name);
}

static bool
make(struct server *server)
{
	bool fine = server_run(server, "BEGIN");

	for (const struct embedded *file = share_files;
	     fine && file->name != NULL; file++) {
		fine = server_run(server, file->data);
	}
	return fine && server_run(server, "COMMIT");
}

enum exit_status
init_schema(const struct conf *conf, const char *database)
{
	struct server server = { .quiet = true };
	enum exit_status status = EXIT_DATABASE;
	PGresult *got;

	if (!reach(&server, database != NULL ? database : conf->share_database,
		conf->share_name)) {
		log_warn("%s", server.why);
		return EXIT_DATABASE;
	}
	got = server_ask(&server,
	    "SELECT EXISTS (SELECT FROM pg_namespace"
	    " WHERE nspname = 'videur')",
	    0, NULL);
	if (got != NULL && *PQgetvalue(got, 0, 0) == 't') {
		if (join_format(&server)) {
			printf("the schema videur is there already\n");
			status = EXIT_FINE;
		}
	} else if (got != NULL && make(&server)) {
		printf("made the schema videur in %s; for each host now:\n"
		       "    CREATE ROLE mx1 LOGIN PASSWORD '...' IN ROLE "
		       "videur_host;\n",
		    PQdb(server.conn));
		status = EXIT_FINE;
	}
	if (status != EXIT_FINE) {
		log_warn("%s", server.why);
	}
	PQclear(got);
	server_close(&server);
	return status;
}

/* Tell the server; false with server->why. */
static bool
leave_there(struct server *server, const struct conf *conf,
    const struct share_self *self)
{
	const bool
	    told = reach(server, conf->share_database, self->name) &&
		   server_do(server,
		       "SELECT videur.leave(id, instance) FROM videur.host"
		       " WHERE instance = $1 AND ended IS NULL",
		       1, (const char *const[]){ self->instance });

	server_close(server);
	return told;
}

enum exit_status
init_leave(const struct conf *conf)
{
	struct server server = { .quiet = true };
	char error[STORE_ERROR_SIZE];
	struct share_self self;
	struct store *store;
	enum store_result result = store_open(
	    &store, conf->database, STORE_WRITE, TIMEOUT_MS, error);

	if (result != STORE_OK) {
		log_warn("%s", error);
		return EXIT_DATABASE;
	}
	if (!store_share_self(store, &self)) {
		printf("this host has not joined\n");
		store_close(store);
		return EXIT_NO;
	}
	if (!leave_there(&server, conf, &self)) {
		log_warn("the server could not be told, and its other hosts "
			 "wait for this one: %s",
		    server.why);
	}
	store_begin(store);
	join_leave(store);
	result = store_commit(store);
	if (result != STORE_OK) {
		log_warn("%s", store_error(store));
	} else {
		printf("%s has left; what came from other hosts stays. Take "
		       "the section share out of the configuration, or it "
		       "joins again\n",
		    self.name);
	}
	store_close(store);
	return result == STORE_OK ? EXIT_FINE : EXIT_DATABASE;
}
