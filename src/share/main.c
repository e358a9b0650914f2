/*
 * videur-share: sends what this host learned to a PostgreSQL server and applies
 * what the other hosts did.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/supervise.h"
#include "base/text.h"
#include "conf/conf.h"
#include "share/exchange.h"
#include "share/init.h"
#include "share/join.h"
#include "share/postgresql.h"
#include "store/store.h"

enum {
	TIMEOUT = 250,   /* ms for a database that another program holds */
	LOOK = 50,       /* ms between looks for what is to be sent */
	TEND_EVERY = 500 /* ms */
};

static const struct service_info service = {
	.name = "videur-share",
	.usage =
	    "usage: videur-share [-c FILE]\n"
	    "       videur-share [-c FILE] init [DATABASE] | leave | schema\n"
	    "       videur-share -V | -h\n"
	    "\n"
	    "Share with other hosts, through PostgreSQL, what clients did and "
	    "who is banned.\n"
	    "  -c FILE          the configuration (" CONF_DEFAULT_FILE ")\n"
	    "  -V               print the version\n"
	    "  -h               print this help\n"
	    "  init [DATABASE]  make the schema, in the configured database or "
	    "this one\n"
	    "  leave            share no more\n"
	    "  schema           print what init would run\n",
	.has_verbs = true,
};

struct share {
	struct options options;
	struct conf *conf;
	struct store *store;
	int64_t tended; /* on proc_ticks() */
	struct server server;
	struct exchange exchange;
};

/* ---- configuration ---- */

/* NULL after a log line. */
static struct conf *
load(const char *path)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(path, error);

	log_warn_lines(error);
	if (conf != NULL && !conf_shares(conf)) {
		log_warn("%s has no section share with database and name: "
			 "nothing is shared",
		    path != NULL ? path : CONF_DEFAULT_FILE);
		conf_drop(conf);
		return NULL;
	}
	return conf;
}

static void
reload(struct share *share)
{
	struct conf *fresh = load(share->options.conf_path);

	notify_reloading();
	if (fresh == NULL) {
		log_warn("the old configuration stays");
	} else {
		if (strcmp(fresh->database, share->conf->database) != 0) {
			log_warn("the database stays %s: another one needs a "
				 "restart",
			    share->conf->database);
			(void)text_copy(fresh->database,
			    sizeof(fresh->database), share->conf->database);
		}
		conf_drop(share->conf);
		share->conf = fresh;
		share->exchange.conf = fresh;
		/* It is told how it is now, at once. */
		server_close(&share->server);
		share->server.due = share->server.pause = 0;
		log_info("configuration reloaded");
	}
	notify_ready();
}

/* ---- running ---- */

/* Whether the database can be used; `*anew` where it is another one. */
static bool
tend(struct share *share, bool *anew)
{
	if (proc_ticks() - share->tended < TEND_EVERY) {
		return true;
	}
	share->tended = proc_ticks();
	return store_tend(share->store, anew) == STORE_OK;
}

/* What is due, some of it; true where there is more at once. */
static bool
share_some(struct share *share)
{
	struct server *server = &share->server;
	bool fresh = false;
	bool notified;

	if (!server_connect(server, share->conf->share_database,
		share->conf->share_name, &fresh) ||
	    (fresh && !join_server(&share->exchange))) {
		return false;
	}
	notified = server_notified(server);
	return server->conn != NULL &&
	       exchange_round(&share->exchange, fresh, notified);
}

/* Until it is told to stop; the exit status. */
static int
run(struct share *share)
{
	struct server *server = &share->server;

	for (;;) {
		bool anew = false;
		bool more = false;
		enum proc_signal got;

		notify_alive();
		proc_descriptors_look(proc_ticks() / 1000);
		if (tend(share, &anew)) {
			more = share_some(share);
			exchange_sign(&share->exchange);
		}
		if (anew) {
			return SUPERVISE_AGAIN;
		}
		got = server->stop
			  ? PROC_SIGNAL_STOP
			  : proc_signals_wait(
				server_descriptor(server), -1, more ? 0 : LOOK);
		if (got == PROC_SIGNAL_STOP) {
			notify_stopping();
			log_info("stopped");
			return EXIT_FINE;
		}
		if (got == PROC_SIGNAL_RELOAD || server->reload) {
			server->reload = false;
			reload(share);
		}
	}
}

/* ---- start ---- */

/* One program at a time sends and reads for a host: false after a log line.
 * The descriptor stays open. */
static bool
hold_alone(const char *database)
{
	char path[PATH_MAX];
	int tries = 0;
	int fd = text_print(path, sizeof(path), "%s-share", database)
		     ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660)
		     : -1;

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || !proc_wait_out(&tries)) {
			log_warn("%s: %s", path,
			    errno == EWOULDBLOCK
				? "another videur-share works with it: stop "
				  "that first"
				: strerrordesc_np(errno));
			(void)close(fd);
			return false;
		}
	}
	if (fd < 0) {
		log_warn("%s: %s", path, strerrordesc_np(errno));
	}
	return fd >= 0;
}

/* What the words behind the options ask for; false where there are none. */
static bool
obey(struct share *share, char **word, int *status)
{
	const char *verb = word[0];

	if (verb == NULL) {
		return false;
	}
	*status = EXIT_USAGE;
	if (strcmp(verb, "init") == 0 && (word[1] == NULL || word[2] == NULL)) {
		*status = (int)init_schema(share->conf, word[1]);
	} else if (strcmp(verb, "leave") == 0 && word[1] == NULL) {
		if (proc_drop_root(share->conf->user, share->conf->database) &&
		    hold_alone(share->conf->database)) {
			*status = (int)init_leave(share->conf);
		}
	} else {
		log_warn("%s: init [DATABASE], leave and schema are what may "
			 "follow",
		    verb);
	}
	return true;
}

/* A database that another program holds is waited for. */
static bool
open_database(struct share *share)
{
	char error[STORE_ERROR_SIZE] = "";
	enum store_result result;

	while ((result = store_open(&share->store, share->conf->database,
		    STORE_WRITE, TIMEOUT, error)) == STORE_BUSY) {
		if (proc_signals_wait(-1, -1, LOOK) == PROC_SIGNAL_STOP) {
			return false;
		}
	}
	if (result != STORE_OK) {
		log_warn("%s", error);
	}
	return result == STORE_OK;
}

int
main(int argc, char **argv)
{
	static struct share share; /* too large for a stack */
	const struct options *options = &share.options;
	int status = EXIT_DATABASE;

	share.options = options_read(argc, argv, &service);
	log_init("videur-share");
	if (options->done) {
		return options->status;
	}
	if (argv[optind] != NULL && strcmp(argv[optind], "schema") == 0) {
		return (int)init_print();
	}
	proc_signals_block();
	share.conf = load(options->conf_path);
	if (share.conf == NULL) {
		log_fatal(EXIT_USAGE, "not started");
	}
	if (obey(&share, argv + optind, &status)) {
		conf_drop(share.conf);
		return status;
	}
	if (!proc_drop_root(share.conf->user, share.conf->database) ||
	    !hold_alone(share.conf->database)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	sandbox_calls(true);
	supervise(NULL);
	sandbox_files(
	    &(struct sandbox_place){ share.conf->database, SANDBOX_WRITE }, 1);
	if (open_database(&share)) {
		share.exchange = (struct exchange){ .store = share.store,
			.conf = share.conf,
			.server = &share.server };
		notify_ready();
		status = run(&share);
		store_close(share.store);
	}
	conf_drop(share.conf);
	return status;
}
