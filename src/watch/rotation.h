/*
 * The files of one log, itself and those it was rotated to: which of them to
 * read, and from where.
 *
 * Rotated names are the log's own with a number or a date behind a dot or a
 * dash, and perhaps ".gz": mail.log.1, mail.log.2.gz, mail.log-20261121.  A
 * file is the one that was read where its first bytes and the last line that
 * was taken are what they were; its inode proves nothing, since that is used
 * again, kept by a truncation and changed by a copy.  But what has the inode
 * and not both marks was written later.
 */
#ifndef WATCH_ROTATION_H
#define WATCH_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "conf/conf.h"
#include "logs/log_file.h"
#include "store/store.h"

enum {
	ROTATION_MAX = 256, /* rotated files; the newest are kept */
	ROTATION_PATH_SIZE = CONF_PATH_SIZE + 40,
	ROTATION_HEAD_MAX = 256, /* bytes by which a file is known */
	ROTATION_LINE_MAX = 1024 /* and of the last line: its last ones */
};

/* How much of what is remembered is found in a file. */
enum rotation_match {
	ROTATION_OTHER, /* it begins with other bytes */
	ROTATION_HEAD,  /* its first bytes, and not the last line */
	ROTATION_BOTH
};

/* One file, seen with what is remembered of the log. */
struct rotation_file {
	char path[ROTATION_PATH_SIZE];
	bool compressed;
	int64_t number;  /* of "mail.log.7.gz"; -1: a date, or the log itself */
	int64_t written; /* when it was last written to, nanoseconds */
	int64_t bytes;   /* on disk */
	int64_t device;
	int64_t inode;
	int64_t size; /* of its text; -1: not known, and not empty */
	enum rotation_match match;
};

/* What lies on disk of one log. */
struct rotation {
	char folder[CONF_PATH_SIZE];
	/* In the order they were written, the oldest first. */
	struct rotation_file file[ROTATION_MAX + 1];
	size_t count;
	bool live; /* the last is the log itself, which is written to now */
	enum log_file_result own; /* how opening the log itself went */
	int error;                /* and its errno */
	int64_t changed; /* when the folder was, before the look; nanoseconds */
	bool moving; /* files were moved or written while it was looked at */
};

/* ---- pure ---- */

/* Whether `name` is that of a rotated file of the log named `log`; says its
 * number and whether it is compressed. */
bool rotation_name(
    const char *log, const char *name, struct rotation_file *file);

/* Which of two was written first: less than 0, 0, or more. */
int rotation_compare(
    const struct rotation_file *a, const struct rotation_file *b);

enum rotation_what {
	ROTATION_WAIT,     /* there is nothing to go on with */
	ROTATION_CONTINUE, /* in `file`, behind the last line taken */
	ROTATION_CUT,      /* in `file`, which lost its end, from its end on */
	ROTATION_BEGIN,    /* in `file`, from its start */
	ROTATION_LOST      /* as BEGIN; what was remembered is gone, and what
			      was written to it or after it may be missed */
};

struct rotation_next {
	enum rotation_what what;
	size_t file;
};

/*
 * Which file to go on with.  Of a rotation count, live and of each file size,
 * device, inode and match are looked at.
 *
 * A rotation is many steps, and what is seen may be the state between any two
 * of them: the log's name is missing, a file is there compressed and plain, a
 * copy is there in part or whole beside its original.
 *
 * What is remembered may be the last line of one file and the inode of the
 * next one, from which no line was taken.
 */
struct rotation_next rotation_resume(
    const struct rotation *rotation, const struct position *remembered);

/* The same once all of the file that is open was read, whose inode is the one
 * that is remembered.  `untouched`: without a line taken from it. */
struct rotation_next rotation_follow(const struct rotation *rotation,
    const struct position *remembered, bool untouched);

/* ---- on disk ---- */

/* Look around for `remembered`, whose hashes have `key`.  False where files
 * were moved meanwhile (`moving`), or the log itself is there and cannot be
 * read: look again later. */
bool rotation_look(struct rotation *rotation, const char *path,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered);

/* Open a file of it; false where it is not the one that was seen any more. */
bool rotation_open(
    const struct rotation *rotation, size_t which, struct log_file *file);

/* Compare an open file with what is remembered. */
enum rotation_match rotation_match(struct log_file *file,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered);

/* Whether no file was moved, created, removed or written to since the look,
 * but for the log itself: then what was opened under a name is what was seen
 * there. */
bool rotation_holds(const struct rotation *rotation);

#endif
