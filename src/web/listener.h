/*
 * The sockets the server listens on, for which root may be needed.
 *
 * The process that was started opens and closes the sockets; the one that
 * serves could not (base/sandbox.h), and is handed them.
 */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

enum {
	LISTENER_TEXT_SIZE = 400,
	/* Of a port of the page: the kernel spreads connections over them
	 * (SO_REUSEPORT), so that one thread does not come to have them all. */
	LISTENER_SOCKETS = 2
};

/* What is served there, in the order in which they are opened. */
enum listener_serves {
	LISTENER_METRICS,
	LISTENER_OPERATOR,
	LISTENER_AUTH_POLICY, /* Dovecot's questions */
	LISTENER_PAGE,
	LISTENER_KINDS
};

struct listener {
	char where[CONF_PATH_SIZE]; /* as the configuration says */
	enum listener_serves serves;
	int socket[LISTENER_SOCKETS]; /* -1: there is no such */
};

struct listeners {
	struct listener one[LISTENER_KINDS * CONF_LISTEN_MAX];
	size_t count;
};

/*
 * Listen where the configuration says: HOST:PORT, [v6]:PORT, which of [::]
 * takes IPv4 too, or unix:PATH.  Port 0 takes a free one.  A unix socket is
 * open to all (0666), the operator's to our user and its group (0660); one left
 * behind by a server that died is removed, one that is in use is not.  `*listeners` is empty.  False with `error` where
 * one cannot be had.
 */
bool listeners_open(struct listeners *listeners, const struct conf *conf,
    char error[static LISTENER_TEXT_SIZE]);

/*
 * Listen where the new configuration says: what is in both stays open as it is,
 * and what is not named any more is closed once all else is open, or before
 * where it is in the way.  What cannot be had is logged and left out, and then
 * nothing else is closed.  The process that serves is told through `channel`.
 */
void listeners_follow(
    struct listeners *listeners, const struct conf *conf, int channel);

/* Close them, and remove the files of unix sockets as far as we may. */
void listeners_close(struct listeners *listeners);

/* Take the newest that was sent; false where nothing was.  The sockets are
 * the caller's. */
bool listeners_receive(int channel, struct listeners *out);

/* Close its sockets, and nothing else. */
void listener_close(struct listener *listener);

/* Whether they have the same place and serve the same. */
bool listener_same(const struct listener *one, const struct listener *other);

/* Write where it can be reached: "http://127.0.0.1:8025/", "https://..." where
 * it is `secure`, or "unix:PATH"; returns `text`. */
char *listener_name(
    int socket, bool secure, char text[static LISTENER_TEXT_SIZE]);

#endif
