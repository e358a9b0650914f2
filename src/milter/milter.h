/*
 * The filter as libmilter calls it: each callback turns what the MTA says
 * into a step of the session, and a refusal into an SMTP reply.
 *
 * There is one filter in a process, since libmilter has no other way to reach
 * what its callbacks share.
 */
#ifndef MILTER_MILTER_H
#define MILTER_MILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

struct limits;
struct writer;

/* Open the socket that `conf` names, with its mode and group, removing one
 * that was left behind.  False after a log line. */
bool milter_open(const struct conf *conf);

/* Serve in a thread of its own; both are borrowed to the end.  False where it
 * cannot start. */
bool milter_serve(struct writer *writer, struct limits *limits);

/* Whether it serves no more without having been asked to stop. */
bool milter_ended(void);

/* Let no callback begin any more and wait, at most so many milliseconds, for
 * those that run; false where one still does.  Removes a unix socket. */
bool milter_stop(int64_t milliseconds);

#endif
