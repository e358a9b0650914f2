#include "share/postgresql.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"

enum {
	SECOND = 1000,
	PAUSE_MAX = 60, /* s */
	NAP = 5,        /* ms, where libpq waits for room to write */
	LOOK = 50       /* ms between looks at the thread that connects */
};

/* ---- connecting ---- */

/* One, shared with its thread until `done`. */
struct attempt {
	char database[CONF_CONNECTION_SIZE];
	char name[CONF_HOST_SIZE + 16];
	PGconn *conn;
	atomic_bool done;
};

static void *
connect_it(void *of)
{
	struct attempt *attempt = of;
	/* What stands before "dbname" the administrator may say otherwise.  A
	 * network that was cut shows within ten seconds. */
	static const char *const names[] = { "connect_timeout", "keepalives",
		"keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", "target_session_attrs",
		"fallback_application_name", "dbname", "client_encoding",
		NULL };
	const char *const values[] = { "8", "1", "5", "1", "3", "8000",
		"read-write", attempt->name, attempt->database, "UTF8", NULL };

	attempt->conn = PQconnectdbParams(names, values, 1);
	atomic_store(&attempt->done, true);
	return NULL;
}

static bool
begin(struct server *server, const char *database, const char *name)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	pthread_t thread;
	int failed = ENOMEM;

	if (attempt != NULL) {
		(void)text_copy(
		    attempt->database, sizeof(attempt->database), database);
		(void)text_print(attempt->name, sizeof(attempt->name),
		    "videur-share %s", name);
		failed = pthread_create(&thread, NULL, connect_it, attempt);
	}
	if (failed != 0) {
		free(attempt);
		server_lose(server, strerrordesc_np(failed));
		return false;
	}
	(void)pthread_detach(thread);
	server->attempt = attempt;
	return true;
}

/* In one line, with one blank where there are several. */
static void
keep_why(struct server *server, const char *why)
{
	char kept[SERVER_WHY_SIZE];
	struct text text;

	text_init(&text, kept, sizeof(kept));
	while (*(why += strspn(why, " \t\n")) != '\0') {
		const size_t len = strcspn(why, " \t\n");

		text_add(&text, text.len > 0 ? " " : "");
		text_add_bytes(&text, why, len);
		why += len;
	}
	(void)text_copy(server->why, sizeof(server->why), kept);
}

/* What is said by the way is of no interest here. */
static void
ignore(void *of, const PGresult *notice)
{
	(void)of;
	(void)notice;
}

/* The thread is ready: what came of it. */
static bool
take(struct server *server, const char *database)
{
	struct attempt *attempt = server->attempt;
	const bool stale = strcmp(attempt->database, database) != 0;

	server->attempt = NULL;
	server->conn = attempt->conn;
	free(attempt);
	if (stale) { /* a reload was faster */
		server_close(server);
		return false;
	}
	if (server->conn == NULL || PQstatus(server->conn) != CONNECTION_OK ||
	    PQsetnonblocking(server->conn, 1) != 0) {
		server_lose(server, server->conn != NULL
					? PQerrorMessage(server->conn)
					: "out of memory");
		return false;
	}
	(void)PQsetNoticeReceiver(server->conn, ignore, NULL);
	server->listens = false;
	return true;
}

bool
server_connect(
    struct server *server, const char *database, const char *name, bool *fresh)
{
	if (server->conn != NULL) {
		return true;
	}
	if (server->attempt == NULL &&
	    (proc_ticks() < server->due || !begin(server, database, name))) {
		return false;
	}
	if (!atomic_load(&server->attempt->done)) {
		return false;
	}
	*fresh = take(server, database);
	return *fresh;
}

static void
heed(struct server *server, enum proc_signal got)
{
	server->stop = server->stop || got == PROC_SIGNAL_STOP;
	server->reload = server->reload || got == PROC_SIGNAL_RELOAD;
}

bool
server_connect_now(
    struct server *server, const char *database, const char *name)
{
	bool fresh = false;

	server->said[0] = server->why[0] = '\0';
	while (!server_connect(server, database, name, &fresh) &&
	       server->attempt != NULL && !server->stop) {
		heed(server, proc_signals_wait(-1, -1, LOOK));
	}
	return server->conn != NULL;
}

void
server_close(struct server *server)
{
	if (server->conn != NULL) {
		PQfinish(server->conn);
		server->conn = NULL;
	}
	server->up = false;
}

void
server_lose(struct server *server, const char *why)
{
	const bool was_up = server->up;

	keep_why(server, why); /* it may be the connection's */
	server_close(server);
	server->pause = server->pause == 0 ? 1 : server->pause * 2;
	if (server->pause > PAUSE_MAX) {
		server->pause = PAUSE_MAX;
	}
	server->due = proc_ticks() + server->pause * (int64_t)SECOND;
	if (!server->quiet &&
	    (was_up || strcmp(server->said, server->why) != 0)) {
		log_warn("%s%s; what is to be shared waits",
		    was_up ? "the connection is lost: " : "", server->why);
		(void)text_copy(
		    server->said, sizeof(server->said), server->why);
	}
}

void
server_works(struct server *server)
{
	if (!server->up) {
		log_info("connected to %s, port %s, database %s%s",
		    PQhost(server->conn), PQport(server->conn),
		    PQdb(server->conn),
		    server->listens ? ""
				    : "; it does not notify, so it is asked "
				      "twice a second");
	}
	server->up = true;
	server->pause = 0;
	server->said[0] = server->why[0] = server->state[0] = '\0';
}

/* ---- asking ---- */

/* Wait until an answer can be read whole; false where there will be none. */
static bool
await(struct server *server)
{
	const int64_t deadline = proc_ticks() + SERVER_TIMEOUT;

	for (;;) {
		const int unsent = PQflush(server->conn);
		int64_t left = deadline - proc_ticks();

		if (unsent < 0 || PQconsumeInput(server->conn) == 0) {
			server_lose(server, PQerrorMessage(server->conn));
			return false;
		}
		if (unsent == 0 && PQisBusy(server->conn) == 0) {
			return true;
		}
		if (left <= 0) {
			server_lose(server, "the server does not answer");
			return false;
		}
		if (unsent > 0) {
			left = NAP;
		}
		heed(server,
		    proc_signals_wait(PQsocket(server->conn), -1, left));
		if (server->stop) {
			return false;
		}
	}
}

/* The answer to what was sent, the last one where there are several. */
static PGresult *
answer(struct server *server)
{
	PGresult *last = NULL;
	PGresult *one;

	while (await(server) && (one = PQgetResult(server->conn)) != NULL) {
		if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) {
			PQclear(one);
			continue;
		}
		PQclear(last);
		last = one;
	}
	if (server->conn == NULL || server->stop) {
		PQclear(last);
		return NULL;
	}
	if (last != NULL && PQresultStatus(last) != PGRES_FATAL_ERROR &&
	    PQresultStatus(last) != PGRES_BAD_RESPONSE) {
		return last;
	}
	{
		const char *state = PQresultErrorField(last, PG_DIAG_SQLSTATE);
		const char *why = PQresultErrorField(
		    last, PG_DIAG_MESSAGE_PRIMARY);

		(void)text_copy(server->state, sizeof(server->state),
		    state != NULL ? state : "");
		keep_why(
		    server, why != NULL ? why : PQerrorMessage(server->conn));
	}
	PQclear(last);
	return NULL;
}

PGresult *
server_try(struct server *server, const char *sql, size_t count,
    const char *const word[])
{
	server->state[0] = '\0';
	if (PQsendQueryParams(server->conn, sql, (int)count, NULL, word, NULL,
		NULL, 0) == 0) {
		server_lose(server, PQerrorMessage(server->conn));
		return NULL;
	}
	return answer(server);
}

/* What was refused ends the connection, which begins anew. */
static void
refuse(struct server *server)
{
	if (server->conn != NULL && !server->stop) {
		server_lose(server, server->why);
	}
}

PGresult *
server_ask(struct server *server, const char *sql, size_t count,
    const char *const word[])
{
	PGresult *got = server_try(server, sql, count, word);

	if (got == NULL) {
		refuse(server);
	}
	return got;
}

bool
server_run(struct server *server, const char *sql)
{
	PGresult *got = NULL;

	server->state[0] = '\0';
	if (PQsendQuery(server->conn, sql) == 0) {
		server_lose(server, PQerrorMessage(server->conn));
	} else {
		got = answer(server);
	}
	if (got == NULL) {
		refuse(server);
		return false;
	}
	PQclear(got);
	return true;
}

bool
server_do(struct server *server, const char *sql, size_t count,
    const char *const word[])
{
	PGresult *got = server_ask(server, sql, count, word);

	PQclear(got);
	return got != NULL;
}

const char *
server_text(int64_t value, char text[static SERVER_NUMBER_SIZE])
{
	(void)snprintf(text, SERVER_NUMBER_SIZE, "%" PRId64, value);
	return text;
}

int64_t
server_number(const PGresult *got, int row, int column)
{
	int64_t value = 0;

	(void)text_to_int(
	    PQgetvalue(got, row, column), INT64_MIN, INT64_MAX, &value);
	return value;
}

bool
server_notified(struct server *server)
{
	PGnotify *one;
	bool some = false;

	if (PQconsumeInput(server->conn) == 0) {
		server_lose(server, PQerrorMessage(server->conn));
		return false;
	}
	while ((one = PQnotifies(server->conn)) != NULL) {
		PQfreemem(one);
		some = true;
	}
	return some;
}

int
server_descriptor(const struct server *server)
{
	return server->conn != NULL ? PQsocket(server->conn) : -1;
}
