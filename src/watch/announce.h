/*
 * What the administrator is to be told at once: a command is run with one JSON
 * object on its standard input, `notify` in videur.conf(5).
 *
 * At most one a minute of each kind, and one command at a time; nothing here
 * waits for it.
 */
#ifndef WATCH_ANNOUNCE_H
#define WATCH_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ban;
struct conf;

enum announce_kind {
	ANNOUNCE_SUSPECT,  /* a client whose mail was accepted is banned */
	ANNOUNCE_BRAKE,    /* the brake was put on */
	ANNOUNCE_DATABASE, /* it cannot be used, or was damaged */
	ANNOUNCE_SERVICE,  /* one gives no sign of life any more */
	ANNOUNCE_SOURCE,   /* nothing comes from a log any more */
	ANNOUNCE_KINDS
};

enum {
	ANNOUNCE_SIZE = 1024
};

/* All zero to begin with. */
struct announce {
	struct {
		char body[ANNOUNCE_SIZE]; /* members; empty: nothing waits */
		int64_t left_out;         /* so many since that came */
		int64_t next_at;          /* s of proc_ticks() */
	} kind[ANNOUNCE_KINDS];
	pid_t child; /* the command, or 0 */
	int64_t kill_at;
	bool failed; /* and the log said so */
};

/* One more; `ban`, or NULL, with how many of its client's messages were
 * accepted before. */
void announce_add(struct announce *announce, enum announce_kind kind,
    int64_t at, const char *text, const struct ban *ban, int64_t accepted);

/* See after the command, and run it where one is due; about once a second.
 * `ticks`: proc_ticks(). */
void announce_tick(
    struct announce *announce, const struct conf *conf, int64_t ticks);

#endif
