/*
 * What tallies and bans say of the hours around an event of a client: whether
 * it is kept, and whether a ban can come of it.
 */
#include "engine/judge.h"

enum {
	HOUR = 3600 /* seconds */
};

static bool
look_around(void *to, const struct ban *ban)
{
	struct around *around = to;
	const int64_t hour = tally_hour(around->at);
	const int64_t over = ban_over(ban);
	const int64_t last = over <= around->at ? over : ban->begins;

	if (ban->observed && around->conf->mode != CONF_OBSERVE) {
		return true;
	}
	around->cut |= ban->begins < hour + HOUR && over > hour;
	if (last <= around->at && last > around->since) {
		around->since = last;
	}
	if (ban->begins <= around->at && around->at < over) {
		around->reasons |= UINT32_C(1) << ban->reason;
		around->until = over < around->until ? over : around->until;
	}
	return true;
}

bool
engine_is_kept(struct store *store, const struct conf *conf,
    const struct event *event, int64_t number, struct around *around)
{
	const int64_t hour = tally_hour(event->at);
	uint32_t reasons = 0;

	*around = (struct around){ .conf = conf,
		.at = event->at,
		.since = INT64_MIN,
		.until = INT64_MAX };
	store_ban_each(store,
	    &(struct ban_query){ .scope = BAN_COVERING,
		.who = event->client,
		.active_at = hour,
		.later = true,
		.observed = true },
	    look_around, around);
	for (size_t i = 0; i < conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i];

		if ((rule->kinds & kind_bit(event->kind)) != 0) {
			reasons |= UINT32_C(1) << rule->reason;
		}
	}
	around->answered = around->reasons != 0 &&
			   (reasons & ~around->reasons) == 0;
	return !around->answered &&
	       (number <= ENGINE_HOUR_MAX ||
		   (around->cut &&
		       store_event_count(store,
			   &(struct event_query){ .client = event->client,
			       .kinds = kind_bit(event->kind),
			       .after = hour - 1,
			       .until = hour + HOUR - 1,
			       .most = ENGINE_HOUR_MAX }) < ENGINE_HOUR_MAX));
}

static void
add_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct hours *hours = to;

	if (hour == hours->hour) {
		hours->number = tally->kind[hours->kind];
	}
	tally_add(&hours->sum, tally);
}

void
engine_hours(struct store *store, const struct conf *conf,
    const struct event *event, struct hours *hours)
{
	int64_t within = 0;

	for (size_t i = 0; i < conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i];

		if ((rule->kinds & kind_bit(event->kind)) != 0 &&
		    rule->within > within) {
			within = rule->within;
		}
	}
	*hours = (struct hours){ .hour = tally_hour(event->at),
		.kind = event->kind,
		.last = tally_hour(event->at + within) };
	store_tally_hours(store, &event->client, tally_hour(event->at - within),
	    hours->last, add_hour, hours);
}

/* By the tallies: a rule counts no more than they say, but not all of what it
 * counts for a network around the client. */
static int64_t
tallied_leeway(const struct conf *conf, const struct net *client,
    const struct hours *hours)
{
	const struct policy *policy = &conf->policy;
	struct policy_wider wider[POLICY_WIDEN_MAX];
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];
		int64_t left = rule->limit - 1 -
			       tally_of(&hours->sum, rule->kinds);

		if ((rule->kinds & kind_bit(hours->kind)) == 0) {
			continue;
		}
		if (rule->within > conf->keep_tallies ||
		    policy_widen(rule, client, wider) > 0) {
			left = 0;
		}
		least = left < least ? left : least;
	}
	return least;
}

struct leeway_found
engine_leeway_in(const struct conf *conf, const struct event *event,
    int64_t now, const struct hours *hours, const struct around *around)
{
	struct leeway_found found = { .events = 0, .ends = around->until };

	if (around->answered) {
		found.events = INT64_MAX;
	} else if (hours->last >= tally_hour(now)) {
		/* Later events look no further than what was added up. */
		found.events = tallied_leeway(conf, &event->client, hours);
	}
	return found;
}

struct leeway_found
engine_leeway(struct store *store, const struct conf *conf,
    const struct addr *address, enum kind kind, int64_t now)
{
	const struct event event = {
		.client = engine_client(conf, address), .kind = kind, .at = now
	};
	struct around around;
	struct hours hours;

	engine_hours(store, conf, &event, &hours);
	(void)engine_is_kept(store, conf, &event, hours.number, &around);
	return engine_leeway_in(conf, &event, now, &hours, &around);
}
