/*
 * Postfix, as its own programs tell of it.
 *
 * mta_ask() runs postconf and postmap; mta_read() only reads what postconf
 * printed.  Nothing is ever changed.
 */
#ifndef DOCTOR_MTA_H
#define DOCTOR_MTA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "doctor/postconf.h"

enum {
	MTA_NETS_MAX = 256,
	MTA_DOMAINS_MAX = 64,
	MTA_DOMAIN_SIZE = 256,
	MTA_SERVICES_MAX = 64,
	MTA_TABLES_MAX = 16,
	MTA_TABLE_SIZE = 512,
	MTA_FOLDER_SIZE = 512,
	MTA_SAID = 3
};

/* One smtpd of master.cf. */
struct mta_service {
	const char *name; /* "smtp/inet" */
	int port;         /* 0: none, or its name is not known here */
	bool chroot;
	bool loopback; /* it listens for this host alone */
};

/* What a list leaves to tables: "TYPE:NAME", or a file's path. */
struct mta_tables {
	char table[MTA_TABLES_MAX][MTA_TABLE_SIZE];
	size_t tables;
	bool cut; /* there were more */
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

	/* What postconf printed: `postconf -x`, `-F` and `-Px`.  All names
	 * and values below are borrowed from it. */
	char *said[MTA_SAID];
	struct postconf main;
	struct postconf fields;
	struct postconf overrides;

	struct mta_service service[MTA_SERVICES_MAX];
	size_t services;

	struct net net[MTA_NETS_MAX]; /* mynetworks, each once */
	size_t nets;
	bool nets_cut; /* there are more, or some that cannot be read */
	struct mta_tables net_tables;
	char domain[MTA_DOMAINS_MAX][MTA_DOMAIN_SIZE]; /* each once */
	size_t domains;
	struct mta_tables domain_tables;
	struct mta_tables unlisted; /* those that cannot be listed */
};

/* Ask the Postfix whose configuration lies in `folder`; NULL: where Postfix
 * itself looks for it. */
void mta_ask(struct mta *mta, const char *folder);
void mta_clear(struct mta *mta);

/* Read said[], of which any may be NULL. */
void mta_read(struct mta *mta);

/* A setting of main.cf, or "". */
const char *mta_get(const struct mta *mta, const char *name);
/* The same for a service, which may have its own: then *own, if given. */
const char *mta_get_own(const struct mta *mta,
    const struct mta_service *service, const char *name, bool *own);

/* Whether Postfix would refuse mail to an address of one of its domains,
 * because nobody there has it.  False as well where that is not sure. */
bool mta_refuses(const struct mta *mta, const char *address);

/* Add the networks that a setting such as mynetworks lists, or the domains of
 * one such as mydestination.  What it leaves out with '!' is passed over;
 * tables go to `tables`, where that is not NULL. */
void mta_add_nets(struct mta *mta, const char *list, struct mta_tables *tables);
void mta_add_domains(
    struct mta *mta, const char *list, struct mta_tables *tables);

#endif
