/*
 * Changing Postfix: one setting, what stood there before, and whether the whole
 * still holds.
 *
 * `folder` is that of main.cf and master.cf; empty: where Postfix itself looks
 * for it.  A `service` is one of master.cf, as "smtp/inet", whose -o is meant;
 * empty: main.cf.
 */
#ifndef DOCTOR_CHANGE_H
#define DOCTOR_CHANGE_H

#include <stdbool.h>

#include "doctor/mta.h"

enum {
	CHANGE_TEXT_SIZE = 768,
	CHANGE_NAME_SIZE = 64
};

struct change {
	const struct mta *mta; /* of which Postfix; borrowed */
	char service[MTA_DOMAIN_SIZE];
	char name[CHANGE_NAME_SIZE];
	char value[CHANGE_TEXT_SIZE]; /* as it should be */
	char line[CHANGE_TEXT_SIZE];  /* the command that makes it so */
};

/* Make one, with its line; false where something of it is too long. */
bool change_make(struct change *out, const struct mta *mta, const char *service,
    const char *name, const char *value);

/* The main.cf or master.cf in that folder; false where it does not fit. */
bool change_file(
    const char *folder, const char *service, char *path, size_t size);

/* What stands there, as it was written in one line; NULL where it is not set,
 * or cannot be read.  The caller frees it. */
char *change_read(const char *folder, const char *service, const char *name);

/* Set it, or where `value` is NULL take it away.  False with the last line that
 * postconf complained with. */
bool change_write(const char *folder, const char *service, const char *name,
    const char *value, char why[static RUN_ERROR_SIZE]);

/* Run "postfix check", "postfix status" or "postfix reload"; false as above. */
bool change_postfix(
    const char *folder, const char *verb, char why[static RUN_ERROR_SIZE]);

#endif
