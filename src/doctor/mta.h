/*
 * Postfix, as its own programs tell of it: how one is run and how what it
 * prints is read; a list of milters, as smtpd_milters writes it, and which of
 * them is ours; and its settings, networks and domains.
 *
 * A program is run by argv, never through a shell, with a small environment
 * of its own, nothing on its standard input and a limit of time.  The readers
 * are pure but for `same`, by which the caller says whether two paths are one
 * file.  Nothing is changed here; see doctor/change.h.
 */
#ifndef DOCTOR_MTA_H
#define DOCTOR_MTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct text;

enum {
	RUN_OUTPUT_MAX = 256 * 1024,
	RUN_ERROR_SIZE = 256
};

enum run_result {
	RUN_FINE,
	RUN_MISSING, /* there is no such program */
	RUN_FAILED   /* `error` says why, or is empty: it did not */
};

struct run_output {
	char *text; /* NUL at its end; the caller frees it.  NULL unless
		     * RUN_FINE */
	bool cut;   /* it said more than RUN_OUTPUT_MAX, and was ended */
	char error[RUN_ERROR_SIZE]; /* the last line it complained with */
};

/* argv[0] is a name without a folder: it is looked for where a system keeps
 * its programs, whatever PATH says. */
enum run_result run_program(
    const char *const *argv, int64_t milliseconds, struct run_output *output);

/* "NAME = VALUE" lines, a NUL behind each. */
struct postconf {
	char *text;
	size_t len;
};

/* Split `text` in place, and keep it; NULL is none. */
struct postconf postconf_read(char *text);

/* The line behind another, the first behind NULL; NULL behind the last. */
const char *postconf_next(const struct postconf *postconf, const char *line);

/* The value of the first line of that name, or NULL; borrowed. */
const char *postconf_get(const struct postconf *postconf, const char *name);

/* Take the next item of the list *at and move behind it; false where there is
 * none.  Commas and blanks stand between items, what stands in braces is one.
 * An item that does not fit is given cut. */
bool postconf_item(const char **at, char *item, size_t size);

/* Write a list without a blank, as `postconf -P` wants it. */
void postconf_pack(struct text *to, const char *list);

/* ---- milters ---- */

enum {
	MILTERS_MAX = 16,
	MILTER_TEXT_SIZE = 512
};

struct milter {
	char written[MILTER_TEXT_SIZE]; /* braces and settings included */
	char address[MILTER_TEXT_SIZE]; /* "unix:videur/milter.sock" */
	char action[32];                /* its own default_action, or empty */
};

struct milters {
	struct milter milter[MILTERS_MAX];
	size_t milters;
	bool cut; /* there were more, or too long ones */
};

void milters_read(const char *setting, struct milters *out);

/* What the name of a milter or filter tells of it. */
struct known_filter {
	const char *part;    /* of such names */
	const char *scanner; /* as videur.conf calls it; NULL: it signs or
			      * verifies, and gives no verdict */
};
/* NULL where it tells nothing. */
const struct known_filter *known_filter_of(const char *address);

/* Whether Postfix's name of a milter means ours, the surest last. */
enum same_milter {
	SAME_NOT,
	SAME_NAME,      /* named "videur", but we do not listen there */
	SAME_UNREACHED, /* ours is meant, but from a chroot it leads elsewhere */
	SAME_MILTER     /* it is where videur-milter listens */
};

/* The two sides, and what lies between. */
struct milter_view {
	const char *listen; /* videur.conf's milter.listen */
	const char *queue;  /* queue_directory, where Postfix's programs are */
	bool chroot;        /* and what they take for the root */
	bool (*same)(const char *a, const char *b);
};

enum same_milter milter_same(
    const char *address, const struct milter_view *view);

/* The place of our milter, the surest of them first; `milters` where there is
 * none. */
size_t milters_find(const struct milters *milters,
    const struct milter_view *view, enum same_milter *same);

/* Whether no process in the chroot can reach where we listen. */
bool milter_is_outside(const struct milter_view *view);

/* Write the setting as it should be: ours last, once, and letting mail pass
 * where it does not answer; as it was written where `keep` is true. */
void milters_write(const struct milters *milters,
    const struct milter_view *view, bool keep, struct text *to);

/* ---- its configuration ---- */

enum {
	MTA_NETS_MAX = 256,
	MTA_DOMAINS_MAX = 64,
	MTA_DOMAIN_SIZE = 256,
	MTA_SERVICES_MAX = 64,
	MTA_TABLES_MAX = 16,
	MTA_TABLE_SIZE = 512,
	MTA_FOLDER_SIZE = 512
};

/* One smtpd of master.cf. */
struct mta_service {
	char name[MTA_DOMAIN_SIZE]; /* "smtp/inet" */
	int port;                   /* 0: none, or its name is not known here */
	bool chroot;
	bool loopback; /* it listens for this host alone */
};

/* What is asked of postconf. */
enum {
	MTA_MAIN,      /* -x: main.cf and defaults */
	MTA_FIELDS,    /* -F: master.cf's columns */
	MTA_OVERRIDES, /* -Px: its -o */
	MTA_SAID
};

/* Starts all zero; freed by mta_clear(). */
struct mta {
	enum {
		MTA_NONE, /* no Postfix is installed */
		MTA_MUTE, /* it cannot be asked: `error` says why */
		MTA_THERE
	} state;
	char error[RUN_ERROR_SIZE];
	char folder[MTA_FOLDER_SIZE]; /* its configuration; empty: its own */
	bool cut;                     /* it has more than is looked at */

	struct postconf said[MTA_SAID];
	struct mta_service service[MTA_SERVICES_MAX];
	size_t services;

	struct net net[MTA_NETS_MAX]; /* mynetworks, each once */
	size_t nets;
	bool nets_cut; /* there are more, or some that cannot be read */
	char domain[MTA_DOMAINS_MAX][MTA_DOMAIN_SIZE]; /* each once */
	size_t domains;
	/* Tables of both that cannot be listed. */
	char unlisted[MTA_TABLES_MAX][MTA_TABLE_SIZE];
	size_t unlisteds;
};

/* Run one of its programs, argv[0], with "-c FOLDER" before the other words
 * where the folder is not empty. */
enum run_result mta_run(const char *folder, const char *const *argv,
    int64_t milliseconds, struct run_output *output);

/* Ask the Postfix whose configuration lies in `folder`; NULL: where Postfix
 * itself looks for it. */
void mta_ask(struct mta *mta, const char *folder);
/* The same of this host's Postfix and mynetworks alone, which is quick. */
void mta_ask_networks(struct mta *mta);
void mta_clear(struct mta *mta);

/* Read said[].  What tables hold is read only where Postfix is MTA_THERE to be
 * asked, and what a list leaves out with '!' is passed over. */
void mta_read(struct mta *mta);

/* A setting of main.cf, or "". */
const char *mta_get(const struct mta *mta, const char *name);
/* The same for a service, which may have its own: then *own, if given. */
const char *mta_get_own(
    const struct mta *mta, const char *service, const char *name, bool *own);

/* Whether Postfix would refuse mail to an address of one of its domains,
 * because nobody there has it.  False as well where that is not sure. */
bool mta_refuses(const struct mta *mta, const char *address);

#endif
