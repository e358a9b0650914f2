/*
 * Bans from files of others: what is read is kept first, then all of it is
 * banned by hand, or nothing where a line cannot be understood.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "core/kind.h"

struct ctl;

struct import_ban {
	struct net who;
	enum reason reason;
	int64_t ends;
	const char *note; /* NULL: that of all of them */
	const char *say;  /* or NULL */
};

/* The file that the words name, "-" being standard input; NULL after a
 * complaint. */
FILE *import_open(struct ctl *ctl);
void import_close(FILE *from);

/* Keep a ban; what is wrong, or NULL.  One that is over is only counted. */
const char *import_keep(const struct ctl *ctl, const struct import_ban *ban);
/* Count one that refuses nobody any more. */
void import_pass(void);
/* Say why one is not kept. */
void import_leave_out(const char *who, const char *why);
void import_complain(int64_t line, const char *wrong);

/* Ban whom was kept, but for ours and the allowed, and say what became of all.
 * `what` is for the audit. */
enum exit_status import_all(
    struct ctl *ctl, const char *what, const char *note);

/* Read the file that the words name, and ban whom it holds.  `note` NULL: it is
 * a DROP list. */
enum exit_status import_file(struct ctl *ctl, const char *what,
    const char *note, bool (*read)(struct ctl *ctl, FILE *from));

#endif
