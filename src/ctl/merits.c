#include "ctl/merits.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "core/policy.h"
#include "ctl/print.h"

/* Of POLICY_RATIO_ONE. */
static double
part(int64_t ratio)
{
	return (double)ratio / POLICY_RATIO_ONE;
}

static void
tell_scale(const struct reputation_scale *scale)
{
	char poor_bans[64] = "";

	print_line("  good: no ban, %" PRId64 " or more messages, at most %g "
		   "bad of bad and accepted ones",
	    scale->good_messages, part(scale->good_ratio));
	if (scale->poor_bans > 0) {
		(void)snprintf(poor_bans, sizeof(poor_bans),
		    "%" PRId64 " or more bans, or ", scale->poor_bans);
	}
	print_line("  poor: %s%" PRId64 " or more bad events, at least %g of "
		   "bad and accepted ones",
	    poor_bans, scale->poor_events, part(scale->poor_ratio));
}

static void
tell_reputation(const struct conf *conf, const struct repute *repute)
{
	const struct reputation_facts *facts = &repute->facts;
	char span[DURATION_TEXT_SIZE];
	char accepted[PRINT_COUNT_SIZE];
	char bad[PRINT_COUNT_SIZE];
	char bans[PRINT_COUNT_SIZE];

	print_line("Reputation %s, by the last %s: %s accepted, %s, %s",
	    reputation_name(repute->reputation),
	    text_from_duration(REPUTATION_SPAN, span),
	    print_count(facts->tally.accepted, "message", "messages", accepted),
	    print_count(
		reputation_bad(&facts->tally), "bad event", "bad events", bad),
	    print_count(facts->bans, "ban", "bans", bans));
	tell_scale(&conf->policy.scale);
}

static void
tell_forwarder(const struct conf *conf)
{
	const struct policy *policy = &conf->policy;
	size_t weighed = 0;

	print_line("It is a known forwarder.");
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];

		if (rule->weight != POLICY_RATIO_ONE) {
			print_line("  rule %s counts each event of it as %g",
			    rule->name, part(rule->weight));
			weighed++;
		}
	}
	if (weighed == 0) {
		print_line("  no rule has a weight for it: each event counts");
	}
}

void
merits_tell(const struct conf *conf, const struct story *story)
{
	putchar('\n');
	tell_reputation(conf, &story->repute);
	if (conf_forwards(conf, &story->client)) {
		tell_forwarder(conf);
	}
}

void
merits_json(
    const struct conf *conf, const struct story *story, struct json *json)
{
	const struct reputation_facts *facts = &story->repute.facts;
	const struct reputation_scale *scale = &conf->policy.scale;

	json_object(json, "reputation");
	json_string(json, "name", reputation_name(story->repute.reputation));
	json_int(json, "accepted", facts->tally.accepted);
	json_int(json, "bad", reputation_bad(&facts->tally));
	json_int(json, "bans", facts->bans);
	json_int(json, "good_messages", scale->good_messages);
	json_ratio(json, "good_ratio", scale->good_ratio, POLICY_RATIO_ONE);
	json_int(json, "poor_bans", scale->poor_bans);
	json_int(json, "poor_events", scale->poor_events);
	json_ratio(json, "poor_ratio", scale->poor_ratio, POLICY_RATIO_ONE);
	json_object_end(json);
	json_bool(json, "forwarder", conf_forwards(conf, &story->client));
}
