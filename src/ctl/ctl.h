/*
 * What every verb works with: the configuration, the open database, the
 * words behind it; and the one way to change something and to say that the
 * database could not be used.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/proc.h"
#include "conf/conf.h"
#include "ctl/args.h"
#include "ctl/output.h"
#include "store/store.h"

struct ctl {
	const struct conf *conf;
	const char *file; /* it was read from; NULL: the default */
	struct args args;
	struct store *store; /* NULL before ctl_open() */
	int64_t now;         /* when the command began */
	struct output out;
	FILE *spool;         /* what a phrase read before; closed at the end */
};

/* Open the database of the configuration.  False after a complaint; where
 * `mode` is STORE_READ a database that is not there yet is one. */
bool ctl_open(struct ctl *ctl, enum store_mode mode);

/* Take back what ctl_begin() opened, say why the database could not be used,
 * and give back the status to leave with. */
enum exit_status ctl_failed(struct ctl *ctl, enum store_result result);

/* Put what was done to whom into the audit, in the caller's transaction;
 * `note` may be NULL. */
enum store_result ctl_audit(
    struct ctl *ctl, const char *what, const char *subject, const char *note);

/* Everything that changes something stands between these.  The commit puts
 * `what` was done to whom into the audit first; `note` may be NULL. */
enum store_result ctl_begin(struct ctl *ctl);
enum store_result ctl_commit(
    struct ctl *ctl, const char *what, const char *subject, const char *note);

#endif
