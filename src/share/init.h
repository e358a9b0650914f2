/*
 * What an administrator does once: make the schema on the server, leave.
 */
#ifndef SHARE_INIT_H
#define SHARE_INIT_H

#include "base/proc.h"
#include "conf/conf.h"

/* Make it where it is not there, as whoever `database` names (NULL: as
 * configured). */
enum exit_status init_schema(const struct conf *conf, const char *database);

/* Print it, for somebody who may make it. */
enum exit_status init_print(void);

/* This host shares no more.  Where the server cannot be told it is said. */
enum exit_status init_leave(const struct conf *conf);

#endif
