/*
 * The socket the server listens on.
 */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <stdbool.h>

enum {
	LISTENER_TEXT_SIZE = 400
};

/*
 * Listen on `where`: HOST:PORT, [v6]:PORT or unix:PATH.  Port 0 takes a free
 * one.  A unix socket is open to all (0666); one left behind by a server
 * that died is removed, one that is in use is not.  Gives back the socket,
 * or -1 with `error` saying why.
 */
int listener_open(const char *where, char error[static LISTENER_TEXT_SIZE]);

/* Whether only proxies of this host can reach it: a unix socket. */
bool listener_is_unix(int listener);

/* Write where it can be reached: "http://127.0.0.1:8025/", "https://..." where
 * it is `secure`, or "unix:PATH"; returns `text`. */
char *listener_name(
    int listener, bool secure, char text[static LISTENER_TEXT_SIZE]);

/* Close it and remove a unix socket's file as far as we may. */
void listener_close(int listener);

#endif
