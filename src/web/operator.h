/*
 * The operator's page: what it shows, read from the database at one moment.
 *
 * Nothing is public in it.  It has a handle of its own for each request, so
 * that no visitor's look-up waits for a search; every list is bounded, and
 * says how much more there is.
 */
#ifndef WEB_OPERATOR_H
#define WEB_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "core/standing.h"
#include "engine/engine.h"
#include "store/store.h"

struct json;
struct stats;

enum operator_part {
	OPERATOR_OVERVIEW, /* some of everything */
	OPERATOR_BLOCKS,   /* that hold now; those that a search finds */
	OPERATOR_ALLOWED,  /* networks */
	OPERATOR_CHANGES,  /* made by hand */
	OPERATOR_ADDRESS   /* all that is known of one */
};

enum {
	OPERATOR_ROWS = 50,
	OPERATOR_FEW = 10,        /* in the overview */
	OPERATOR_LOOKED = 100000, /* bans; a search goes no further */
	OPERATOR_EVENTS = 32,
	OPERATOR_NETWORKS = 16,
	OPERATOR_WHO_SIZE = 65,
	OPERATOR_SUBJECT_SIZE = 101
};

/* How many rows there are, and how many are left out: at least so many, where
 * the search ended before. */
struct operator_rows {
	size_t count;
	int64_t more;
	bool partly;
};

struct operator_ban {
	struct ban ban;
	int64_t accepted; /* messages, of a suspect */
};

struct operator_change {
	int64_t at;
	char who[OPERATOR_WHO_SIZE];
	char what[OPERATOR_WHO_SIZE];
	char subject[OPERATOR_SUBJECT_SIZE];
	char note[BAN_NOTE_SIZE];
};

/* A network around a client, all of its clients together. */
struct operator_network {
	struct net net;
	const char *rule;
	int64_t counted;
	int64_t need;
	int64_t steps;
};

/* One address, as `videur explain` tells it. */
struct operator_address {
	struct standing standing;
	struct net client;
	bool on_list;       /* the allow list holds it: */
	struct allow allow; /* so */
	bool forwards;
	struct event_sum event[OPERATOR_EVENTS];
	size_t events;
	struct tally tally; /* of as long as tallies are kept */
	struct repute repute;
	struct outlook outlook[POLICY_RULES_MAX]; /* of each rule */
	struct operator_network network[OPERATOR_NETWORKS];
	size_t networks;
};

struct operator_view {
	enum operator_part part;
	int64_t now;
	const struct conf *conf;
	const char *q;              /* what is looked for, or "" */
	char why[STORE_ERROR_SIZE]; /* the database cannot be read; or empty */
	bool found; /* q is an address, or a ref that there is: */
	struct addr address;

	struct state state[STATE_COUNT];
	struct brake brake;
	struct losses lost; /* today and yesterday */
	struct store_numbers numbers;

	struct operator_ban suspect[OPERATOR_FEW];
	size_t suspects;
	/* Live ones; of an address all that there were. */
	struct operator_ban ban[OPERATOR_ROWS];
	struct operator_rows bans;
	struct allow allow[OPERATOR_ROWS];
	struct operator_rows allows;
	struct operator_change change[OPERATOR_ROWS];
	struct operator_rows changes;
	struct operator_address about; /* of OPERATOR_ADDRESS, where found */
};

/* Read a part; false, with `why`, where the database cannot be read.  `q` is
 * borrowed. */
bool operator_read(struct operator_view *view, const struct conf *conf,
    enum operator_part part, const char *q, int64_t now);

/* The same for programs.  `stats` may be NULL. */
void operator_json(const struct operator_view *view, const struct stats *stats,
    struct json *json);

#endif
