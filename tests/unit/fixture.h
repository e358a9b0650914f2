/*
 * A folder of its own for each test, with a database and a configuration in
 * memory, and short ways to say who did what when.
 */
#ifndef UNIT_FIXTURE_H
#define UNIT_FIXTURE_H

#include "database.h"

#include <stdlib.h>

#include "base/text.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "store/store.h"

enum {
	T0 = 1795284000, /* a full hour */
	MINUTE = 60,
	HOUR = 3600,
	DAY = 24 * HOUR
};

struct fixture {
	char folder[64];
	char path[96];
	struct store *store;
	struct conf *conf;
};

static inline struct net
net_of(const char *text)
{
	struct net net;

	assert_true(net_parse(text, &net));
	return net;
}

static inline struct addr
addr_of(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static inline struct store *
fixture_open(const struct fixture *fixture, enum store_mode mode)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;

	if (store_open(&store, fixture->path, mode, 1000, error) != STORE_OK) {
		fail_msg("%s", error);
	}
	return store;
}

/* franceserv, with nobody allowed and clients of /32 and /64. */
static inline struct conf *
fixture_conf(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	char error[CONF_ERROR_SIZE];

	assert_non_null(conf);
	if (!conf_policy(
		"franceserv", CONF_DEFAULT_FILE, &conf->policy, error)) {
		fail_msg("%s", error);
	}
	conf->client_ipv4 = 32;
	conf->client_ipv6 = 64;
	conf->keep_events = 30 * DAY;
	conf->keep_tallies = 35 * DAY;
	conf->keep_bans = 30 * DAY;
	conf->keep_audit = 365 * DAY;
	conf->keep_daily = 400 * DAY;
	conf->brake_quiet = HOUR;
	conf->references = 1;
	return conf;
}

static inline int
fixture_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	/* In memory where that can be: no test is of the disk. */
	(void)text_copy(fixture->folder, sizeof(fixture->folder),
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/videur-unit-XXXXXX"
					  : "/tmp/videur-unit-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/videur.db",
	    fixture->folder);
	fixture->conf = fixture_conf();
	fixture->store = new_database(fixture->path);
	*state = fixture;
	return 0;
}

static inline int
fixture_down(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	remove_database(fixture->path);
	(void)rmdir(fixture->folder);
	free(fixture->conf);
	free(fixture);
	return 0;
}

/* One thing an address did, in a transaction of its own; what became of it. */
static inline struct outcome
fixture_observe(struct fixture *fixture, const char *address, enum kind kind,
    int64_t at, int64_t now)
{
	const struct observation seen = { .address = addr_of(address),
		.kind = kind,
		.at = at,
		.source = "test" };
	struct outcome outcome;

	store_begin(fixture->store);
	engine_observe(
	    fixture->store, fixture->conf, &seen, NULL, now, &outcome);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	return outcome;
}

/* Tally accepted messages and recipients of a client. */
static inline void
fixture_accepted(struct fixture *fixture, const char *client, int64_t at,
    int64_t messages, int64_t recipients)
{
	const struct tally_row row = { .client = net_of(client),
		.hour = tally_hour(at),
		.tally = { .accepted = messages, .recipients = recipients } };

	store_record(fixture->store, &(struct store_record){ .tally = &row });
	assert_int_equal(store_status(fixture->store), STORE_OK);
}

/* A good login of a user. */
static inline void
fixture_login(
    struct fixture *fixture, const char *client, const char *user, int64_t at)
{
	char key[HASH_TEXT_SIZE];
	const struct tally_row row = { .client = net_of(client),
		.hour = tally_hour(at),
		.tally = { .logins = 1 } };
	const struct reset reset = { .client = row.client,
		.reason = REASON_AUTH,
		.key = key,
		.at = at };

	engine_key(fixture->store, user, key);
	store_record(fixture->store,
	    &(struct store_record){ .tally = &row, .reset = &reset });
	assert_int_equal(store_status(fixture->store), STORE_OK);
}

/* Put a ban as it is. */
static inline void
fixture_ban(struct fixture *fixture, const struct ban *ban)
{
	struct ban put = *ban;

	store_record(fixture->store, &(struct store_record){ .ban = &put });
	assert_int_equal(store_status(fixture->store), STORE_OK);
}

static inline struct standing
fixture_standing(struct fixture *fixture, const char *address, int64_t now)
{
	const struct addr addr = addr_of(address);
	struct standing standing;

	engine_standing(fixture->store, fixture->conf, &addr, now, &standing);
	assert_int_equal(store_status(fixture->store), STORE_OK);
	return standing;
}

/* Whether an address is banned then. */
static inline bool
fixture_banned(struct fixture *fixture, const char *address, int64_t now)
{
	return fixture_standing(fixture, address, now).verdict ==
	       STANDING_BANNED;
}

#endif
