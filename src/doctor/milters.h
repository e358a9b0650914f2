/*
 * A list of milters, as smtpd_milters writes it, and which of them is ours.
 *
 * Pure but for `same`, by which the caller says whether two paths are one
 * file.
 */
#ifndef DOCTOR_MILTERS_H
#define DOCTOR_MILTERS_H

#include <stdbool.h>
#include <stddef.h>

struct text;

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

#endif
