#include "web/told.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "core/ban.h"
#include "core/policy.h"

/* Names of phrases. */
static const char *const month_phrase[12] = { "month-1", "month-2", "month-3",
	"month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
	"month-10", "month-11", "month-12" };
static const struct {
	const char *reason;
	const char *remedy;
} reason_phrase[REASON_COUNT] = {
	[REASON_SPAM] = { "reason-spam", "remedy-spam" },
	[REASON_VIRUS] = { "reason-virus", "remedy-virus" },
	[REASON_AUTH] = { "reason-auth", "remedy-auth" },
	[REASON_ERROR] = { "reason-error", "remedy-error" },
	[REASON_RECIPIENT] = { "reason-recipient", "remedy-recipient" },
	[REASON_VOLUME] = { "reason-volume", "remedy-volume" },
};
static const char *const service_phrase[SERVICE_COUNT] = {
	[SERVICE_ANY] = NULL,
	[SERVICE_MX] = "service-mx",
	[SERVICE_SUBMISSION] = "service-submission",
};

#define DEED(phrase_name)                                                      \
	{                                                                      \
		{ .name = "deed", .phrase = (phrase_name) },                   \
		{                                                              \
			.name = NULL                                           \
		}                                                              \
	}
static const struct slot deed_slot[KIND_COUNT][2] = {
	[KIND_SPAM] = DEED("deed-spam"),
	[KIND_VIRUS] = DEED("deed-virus"),
	[KIND_COMPLAINT] = DEED("deed-complaint"),
	[KIND_AUTH] = DEED("deed-auth"),
	[KIND_RECIPIENT] = DEED("deed-recipient"),
	[KIND_SENDER] = DEED("deed-sender"),
	[KIND_HELO] = DEED("deed-helo"),
	[KIND_COMMAND] = DEED("deed-command"),
	[KIND_DISCONNECT] = DEED("deed-disconnect"),
	[KIND_PROBE] = DEED("deed-probe"),
	[KIND_GREYLIST] = DEED("deed-greylist"),
	[KIND_RELAY] = DEED("deed-relay"),
	[KIND_VOLUME] = DEED("deed-volume"),
};

const char *
told_number(char text[static TOLD_NUMBER_SIZE], int64_t value)
{
	struct text out;

	text_init(&out, text, TOLD_NUMBER_SIZE);
	text_addf(&out, "%lld", (long long)value);
	return text;
}

const char *
told_yes(bool condition)
{
	return condition ? "yes" : NULL;
}

/* The slot of that name for a moment; `told` must not move after it. */
static struct slot
moment_slot(const char *name, struct told_moment *told, int64_t at)
{
	time_t when = (time_t)at;
	struct tm tm = { .tm_mday = 1 };
	struct text clock;

	(void)gmtime_r(&when, &tm);
	text_init(&clock, told->clock, sizeof(told->clock));
	text_addf(&clock, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	const struct slot slots[] = {
		{ .name = "iso", .text = text_from_time(at, told->iso) },
		{ .name = "day", .text = told_number(told->day, tm.tm_mday) },
		{ .name = "first", .text = told_yes(tm.tm_mday == 1) },
		{ .name = "month", .phrase = month_phrase[tm.tm_mon] },
		{ .name = "year",
		    .text = told_number(
			told->year, tm.tm_year + INT64_C(1900)) },
		{ .name = "clock", .text = told->clock },
		{ .name = NULL },
	};
	_Static_assert(sizeof(slots) <= sizeof(told->slot), "room for all");
	memcpy(told->slot, slots, sizeof(slots));
	told->scope.slot = told->slot;
	return (struct slot){ .name = name, .list = &told->scope, .items = 1 };
}

/* "3 d 4 h", or "3 j 4 h" in French. */
static const char *
duration(char text[static DURATION_TEXT_SIZE], int64_t seconds,
    enum language language)
{
	char *day = strchr(text_from_duration(seconds, text), 'd');

	if (day != NULL) {
		*day = language_day(language);
	}
	return text;
}

/* The kinds that a rule counts, as the list "deed-list". */
static struct slot
deeds_slot(struct told_ban *told, const struct rule *rule)
{
	size_t deeds = 0;

	for (int kind = 0; rule != NULL && kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit((enum kind)kind)) != 0) {
			told->deed[deeds++].slot = deed_slot[kind];
		}
	}
	return (struct slot){
		.name = "deed-list", .list = told->deed, .items = deeds
	};
}

/* "step", "steps" and "beyond": the last duration stands for all later
 * steps, which the page says rather than "step 7 of 5". */
static void
fill_steps(struct told_ban *told, struct slot *slot, const struct ban *ban,
    const struct rule *rule)
{
	int64_t steps = rule != NULL ? (int64_t)rule->steps : 0;

	slot[0] = (struct slot){ .name = "step",
		.text = ban->step > 0 ? told_number(told->step, ban->step)
				      : NULL };
	slot[1] = (struct slot){ .name = "steps",
		.text = steps > 0 ? told_number(told->steps, steps) : NULL };
	slot[2] = (struct slot){ .name = "beyond",
		.text = told_yes(steps > 0 && ban->step > steps) };
}

static const char *
network(struct told_ban *told, const struct ban *ban)
{
	return ban->who.bits == ADDR_BITS
		   ? NULL
		   : net_format(&ban->who, told->network);
}

void
told_ban_fill(
    struct told_ban *told, const struct ban *ban, const struct told_to *to)
{
	const struct rule *rule = policy_rule(to->policy, ban->rule);
	const bool manual = strcmp(ban->rule, BAN_RULE_MANUAL) == 0;
	const struct slot deeds = deeds_slot(told, rule);
	const struct slot slots[] = {
		{ .name = "reason",
		    .phrase = manual ? "reason-manual"
				     : reason_phrase[ban->reason].reason },
		{ .name = "remedy",
		    .phrase = manual ? "remedy-manual"
				     : reason_phrase[ban->reason].remedy },
		{ .name = "service", .phrase = service_phrase[ban->service] },
		{ .name = "asked",
		    .text = told_yes(
			to->ref != NULL && strcmp(to->ref, ban->ref) == 0) },
		{ .name = "ref", .text = ban->ref },
		{ .name = "network", .text = network(told, ban) },
		{ .name = "reply",
		    .text = reply_line(ban_reply(ban), to->ip, ban->ends,
			to->lookup_url, ban->ref, told->reply) },
		{ .name = "left",
		    .text = duration(
			told->left, ban->ends - to->now, to->language) },
		{ .name = "deeds", .text = told_yes(deeds.items > 0) },
		deeds,
		moment_slot("since", &told->since, ban->begins),
		moment_slot("until", &told->until, ban->ends),
	};
	enum {
		FILLED = sizeof(slots) / sizeof(slots[0])
	};
	_Static_assert(FILLED + 4 <= TOLD_SLOTS, "room for all");

	memcpy(told->slot, slots, sizeof(slots));
	fill_steps(told, told->slot + FILLED, ban, rule);
	told->slot[FILLED + 3] = (struct slot){ .name = NULL };
}
