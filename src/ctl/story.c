#include "ctl/story.h"

#include "ctl/ctl.h"

static void
gather_sum(void *to, const struct event_sum *sum)
{
	struct story *story = to;

	story->events += sum->count;
	if (sum->last > story->last_event) {
		story->last_event = sum->last;
	}
}

static bool
gather_ban(void *to, const struct ban *ban)
{
	struct story *story = to;

	story->bans++;
	if (ban->ends > story->last_ban) {
		story->last_ban = ban->ends;
	}
	return true;
}

enum store_result
story_each_ban(
    struct ctl *ctl, bool (*each)(void *to, const struct ban *ban), void *to)
{
	const struct ban_query query = {
		.scope = BAN_COVERING,
		.who = ctl->args.who,
		.active_at = INT64_MIN,
		.observed = true,
	};
	enum store_result result = store_ban_each(ctl->store, &query, each, to);

	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result
story_each_sum(struct ctl *ctl, const struct story *story,
    void (*each)(void *to, const struct event_sum *sum), void *to)
{
	enum store_result result = store_event_sums(ctl->store, &story->client,
	    ctl->now - ctl->conf->keep_events, each, to);

	return result == STORE_NONE ? STORE_OK : result;
}

static enum store_result
gather_prospects(struct ctl *ctl, struct story *story)
{
	const struct policy *policy = &ctl->conf->policy;
	enum store_result result = STORE_OK;

	for (size_t i = 0; i < policy->rules && result == STORE_OK; i++) {
		result = engine_prospect(ctl->store, ctl->conf, &story->client,
		    &policy->rule[i], ctl->now, &story->prospect[i]);
		story->prospects++;
	}
	return result;
}

enum store_result
story_gather(struct ctl *ctl, struct story *story)
{
	enum store_result result;

	story->now = ctl->now;
	story->client = engine_client(ctl->conf, &ctl->args.address);
	result = engine_standing(ctl->store, ctl->conf, &ctl->args.address,
	    ctl->now, &story->standing);
	if (result == STORE_OK) {
		result = story_each_sum(ctl, story, gather_sum, story);
	}
	if (result == STORE_OK) {
		result = story_each_ban(ctl, gather_ban, story);
	}
	if (result == STORE_OK) {
		result = store_tally_sum(ctl->store, &story->client,
		    tally_hour(ctl->now - ctl->conf->keep_tallies),
		    tally_hour(ctl->now), &story->tally);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = engine_repute(ctl->store, ctl->conf, &story->client,
		    NULL, ctl->now, &story->repute);
	}
	if (result == STORE_OK) {
		result = gather_prospects(ctl, story);
	}
	return result;
}

bool
story_known(const struct story *story)
{
	return story->standing.verdict != STANDING_CLEAR || story->events > 0 ||
	       story->bans > 0 || !tally_empty(&story->tally);
}

struct forgetting
story_forgetting(const struct conf *conf, const struct story *story)
{
	struct forgetting gone = { .events = 0 };

	if (story->last_event != 0) {
		gone.events = story->last_event + conf->keep_events;
	}
	if (story->last_ban != 0) {
		gone.bans = story->last_ban + conf->policy.memory +
			    conf->keep_bans;
	}
	for (size_t i = 0; i < story->prospects; i++) {
		if (story->prospect[i].forgets > gone.steps) {
			gone.steps = story->prospect[i].forgets;
		}
	}
	return gone;
}
