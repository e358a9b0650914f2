#include <ctype.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/judge.h"

struct net
engine_client(const struct conf *conf, const struct addr *address)
{
	return net_around(address, conf->client_ipv4, conf->client_ipv6);
}

/* ---- keys ---- */

char *
engine_hash(const unsigned char secret[static STORE_SECRET_SIZE],
    const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char folded[ENGINE_KEYED_MAX];
	size_t len = 0;

	for (; len < sizeof(folded) && name[len] != '\0'; len++) {
		folded[len] = (unsigned char)tolower((unsigned char)name[len]);
	}
	return hash_text(secret, folded, len, key);
}

void
engine_key(
    struct store *store, const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char secret[STORE_SECRET_SIZE];

	key[0] = '\0';
	if (name[0] == '\0') {
		return;
	}
	store_secret(store, secret);
	if (store_status(store) == STORE_OK) {
		(void)engine_hash(secret, name, key);
	}
}

/* ---- standing ---- */

/* What the configuration and the address itself say: CLEAR where they say
 * nothing. */
static enum verdict
exemption(const struct conf *conf, const struct addr *address)
{
	return standing_never_banned(address) ? STANDING_NEVER
	       : conf_allows(conf, address)   ? STANDING_ALLOWED
					      : STANDING_CLEAR;
}

void
engine_standing(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	standing->address = *address;
	standing->checked_at = now;
	standing->bans = 0;
	standing->verdict = exemption(conf, address);
	if (standing->verdict != STANDING_CLEAR) {
		return;
	}
	store_standing(store, standing);
}

/* ---- bans ---- */

void
engine_ban_put(struct store *store, const struct conf *conf, struct ban *ban)
{
	const struct daily_row sum = { .day = ban->begins,
		.what = DAILY_BAN,
		.name = reason_name(ban->reason),
		.number = 1 };

	ban->observed |= conf->mode == CONF_OBSERVE;
	ban->ref[0] = '\0';
	store_record(store, &(struct store_record){ .ban = ban,
				.sum = ban->observed ? NULL : &sum });
}

/* Ban the client, unless the brake holds that back and a ban that was held
 * back before stands for it. */
static void
ban(struct store *store, struct judge_query *query, struct judgement *judged,
    int64_t now, struct outcome *outcome)
{
	const struct policy_decision decision = policy_step(
	    &judged->past, &judged->counts);
	struct brake_answer brake;
	struct ban *ban;

	if (!decision.ban || outcome->bans == ENGINE_BANS_MAX) {
		return;
	}
	ban = &outcome->ban[outcome->bans];
	*ban = policy_ban(query->rule, &decision, &query->client);
	brake = engine_brake_ask(store, query, judged->t, now);
	ban->honest = brake.honest;
	if (brake.held) {
		ban->observed = true;
		outcome->braked |= brake.braked;
		query->observed = true;
		if (!engine_judge(store, query, judged) ||
		    !policy_step(&judged->past, &judged->counts).ban) {
			return;
		}
	}
	engine_ban_put(store, query->conf, ban);
	outcome->bans += store_status(store) == STORE_OK;
}

void
engine_observe(struct store *store, const struct conf *conf,
    const struct observation *seen, const struct tally *unflushed, int64_t now,
    struct outcome *outcome)
{
	const struct event event = { .client = engine_client(
					 conf, &seen->address),
		.address = seen->address,
		.kind = seen->kind,
		.at = seen->at < now ? seen->at : now,
		.source = seen->source,
		.key = seen->key,
		.detail = seen->detail };
	struct tally_row tally = { .client = event.client,
		.hour = tally_hour(event.at) };
	const struct daily_row sum = { .day = event.at,
		.what = DAILY_EVENT,
		.name = kind_name(event.kind),
		.number = 1 };
	bool exempt = exemption(conf, &seen->address) != STANDING_CLEAR ||
		      store_allow_find(store, &seen->address, now, NULL);

	tally.tally.kind[event.kind] = 1;
	outcome->bans = 0;
	outcome->braked = outcome->storm = false;
	outcome->stored = !exempt;
	/* It is tallied whoever did it; only what others than the allowed did
	 * is kept as an event. */
	store_record(store, &(struct store_record){ .tally = &tally,
				.event = exempt ? NULL : &event,
				.sum = exempt ? NULL : &sum });
	for (size_t i = 0; !exempt && i < conf->policy.rules; i++) {
		struct judge_query query = { .conf = conf,
			.rule = &conf->policy.rule[i],
			.client = event.client,
			.at = event.at,
			.unflushed = unflushed };
		struct judgement judged;

		if ((query.rule->kinds & kind_bit(event.kind)) != 0 &&
		    engine_judge(store, &query, &judged)) {
			ban(store, &query, &judged, now, outcome);
		}
	}
}

void
engine_log_ban(const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[TIME_TEXT_SIZE];

	log_info("%s %s %s step %d until %s ref %s (%s)%s",
	    ban->observed ? "would ban" : "ban", net_format(&ban->who, who),
	    reason_name(ban->reason), ban->step,
	    text_from_time(ban->ends, until), ban->ref, ban->rule,
	    ban->observed && ban->honest ? ", held back by the brake" : "");
}
