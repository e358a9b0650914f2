/*
 * What `doctor --fix` puts on the allow list.  Pure: it reads the facts.
 */
#ifndef DOCTOR_REMEDY_H
#define DOCTOR_REMEDY_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct facts;

enum {
	REMEDIES_MAX = 128,
	REMEDY_VISIT = 7 * 24 * 3600 /* s the administrator's address is
				      * allowed for */
};

struct remedies {
	struct {
		const char *check; /* which found that it is needed */
		struct allow allow;
	} remedy[REMEDIES_MAX];
	size_t remedies;
};

/* The host's own networks for good: those Postfix trusts, and the mail hosts
 * of its domains.  The administrator's client, that is one IPv4 address or an
 * IPv6 /64, for REMEDY_VISIT.  Nothing that is covered already or too wide. */
void remedies_find(const struct facts *facts, struct remedies *out);

#endif
