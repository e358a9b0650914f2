/*
 * The PostgreSQL server, by libpq: one connection that is made anew by itself.
 *
 * Looking up names and connecting take as long as they take, in a thread of
 * their own; whoever asks waits for the answer, but neither for one that does
 * not come in SERVER_TIMEOUT nor beyond a signal to stop.  After anything that
 * goes wrong the connection is given up, the log says why once, and it is tried
 * again after 1, 2, 4 ... 60 seconds.  No password is in what is logged:
 * the configuration has none.
 */
#ifndef SHARE_POSTGRESQL_H
#define SHARE_POSTGRESQL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SERVER_TIMEOUT = 8000, /* ms for an answer */
	SERVER_NUMBER_SIZE = 24,
	SERVER_WHY_SIZE = 512
};

struct server {
	PGconn *conn;               /* NULL: there is none */
	struct attempt *attempt;    /* to connect, in its thread; or NULL */
	int64_t due;                /* the next attempt, on proc_ticks() */
	int pause;                  /* seconds before the one after that */
	bool listens;               /* NOTIFY reaches this connection */
	bool up;                    /* see server_works() */
	bool quiet;                 /* the caller says what goes wrong */
	bool stop;                  /* a signal came meanwhile */
	bool reload;                /* likewise */
	char state[6];              /* SQLSTATE of the newest error, or empty */
	char why[SERVER_WHY_SIZE];  /* why there is no connection */
	char said[SERVER_WHY_SIZE]; /* what the log has of that */
};

/* Whether it is connected; begins to, where it is time.  `*fresh` is set once
 * for each connection. */
bool server_connect(
    struct server *server, const char *database, const char *name, bool *fresh);

/* Connect, and wait for that: for a command.  False with server->why. */
bool server_connect_now(
    struct server *server, const char *database, const char *name);

/* Ask, with `count` texts in the place of $1 ...; NULL stands for null.  The
 * answer is the caller's (PQclear).  NULL: the connection is given up, but for
 * a signal. */
PGresult *server_ask(struct server *server, const char *sql, size_t count,
    const char *const word[]);

/* The same for what may be refused: then NULL with server->state and
 * server->why, and the connection stays. */
PGresult *server_try(struct server *server, const char *sql, size_t count,
    const char *const word[]);

/* Several statements, without words; false as NULL above. */
bool server_run(struct server *server, const char *sql);

/* The same for what gives back nothing that matters. */
bool server_do(struct server *server, const char *sql, size_t count,
    const char *const word[]);

/* A number as a word; returns `text`. */
const char *server_text(int64_t value, char text[static SERVER_NUMBER_SIZE]);
/* A number of an answer; 0 where it is null. */
int64_t server_number(const PGresult *got, int row, int column);

/* Whether something was notified; to be asked where its descriptor can be
 * read. */
bool server_notified(struct server *server);

/* Its descriptor, or -1. */
int server_descriptor(const struct server *server);

/* Give the connection up: what the log says once. */
void server_lose(struct server *server, const char *why);

/* All is as it should be: pauses begin at 1 s again, and the log says so where
 * it said otherwise. */
void server_works(struct server *server);

/* Close it, without a word. */
void server_close(struct server *server);

#endif
