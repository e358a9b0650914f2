/*
 * What the database tells the doctor, read at one moment.
 */
#ifndef DOCTOR_RECORDS_H
#define DOCTOR_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/standing.h"
#include "store/store.h"

struct conf;

enum {
	RECORDS_ALLOWS_MAX = 1024,
	RECORDS_SPAN = 24 * 3600, /* of the clients that are counted */
	/* Clocks of one host agree better than this. */
	RECORDS_SLACK = 60
};

enum records_service {
	RECORDS_MILTER,
	RECORDS_WATCH,
	RECORDS_SERVICES
};

struct records {
	enum store_result result; /* all below is only there on STORE_OK */
	char error[STORE_ERROR_SIZE];

	struct {
		struct net net;
		int64_t until; /* 0: for good */
	} allow[RECORDS_ALLOWS_MAX];
	size_t allows;

	int64_t alive[RECORDS_SERVICES]; /* last sign of life; 0: none yet */

	/* Clients of the last RECORDS_SPAN, this host itself left out, and
	 * what was counted of them: sessions and deeds. */
	int64_t clients;
	int64_t deeds;
	struct net client; /* one of them */
	int64_t from_here; /* what was counted of this host itself */

	/* What lies in the future: the latest of it, 0 for none */
	int64_t sign_ahead;
	int64_t ban_ahead;
	bool event_ahead; /* by an hour or more */

	struct standing visitor; /* of the address that was asked about */
};

/* Read all; `visitor` may be NULL.  Anything but STORE_OK stays in
 * out->result and out->error. */
void records_read(struct store *store, const struct conf *conf,
    const struct addr *visitor, int64_t now, struct records *out);

/* Until when the allow list holds all of a network: INT64_MAX for good, 0 for
 * not at all. */
int64_t records_allowed(const struct records *records, const struct net *net);

#endif
