/*
 * A chain of milters, as smtpd_milters writes it, and which of them is ours.
 *
 * Pure but for `same`, by which the caller says whether two paths are one
 * file.
 */
#ifndef DOCTOR_CHAIN_H
#define DOCTOR_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

struct text;

enum {
	CHAIN_MAX = 16,
	CHAIN_ITEM_SIZE = 512
};

struct chain_milter {
	char written[CHAIN_ITEM_SIZE]; /* braces and settings included */
	char address[CHAIN_ITEM_SIZE]; /* "unix:videur/milter.sock" */
	char action[32];               /* its own default_action, or empty */
};

struct chain {
	struct chain_milter milter[CHAIN_MAX];
	size_t milters;
	bool cut; /* there were more, or too long ones */
};

void chain_read(const char *setting, struct chain *out);

/* What a milter in Postfix's chain is to us. */
enum chain_kin {
	KIN_OTHER,
	KIN_OURS,      /* it is where videur-milter listens */
	KIN_UNREACHED, /* meant is ours, but from a chroot it leads elsewhere */
	KIN_MEANT      /* named "videur", but we do not listen there */
};

/* The two sides, and what lies between. */
struct chain_view {
	const char *listen; /* videur.conf's milter.listen */
	const char *queue;  /* queue_directory, where Postfix's programs are */
	bool chroot;        /* and what they take for the root */
	bool (*same)(const char *a, const char *b);
};

enum chain_kin chain_kin(const char *address, const struct chain_view *view);

/* The milter that is next of kin, ours before one that is only meant;
 * `milters` where there is none. */
size_t chain_find(const struct chain *chain, const struct chain_view *view,
    enum chain_kin *kin);

/* How Postfix has to name our socket. */
void chain_address(const struct chain_view *view, struct text *to);

/* Whether no process in the chroot can reach where we listen. */
bool chain_outside(const struct chain_view *view);

/* The setting as it should be: ours last, once, and letting mail pass where
 * it does not answer; as it was written where `keep` is true. */
void chain_mended(const struct chain *chain, const struct chain_view *view,
    bool keep, struct text *to);

#endif
