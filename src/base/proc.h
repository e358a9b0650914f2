/*
 * The process and its world: command line, clock, random ids, identity, own
 * addresses, signals.  The edges of the programs call these; nothing pure does.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/addr.h"

enum {
	PROC_REF_SIZE = 7 /* six characters and NUL */
};

enum exit_status {
	EXIT_FINE = 0,
	EXIT_NO = 1,      /* the answer is "no", "none" or "banned" */
	EXIT_USAGE = 2,   /* usage or configuration error */
	EXIT_DATABASE = 3 /* the database could not be used */
};

/* ---- the command line of a service: -c FILE, -V, -h ---- */

enum {
	SERVICE_OWN_OPTIONS = 2
};
struct service_info {
	const char *name;  /* "videur-web" */
	const char *usage; /* all that -h prints */
	bool has_once;     /* it knows -n */
	bool has_verbs;    /* what follows, from argv[optind] on, is its own */
	/* Long options of its own, each with a value. */
	const char *own[SERVICE_OWN_OPTIONS];
};

struct options {
	const char *conf_path; /* of argv; NULL: the default */
	bool once;             /* -n */
	/* Of those of its own; of argv, or NULL. */
	const char *value[SERVICE_OWN_OPTIONS];
	bool done; /* nothing is left but to end with `status` */
	int status;
};

/* Read argv; help and version are printed on stdout, a mistake is answered
 * with a line and, where there are no verbs, the usage on stderr and
 * EXIT_USAGE. */
struct options options_read(
    int argc, char **argv, const struct service_info *service);

/* ---- clock, ids, identity ---- */

/* Seconds since the epoch, UTC. */
int64_t proc_now(void);

/* Milliseconds on a clock that never jumps. */
int64_t proc_ticks(void);
/* When so many have passed, on that clock, which is CLOCK_MONOTONIC. */
struct timespec proc_until(int64_t milliseconds);

/* Bytes nobody can guess, at most 256. */
void proc_random(unsigned char *bytes, size_t len);

/* A random id for a ban: six characters of Crockford's base 32 (no I, L, O,
 * U), read aloud without mistakes; returns `ref`. */
char *proc_ref(char ref[static PROC_REF_SIZE]);
/* The one of a hash. */
char *proc_ref_of(uint64_t hash, char ref[static PROC_REF_SIZE]);
/* The one that was typed, in small letters, too, and with letters that are
 * mistaken for digits: `ref`, or NULL where it is none, as of NULL. */
const char *proc_ref_read(const char *typed, char ref[static PROC_REF_SIZE]);

/* Who runs this: the login behind sudo, else the user's name, else "uid N". */
void proc_who(char *name, size_t size);

/* Addresses of this host's interfaces, at most `max`; gives back how many. */
size_t proc_own_addresses(struct net *own, size_t max);

/* A user of this host, as a process becomes one. */
struct proc_user {
	uint32_t uid;
	uint32_t gid;
	char name[33]; /* empty where it has none */
};

/* Whom a service started as root becomes: `user`, or where that is empty the
 * owner of the folder that holds `path`.  False, after a log line, where that
 * is nobody. */
bool proc_service_user(
    const char *user, const char *path, struct proc_user *out);

/* Become a user, with its groups; false after a log line. */
bool proc_become(const struct proc_user *user);

/* A service started as root becomes `user`, or where that is empty the owner
 * of the folder that holds `path`; where that is root too it stays root and
 * says so in one warning line.  Not started as root: nothing.  False, after a
 * log line, where it cannot be done. */
bool proc_drop_root(const char *user, const char *path);

/* ---- what there is of it ---- */

/* Have as many descriptors as may be had. */
void proc_descriptors_raise(void);

/* Say, once a minute at most, where this process or the host has no descriptor
 * left; to be called about once a second.  `now` never runs backwards. */
void proc_descriptors_look(int64_t now);

/* Where a program that was just killed may hold something still: wait for a
 * moment.  False once that was a second in all; `*tries` begins at 0. */
bool proc_wait_out(int *tries);

/* ---- signals ---- */

/*
 * Signals as events.  HUP, TERM and INT are blocked for the whole process by
 * proc_signals_block(), before any thread starts; the main thread alone takes
 * them with proc_signals_wait().
 */
enum proc_signal {
	PROC_SIGNAL_NONE, /* the wait was over first */
	PROC_SIGNAL_RELOAD,
	PROC_SIGNAL_STOP
};
void proc_signals_block(void);
/* Wait; over as well once one of two descriptors can be read, -1 for one that
 * is not there. */
enum proc_signal proc_signals_wait(int one, int other, int64_t milliseconds);

#endif
