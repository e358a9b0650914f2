#include "milter/door.h"

#include <string.h>

#include "base/proc.h"
#include "core/tally.h"
#include "engine/engine.h"
#include "milter/patience.h"

enum {
	HOUR = 3600
};

/* ---- limits ---- */

struct hours {
	int64_t newest; /* the clock hour that is now */
	struct throng_facts *facts;
};

static void
note_hour(void *to, int64_t hour, const struct tally *tally)
{
	const struct hours *hours = to;

	if (hour == hours->newest) {
		hours->facts->sessions = tally->sessions;
	} else {
		hours->facts->before = tally->sessions;
	}
}

static enum store_result
read_facts(struct books *books, const struct visitor *visitor, int64_t now,
    struct throng_facts *facts)
{
	struct store *store = books->write.store;
	struct tally unflushed = pending_sum(books->pending, &visitor->client);
	struct hours hours = { .newest = tally_hour(now), .facts = facts };
	struct repute repute;
	enum store_result result = engine_repute(
	    store, visitor->conf, &visitor->client, &unflushed, now, &repute);

	if (result == STORE_OK) {
		facts->reputation = repute.reputation;
		result = store_tally_hours(store, &visitor->client,
		    hours.newest - HOUR, hours.newest, note_hour, &hours);
	}
	return result;
}

/* With the handle that writes, since who has it keeps the upkeep from moving
 * what is pending into the database meanwhile. */
static void
learn(struct books *books, struct visitor *visitor, int64_t ban, int64_t now)
{
	struct throng_facts facts = { .ban = ban };
	enum store_result result;
	int64_t began;

	if (!patience_take_writer(books, visitor)) {
		return;
	}
	began = proc_ticks();
	result = read_facts(books, visitor, now, &facts);
	if (result == STORE_OK) {
		throng_learn(books->throng, &visitor->client, &facts, now);
	} else {
		books->write.failed |= result == STORE_FAILED;
		trouble_say(&books->trouble,
		    "cannot read a reputation: %s; it is neutral",
		    store_error(books->write.store));
	}
	handle_give(&books->write);
	patience_charge(visitor, began);
}

enum limit_kind
door_admit(struct books *books, struct visitor *visitor,
    struct presence *presence, int64_t now)
{
	if (!throng_knows(
		books->throng, &visitor->client, presence->ban, now)) {
		learn(books, visitor, presence->ban, now);
	}
	return throng_admit(books->throng, &visitor->client,
	    visitor->conf->policy.limit, presence, now);
}

/* ---- keys ---- */

static enum store_result
read_secret(struct store *store, unsigned char secret[static STORE_SECRET_SIZE])
{
	enum store_result result = store_begin(store);

	if (result == STORE_OK) {
		result = store_secret(store, secret);
	}
	if (result == STORE_OK) {
		result = store_commit(store);
	}
	return result;
}

/* Make it known, too, for the next one. */
static bool
fetch_secret(struct books *books, struct visitor *visitor,
    unsigned char secret[static STORE_SECRET_SIZE])
{
	enum store_result result;
	int64_t began;

	if (!patience_take_writer(books, visitor)) {
		return false;
	}
	began = proc_ticks();
	result = read_secret(books->write.store, secret);
	if (result == STORE_OK) {
		books_keep_secret(books, secret);
	} else {
		(void)books_write_trouble(books, result);
		store_rollback(books->write.store);
	}
	handle_give(&books->write);
	patience_charge(visitor, began);
	return result == STORE_OK;
}

bool
door_key(struct books *books, struct visitor *visitor, const char *text,
    char key[static HASH_TEXT_SIZE])
{
	unsigned char secret[STORE_SECRET_SIZE];

	if (!books_secret(books, secret) &&
	    !fetch_secret(books, visitor, secret)) {
		return false;
	}
	(void)engine_hash(secret, text, key);
	return true;
}
