/*
 * The files of one log: those it was rotated to, and itself.
 *
 * Rotated names are the log's own with a number or a date behind a dot or a
 * dash, and perhaps ".gz": mail.log.1, mail.log.2.gz, mail.log-20261121.
 */
#ifndef WATCH_ROTATED_H
#define WATCH_ROTATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

enum {
	ROTATED_MAX = 256, /* the newest are kept */
	ROTATED_PATH_SIZE = CONF_PATH_SIZE + 40
};

struct rotated {
	char path[ROTATED_PATH_SIZE];
	bool compressed;
	int64_t number;  /* of "mail.log.7.gz"; -1: a date, or the log itself */
	int64_t written; /* seconds, and nanoseconds of that second */
	int64_t written_ns;
	int64_t inode;
	int64_t bytes; /* on disk */
};

/* Whether `name` is that of a rotated file of the log named `log`; says its
 * number and whether it is compressed. */
bool rotated_name(const char *log, const char *name, struct rotated *file);

/* Which of two was written first: less than 0, 0, or more. */
int rotated_compare(const struct rotated *a, const struct rotated *b);

/* Whether a file is still the one that was listed, as it was then. */
bool rotated_is_same(const struct rotated *file);

/* Fill in the rotated files of the log at `path`, the oldest first.  One that
 * is there plain and compressed, since it is being compressed, is given plain.
 */
size_t rotated_list(const char *path, struct rotated files[static ROTATED_MAX]);

#endif
