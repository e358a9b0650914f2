/*
 * Postfix, as postconf tells of it.
 *
 * mta_ask() runs postconf and postmap; mta_understand() only reads what they
 * said.  Nothing is ever changed.
 */
#ifndef DOCTOR_MTA_H
#define DOCTOR_MTA_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor/lines.h"
#include "doctor/nets.h"

enum {
	MTA_DOMAINS_MAX = 64,
	MTA_DOMAIN_SIZE = 256,
	MTA_SERVICES_MAX = 64,
	MTA_FOLDER_SIZE = 512,
	MTA_ERROR_SIZE = 256
};

/* One smtpd of master.cf; its settings are main.cf's where it has none of
 * its own. */
struct mta_service {
	const char *name; /* "smtp/inet" */
	bool chroot;
	bool loopback;   /* it listens for this host alone */
	bool own_chain;  /* smtpd_milters is its own */
	bool own_helo;   /* ... */
	bool own_action; /* ... */
	const char *milters;
	const char *helo;   /* smtpd_helo_required */
	const char *action; /* milter_default_action */
};

/* Starts all zero; freed by mta_clear(). */
struct mta {
	enum {
		MTA_NONE, /* no Postfix is installed */
		MTA_MUTE, /* it cannot be asked: `error` says why */
		MTA_THERE
	} state;
	char error[MTA_ERROR_SIZE];
	char folder[MTA_FOLDER_SIZE]; /* its configuration; empty: its own */
	bool cut;                     /* it has more than is looked at */

	/* All below is borrowed from these three, which hold what it said. */
	char *said[3];
	struct lines main;
	struct lines fields;
	struct lines overrides;

	const char *queue; /* queue_directory */
	const char *owner; /* mail_owner */
	struct mta_service service[MTA_SERVICES_MAX];
	size_t services;

	struct nets trusted; /* mynetworks; its tables are read */
	char domain[MTA_DOMAINS_MAX][MTA_DOMAIN_SIZE];
	size_t domains;
	/* What could not be listed. */
	char dark[NETS_TABLES_MAX][NETS_TABLE_SIZE];
	size_t darks;
};

/* Ask the Postfix whose configuration lies in `folder`; NULL: where Postfix
 * itself looks for it. */
void mta_ask(struct mta *mta, const char *folder);
void mta_clear(struct mta *mta);

/* Read said[]: "main" settings, fields of master.cf, and its overrides, as
 * `postconf -x`, `postconf -F` and `postconf -Px` print them.  Any may be
 * NULL.  Tables that settings name are left in trusted.table and, of domains,
 * in *tables. */
void mta_understand(struct mta *mta, struct nets *tables);

/* Add the domains of a setting's list, once; other items are passed over but
 * for tables. */
void mta_add_domains(struct mta *mta, const char *list, struct nets *tables);

#endif
