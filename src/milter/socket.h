/*
 * The place, mode and group of the milter's unix socket.
 */
#ifndef MILTER_SOCKET_H
#define MILTER_SOCKET_H

#include <stdbool.h>

#include "conf/conf.h"

/* The path in an address as libmilter writes it, "unix:/path", "local:/path"
 * or "/path"; false where it is another kind. */
bool socket_path(const char *listen, char path[static CONF_PATH_SIZE]);

/* Before the socket is opened: make its folder where only that is missing,
 * and let nobody connect yet.  An empty path is fine, here and below.  False
 * after a log line. */
bool socket_prepare(const char *path, const struct conf *conf);

/* After it was opened: give it mode and group. */
bool socket_finish(const char *path, const struct conf *conf);

#endif
