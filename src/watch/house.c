#include "watch/house.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"

enum {
	LIFE_EVERY = 10, /* s between signs of life */
	EXPIRE_EVERY = 60
};

bool
house_is_due(const struct house *house, int64_t now)
{
	return now >= house->life_at;
}

void
house_dry(struct house *house, int64_t now)
{
	house->dry_at = now;
}

void
house_hurry(struct house *house)
{
	house->life_at = 0;
}

/* The row of what the journal dropped. */
static void
find_suppressed(void *to, const char *key, const char *value, int64_t since)
{
	int64_t *count = to;

	(void)since;
	if (strcmp(key, "suppressed") == 0) {
		(void)text_to_int(value, 0, INT64_MAX / 2, count);
	}
}

static enum store_result
add_suppressed(struct store *store, int64_t more, int64_t now)
{
	int64_t count = 0;
	char value[24];
	struct text text;
	enum store_result result;

	if (more == 0) {
		return STORE_OK;
	}
	result = store_state_each(store, find_suppressed, &count);
	if (result != STORE_OK && result != STORE_NONE) {
		return result;
	}
	text_init(&text, value, sizeof(value));
	text_addf(&text, "%" PRId64, count + more);
	return store_state_put(store, "suppressed", value, now);
}

/* Alive, and since when there has always been more to read. */
static enum store_result
put_life(struct house *house, struct store *store, int64_t now)
{
	char value[24];
	struct text text;
	enum store_result result = store_state_put(
	    store, "watch", VIDEUR_VERSION, now);

	if (house->dry_at == 0 || house->dry_at > now) {
		house->dry_at = now;
	}
	text_init(&text, value, sizeof(value));
	text_addf(&text, "%" PRId64, now - house->dry_at);
	return result == STORE_OK
		   ? store_state_put(store, "watch-behind", value, now)
		   : result;
}

enum store_result
house_keep(struct house *house, struct store *store, const struct conf *conf,
    int64_t suppressed, int64_t now)
{
	enum store_result result = add_suppressed(store, suppressed, now);
	int64_t removed = 0;

	if (result == STORE_OK && house_is_due(house, now)) {
		result = put_life(house, store, now);
	}
	if (result == STORE_OK && now >= house->expire_at) {
		result = engine_expire(store, conf, now, &removed);
		house->expire_at = removed > 0 ? now : now + EXPIRE_EVERY;
	}
	return result;
}

void
house_kept(struct house *house, int64_t now)
{
	if (house_is_due(house, now)) {
		house->life_at = now + LIFE_EVERY;
	}
}
