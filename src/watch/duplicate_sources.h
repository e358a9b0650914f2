/*
 * Logs that would be counted twice: one file under two names, or a file that
 * a syslog daemon writes from the journal which is followed as well.
 *
 * The second shows where a line of the file's end is, from the daemon's name
 * and process id on, letter for letter one of the journal's newest entries.
 */
#ifndef WATCH_DUPLICATE_SOURCES_H
#define WATCH_DUPLICATE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

enum {
	DUPLICATE_ERROR_SIZE = 1024
};

/* Whether that is so, and then why, for people. */
bool duplicate_sources(
    const struct conf *conf, char error[static DUPLICATE_ERROR_SIZE]);

#endif
