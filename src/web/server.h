/*
 * The HTTP server: connections, limits and threads.
 *
 * Two threads answer the page and the API, so that one slow look-up holds
 * nobody else up, and another the metrics; a request costs some tens of
 * microseconds.  Only server.c, exchange.c and tls.c know libmicrohttpd.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stdbool.h>

struct conf;
struct numbers_keeper;
struct reader;
struct server;
struct tls;

enum {
	SERVER_ERROR_SIZE = 400
};

/* All borrowed; the sockets are closed by their owner, after
 * server_stop(). */
struct server_parts {
	int listener;
	int metrics; /* the socket for metrics, or -1 */
	struct reader *reader;
	struct numbers_keeper *numbers;
};

/*
 * Serve.  Of `conf` a reference is taken; `tls` becomes the server's, and its
 * texts are NULL where plain HTTP is to be spoken.  NULL where it cannot be
 * done, with `error` saying why.
 */
struct server *server_start(const struct server_parts *parts, struct conf *conf,
    struct tls *tls, char error[static SERVER_ERROR_SIZE]);

/*
 * Answer by this configuration from the next request on, and new connections
 * with this certificate, which becomes the server's; those that are there
 * are served to their end.  NULL for `tls`: as before.  False with `error`
 * where certificate and key are of no use; then the old ones stay.
 */
bool server_reload(struct server *server, struct conf *conf, struct tls *tls,
    char error[static SERVER_ERROR_SIZE]);

/* What has to be done about every second. */
void server_tick(struct server *server);

void server_stop(struct server *server);

#endif
