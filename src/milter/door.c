#include "milter/door.h"

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
	struct throng_sessions sessions;
};

static void
note_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct hours *hours = to;

	if (hour == hours->newest) {
		hours->sessions.current = tally->sessions;
	} else {
		hours->sessions.before = tally->sessions;
	}
}

static enum store_result
learn_sessions(struct books *books, const struct visitor *visitor, int64_t now)
{
	struct hours hours = { .newest = tally_hour(now) };
	enum store_result result = store_tally_hours(books->write.store,
	    &visitor->client, hours.newest - HOUR, hours.newest, note_hour,
	    &hours);

	if (result == STORE_OK) {
		throng_learn_sessions(
		    books->throng, &visitor->client, &hours.sessions, now);
	}
	return result;
}

static enum store_result
learn_reputation(struct books *books, const struct visitor *visitor,
    int64_t ban, int64_t now)
{
	struct tally unflushed = pending_sum(books->pending, &visitor->client);
	struct repute repute;
	enum store_result result = engine_repute(books->write.store,
	    visitor->conf, &visitor->client, &unflushed, now, &repute);

	if (result == STORE_OK) {
		throng_learn_reputation(books->throng, &visitor->client,
		    repute.reputation, ban, now);
	}
	return result;
}

static enum store_result
learn_needed(struct books *books, const struct visitor *visitor,
    const struct throng_case *session, enum throng_need need)
{
	switch (need) {
	case THRONG_SESSIONS:
		return learn_sessions(books, visitor, session->now);
	case THRONG_REPUTATION:
		return learn_reputation(
		    books, visitor, session->presence->ban, session->now);
	case THRONG_NOTHING:
		break;
	}
	return STORE_OK;
}

/* With the handle that writes, since who has it keeps the upkeep from moving
 * what is pending into the database meanwhile. */
static bool
learn(struct books *books, struct visitor *visitor,
    const struct throng_case *session, enum throng_need need)
{
	enum store_result result;
	int64_t began;

	if (!patience_take_writer(books, visitor)) {
		return false;
	}
	began = proc_ticks();
	result = learn_needed(books, visitor, session, need);
	if (result != STORE_OK) {
		books->write.failed |= result == STORE_FAILED;
		trouble_say(&books->trouble,
		    "cannot read what a client did: %s; its reputation is "
		    "neutral",
		    store_error(books->write.store));
	}
	handle_give(&books->write);
	patience_charge(visitor, began);
	return result == STORE_OK;
}

enum limit_kind
door_admit(struct books *books, struct visitor *visitor,
    struct presence *presence, int64_t now)
{
	struct throng_case session = { .client = &visitor->client,
		.limit = visitor->conf->policy.limit,
		.presence = presence,
		.now = now };
	enum throng_need need;
	enum limit_kind over = throng_admit(books->throng, &session, &need);

	/* There are two things to learn. */
	for (int lessons = 0; need != THRONG_NOTHING; lessons++) {
		session.blindly = lessons == 2 ||
				  !learn(books, visitor, &session, need);
		over = throng_admit(books->throng, &session, &need);
	}
	return over;
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
