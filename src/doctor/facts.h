/*
 * All that the doctor looks at, gathered before anything is judged.
 *
 * facts_gather() reads files, asks Postfix and the resolver, and tries what
 * other users can reach; whoever judges reads this struct alone, so that a
 * test can make one up.
 */
#ifndef DOCTOR_FACTS_H
#define DOCTOR_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "doctor/mta.h"
#include "doctor/mx.h"
#include "doctor/probe.h"
#include "doctor/records.h"

struct store;

enum {
	FACTS_OWN_MAX = 128,
	FACTS_LOGS_MAX = CONF_LIST_MAX + 1
};

/* A log the watcher follows, tried as the user it runs as. */
struct log_fact {
	char path[CONF_PATH_SIZE];
	int result;      /* as probe_as() */
	char group[33];  /* the file's, where that may read it; or empty */
	bool is_journal; /* the system's */
};

/* The unix socket videur.conf names, tried as the user Postfix runs as. */
struct door_fact {
	bool is_unix;
	bool owner_known;
	struct proc_user owner;       /* mail_owner */
	int result;                   /* as probe_as() */
	char blocked[CONF_PATH_SIZE]; /* a folder he cannot pass, or empty */
};

struct facts {
	const struct conf *conf; /* borrowed */
	int64_t now;
	bool asked; /* for a Postfix of which the folder was given */

	struct net own[FACTS_OWN_MAX];
	size_t owns;
	struct mta mta;
	struct mx_domain mx[MX_DOMAINS_MAX];
	size_t domains;
	bool has_ssh;
	struct addr ssh;
	bool user_known;
	struct proc_user user; /* of the services */
	struct log_fact log[FACTS_LOGS_MAX];
	size_t logs;
	struct door_fact door;
	bool clock_adrift; /* nothing keeps it right */
	/* Whether two paths are one file. */
	bool (*same)(const char *a, const char *b);
	struct records records; /* not gathered: see facts_read_records() */
};

/* A new one, with everything but the records; NULL without memory.  `conf` is
 * borrowed; `postfix` is a folder or NULL. */
struct facts *facts_gather(
    const struct conf *conf, const char *postfix, int64_t now);
void facts_free(struct facts *facts);

/* Read the records, the first time or again. */
void facts_read_records(struct facts *facts, struct store *store);

/* What keeps a network from being banned. */
enum cover {
	COVER_NEVER,   /* it lies in a range that never is */
	COVER_CONF,    /* the configuration, or it is this host's own */
	COVER_GOOD,    /* the allow list, for good */
	COVER_WHILE,   /* the allow list, until *until */
	COVER_NOTHING, /* ... and it may be allowed */
	COVER_TOO_WIDE /* ... and it is too wide to be allowed */
};
enum cover facts_cover(
    const struct facts *facts, const struct net *net, int64_t *until);

#endif
