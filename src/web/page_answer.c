#include "web/page.h"

#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "chart/chart.h"
#include "conf/conf.h"
#include "core/policy.h"
#include "core/standing.h"
#include "web/page_part.h"
#include "web/site.h"

static const char *const service_phrases[SERVICE_COUNT] = {
	[SERVICE_ANY] = "service-any",
	[SERVICE_MX] = "service-mx",
	[SERVICE_SUBMISSION] = "service-submission",
};

static const char *const lead_phrases[SERVICE_COUNT] = {
	[SERVICE_ANY] = "lead-any",
	[SERVICE_MX] = "lead-mx",
	[SERVICE_SUBMISSION] = "lead-submission",
};

/* ---- the schedule ---- */

/* One step of the row. */
static void
tell_step(struct page_part *part, struct scope *scope, const struct rule *rule,
    int64_t step, int64_t current)
{
	const int64_t steps = (int64_t)rule->steps;
	struct scope *item = told_item(part->told, scope, SLOT_STEPS);
	/* The last stands for all that follow. */
	const int64_t here = current > steps ? steps : current;

	told_length(part->told, item, SLOT_LENGTH, policy_duration(rule, step));
	told_number(part->told, item, SLOT_ORDINAL, step);
	told_yes(part->told, item, SLOT_LAST, step == steps);
	told_yes(part->told, item, SLOT_DONE, step < here);
	told_yes(part->told, item, SLOT_NOW, step == here);
	told_yes(part->told, item, SLOT_NEXT, step == here + 1);
}

/* The steps of the rule, where this ban is among them, and the next. */
static void
tell_schedule(struct page_part *part, struct scope *scope,
    const struct ban *ban, const struct rule *rule)
{
	struct told *told = part->told;

	if (ban->step == 0) {
		return; /* made by hand */
	}
	told_number(told, scope, SLOT_STEP, ban->step);
	if (rule == NULL || rule->steps == 0) {
		return; /* of another policy: nobody knows its schedule */
	}
	told_length(told, scope, SLOT_MEMORY,
	    site_conf(part->view->site)->policy.memory);
	if (rule->steps == 1) {
		told_length(told, scope, SLOT_EVERY, rule->ban[0]);
		return;
	}
	for (int64_t step = 1; step <= (int64_t)rule->steps; step++) {
		tell_step(part, scope, rule, step, ban->step);
	}
	told_length(told, scope, SLOT_NEXT,
	    policy_duration(rule, (int64_t)ban->step + 1));
	told_yes(told, scope, SLOT_SAME, ban->step >= (int64_t)rule->steps);
}

/* ---- one ban ---- */

/* How much of a ban is over. */
static void
write_served(const void *what, struct text *out)
{
	const int64_t *served = what;
	const struct chart_words none = { .title = NULL };

	chart_bar(&none, served[0], served[1], out);
}

static void
tell_served(struct page_part *part, struct scope *scope, const struct ban *ban)
{
	int64_t *served = told_room(part->told, 2 * sizeof(*served));

	if (served != NULL) {
		served[0] = part->view->standing->checked_at - ban->begins;
		served[1] = ban->ends - ban->begins;
		told_write(
		    part->told, scope, SLOT_SERVED, write_served, served);
	}
}

static void
tell_times(struct page_part *part, struct scope *scope, const struct ban *ban)
{
	struct told *told = part->told;
	const int64_t left = ban->ends - part->view->standing->checked_at;

	told_moment(told, scope, SLOT_UNTIL, ban->ends);
	told_local(told, scope, SLOT_UNTIL_LOCAL, ban->ends);
	told_moment(told, scope, SLOT_SINCE, ban->begins);
	told_local(told, scope, SLOT_SINCE_LOCAL, ban->begins);
	told_duration(told, scope, SLOT_LEFT, left);
	told_digits(told, scope, SLOT_LEFT_SECONDS, left, 0);
	tell_served(part, scope, ban);
}

static bool
is_manual(const struct ban *ban)
{
	return strcmp(ban->rule, BAN_RULE_MANUAL) == 0;
}

static uint32_t
kinds_of(const struct page_part *part, const struct ban *ban)
{
	const struct rule *rule = policy_rule(
	    &site_conf(part->view->site)->policy, ban->rule);

	if (is_manual(ban)) {
		return 0;
	}
	return rule != NULL ? rule->kinds : page_reason_kinds(ban->reason);
}

/* The reply that a ban is refused with now; NULL where there is no room. */
static const char *
reply_of(struct page_part *part, const struct ban *ban)
{
	char ip[ADDR_TEXT_SIZE];
	char *line = told_room(part->told, REPLY_TEXT_SIZE);

	if (line == NULL) {
		return NULL;
	}
	return reply_line(ban_reply(ban),
	    addr_format(&part->view->standing->address, ip), ban->ends,
	    site_conf(part->view->site)->lookup_url, ban->ref, line);
}

/* Errors are of many kinds; where the rule counts one alone it is named. */
static const char *
why_of(const struct page_part *part, const struct ban *ban)
{
	const uint32_t kinds = kinds_of(part, ban);

	for (int kind = 0; ban->reason == REASON_ERROR && kind < KIND_COUNT;
	     kind++) {
		if (kinds == kind_bit((enum kind)kind)) {
			return kind_phrases[kind].why;
		}
	}
	return is_manual(ban) ? "reason-why-manual"
			      : reason_phrases[ban->reason].why;
}

/* Gives back its reply. */
static const char *
tell_ban(struct page_part *part, const struct ban *ban, const char *ref)
{
	const struct policy *policy = &site_conf(part->view->site)->policy;
	const char *reply = reply_of(part, ban);
	const bool manual = is_manual(ban);
	struct told *told = part->told;
	struct scope *item = told_item(told, part->scope, SLOT_BANS);
	char network[NET_TEXT_SIZE];

	told_phrase(told, item, SLOT_REASON,
	    manual ? "reason-manual" : reason_phrases[ban->reason].reason);
	told_phrase(told, item, SLOT_WHY, why_of(part, ban));
	told_phrase(told, item, SLOT_SERVICE, service_phrases[ban->service]);
	told_yes(
	    told, item, SLOT_ASKED, ref != NULL && strcmp(ref, ban->ref) == 0);
	told_yes(told, item, SLOT_AUTOMATIC, !manual);
	told_text(told, item, SLOT_REF, ban->ref);
	if (ban->who.bits != ADDR_BITS) {
		told_copy(
		    told, item, SLOT_NETWORK, net_format(&ban->who, network));
	}
	told_text(told, item, SLOT_REPLY, reply);
	if (part->view->standing->bans > 1) {
		told_moment(told, item, SLOT_UNTIL, ban->ends);
		told_local(told, item, SLOT_UNTIL_LOCAL, ban->ends);
		told_moment(told, item, SLOT_SINCE, ban->begins);
		told_local(told, item, SLOT_SINCE_LOCAL, ban->begins);
	}
	tell_schedule(part, item, ban, policy_rule(policy, ban->rule));
	page_tell_deeds(part, item, kinds_of(part, ban));
	return reply;
}

/* ---- the whole ---- */

static void
tell_listed(struct page_part *part, const char *ref)
{
	const struct standing *standing = part->view->standing;
	const struct ban *main = &standing->ban[0]; /* ends last */
	const struct ban *asked = main;
	const char *reply = NULL; /* of that one */
	uint32_t kinds = 0;
	bool automatic = false;
	bool by_hand = false;

	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];

		const char *words = tell_ban(part, ban, ref);

		kinds |= kinds_of(part, ban);
		automatic = automatic || !is_manual(ban);
		by_hand = by_hand || is_manual(ban);
		if (i == 0 || (ref != NULL && strcmp(ref, ban->ref) == 0)) {
			asked = ban;
			reply = words;
		}
	}
	told_yes(part->told, part->scope, SLOT_LISTED, true);
	told_yes(part->told, part->scope, SLOT_MANY, standing->bans > 1);
	told_yes(part->told, part->scope, SLOT_AUTOMATIC, automatic);
	told_yes(part->told, part->scope, SLOT_BY_HAND, by_hand);
	told_phrase(
	    part->told, part->scope, SLOT_LEAD, lead_phrases[main->service]);
	tell_times(part, part->scope, main);
	page_tell_fixes(part, part->scope, kinds);
	if (part->view->hours != NULL) {
		page_seen_tell(part, part->view->hours);
	}
	page_report_tell(part, asked, reply);
}

void
page_answer_tell(struct page_part *part)
{
	const struct page_view *view = part->view;
	const struct standing *standing = view->standing;
	struct told *told = part->told;
	struct scope *scope = part->scope;
	char ip[ADDR_TEXT_SIZE];
	char *ref = told_room(told, BAN_REF_SIZE);

	if (ref == NULL) {
		return;
	}
	told_copy(told, scope, SLOT_IP, addr_format(&standing->address, ip));
	told_text(told, scope, SLOT_REF, page_ref(view->ref, ref));
	told_yes(told, scope, SLOT_OWN, view->own);
	told_yes(told, scope, SLOT_GONE,
	    view->ref != NULL && page_ref_ban(standing, view->ref) == NULL);
	if (standing->bans > 0) {
		told_phrase(told, scope, SLOT_HEADING, "listed-heading");
		tell_listed(part, page_ref(view->ref, ref));
	} else {
		told_phrase(told, scope, SLOT_HEADING, "clear-heading");
		told_yes(told, scope, SLOT_CLEAR, true);
	}
}
