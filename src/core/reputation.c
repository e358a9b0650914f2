#include "core/reputation.h"

int64_t
reputation_bad(const struct tally *tally)
{
	int64_t bad = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (kind_is_bad((enum kind)kind)) {
			bad += tally->kind[kind];
		}
	}
	return bad;
}

/* Below 0 where bad / (bad + accepted) is less than the ratio, 0 where it is
 * just that. */
static int
compare_part(int64_t bad, int64_t accepted, int64_t ratio)
{
	static const int64_t most = INT64_MAX / RATIO_ONE;
	int64_t is = (bad < most ? bad : most) * (RATIO_ONE - ratio);
	int64_t edge = (accepted < most ? accepted : most) * ratio;

	return (is > edge) - (is < edge);
}

bool
reputation_by_bans(
    const struct reputation_scale *scale, const struct reputation_facts *facts)
{
	return scale->poor_bans > 0 && facts->bans >= scale->poor_bans;
}

enum reputation
reputation_of(
    const struct reputation_scale *scale, const struct reputation_facts *facts)
{
	int64_t bad = reputation_bad(&facts->tally);
	int64_t accepted = facts->tally.accepted;

	if (reputation_by_bans(scale, facts)) {
		return REPUTATION_POOR;
	}
	if (bad > 0 && bad >= scale->poor_events &&
	    compare_part(bad, accepted, scale->poor_ratio) >= 0) {
		return REPUTATION_POOR;
	}
	if (facts->bans == 0 && accepted > 0 &&
	    accepted >= scale->good_messages &&
	    compare_part(bad, accepted, scale->good_ratio) <= 0) {
		return REPUTATION_GOOD;
	}
	return REPUTATION_NEUTRAL;
}

const char *
reputation_name(enum reputation reputation)
{
	static const char *const names[REPUTATION_COUNT] = {
		[REPUTATION_GOOD] = "good",
		[REPUTATION_NEUTRAL] = "neutral",
		[REPUTATION_POOR] = "poor",
	};

	return names[reputation];
}

enum {
	HOUR = 3600
};

static const char *const names[LIMIT_KINDS] = {
	[LIMIT_CONNECTIONS] = "connections",
	[LIMIT_MESSAGES] = "messages",
	[LIMIT_HOURLY] = "hourly",
};

const struct words limit_words = WORDS_OF(names);

const char *
limit_name(enum limit_kind kind)
{
	return names[kind];
}

int64_t
limit_hourly(int64_t before, int64_t current, int64_t now)
{
	int64_t left = HOUR - (now - tally_hour(now));

	/* In two parts, so that the product is not too large. */
	return current + before / HOUR * left + before % HOUR * left / HOUR;
}
