/*
 * The HTTP server: connections, limits and headers.
 *
 * One thread answers everything; a request costs some tens of microseconds.
 * This is the only place that knows libmicrohttpd.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

struct conf;
struct numbers_keeper;
struct reader;
struct server;

/*
 * Serve on a listening socket, which stays the caller's and is closed after
 * server_stop().  Reader and numbers are borrowed, of `conf` a reference is
 * taken.  NULL where it cannot be done.
 */
struct server *server_start(int listener, struct reader *reader,
    struct numbers_keeper *numbers, struct conf *conf);

/* Answer by this configuration from the next request on. */
void server_reload(struct server *server, struct conf *conf);

void server_stop(struct server *server);

#endif
