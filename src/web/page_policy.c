#include "web/page_part.h"

#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "core/limit.h"
#include "core/policy.h"
#include "web/page.h"
#include "web/site.h"

static const struct policy *
policy_of(const struct page_part *part)
{
	return &site_conf(part->view->site)->policy;
}

/* ---- replies ---- */

/* A reply, and all that may be answered with it. */
struct code {
	const struct reply *reply;
	uint32_t kinds;
	uint32_t reasons;
	int64_t shortest;
	int64_t longest;
	int64_t soft;
	bool again; /* from the second refusal of a ban on */
};

struct codes {
	struct code code[2 * POLICY_RULES_MAX];
	size_t count;
};

static bool
is_same(const struct reply *a, const struct reply *b)
{
	return strcmp(a->code, b->code) == 0 &&
	       strcmp(a->enhanced, b->enhanced) == 0 &&
	       strcmp(a->phrase, b->phrase) == 0 && strcmp(a->own, b->own) == 0;
}

static void
note_code(struct codes *codes, const struct rule *rule,
    const struct reply *reply, bool again)
{
	struct code *code = codes->code;

	while (code < codes->code + codes->count &&
	       (code->again != again || !is_same(code->reply, reply))) {
		code++;
	}
	if (code == codes->code + codes->count) {
		*code = (struct code){
			.reply = reply, .shortest = INT64_MAX, .again = again
		};
		codes->count++;
	}
	code->kinds |= rule->kinds;
	code->reasons |= UINT32_C(1) << rule->reason;
	code->soft = rule->soft > code->soft ? rule->soft : code->soft;
	for (size_t i = 0; i < rule->steps; i++) {
		const int64_t ban = rule->ban[i];

		code->shortest = ban < code->shortest ? ban : code->shortest;
		code->longest = ban > code->longest ? ban : code->longest;
	}
}

/* All replies of rules that ban, in the policy's order. */
static void
gather_codes(const struct policy *policy, struct codes *codes)
{
	codes->count = 0;
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];

		if (rule->steps > 0) {
			note_code(codes, rule, &rule->reply, false);
		}
	}
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];

		if (rule->steps > 0 && rule->again.code[0] != '\0') {
			note_code(codes, rule, &rule->again, true);
		}
	}
}

/* What a reply says by itself: its words, and what its code means. */
static void
tell_reply(
    struct page_part *part, struct scope *scope, const struct reply *reply)
{
	char words[REPLY_TEXT_SIZE];

	told_copy(part->told, scope, SLOT_CODE, reply->code);
	told_copy(part->told, scope, SLOT_ENHANCED, reply->enhanced);
	told_copy(part->told, scope, SLOT_WORDS, reply_words(reply, words));
	told_yes(part->told, scope, SLOT_TEMPORARY, reply->code[0] == '4');
	told_yes(
	    part->told, scope, SLOT_CLOSES, strcmp(reply->code, "421") == 0);
}

static void
tell_code(struct page_part *part, const struct code *code)
{
	struct told *told = part->told;
	struct scope *item = told_item(told, part->scope, SLOT_CODES);

	tell_reply(part, item, code->reply);
	told_yes(told, item, SLOT_AGAIN, code->again);
	for (int i = 0; i < REASON_COUNT; i++) {
		if ((code->reasons & UINT32_C(1) << i) != 0) {
			told_phrase(told, told_item(told, item, SLOT_REASONS),
			    SLOT_REASON, reason_phrases[i].reason);
		}
	}
	page_tell_deeds(part, item, code->kinds);
	page_tell_fixes(part, item, code->kinds);
	told_length(told, item, SLOT_FIRST_BAN, code->shortest);
	if (code->longest > code->shortest) {
		told_length(told, item, SLOT_LAST_BAN, code->longest);
	}
	if (code->soft > 0) {
		told_number(told, item, SLOT_SOFT, code->soft);
	}
}

/* What bans made by hand say: the same under every policy. */
static void
tell_by_hand(struct page_part *part)
{
	struct ban ban = { .reason = REASON_ERROR };

	ban_by_hand(&ban);
	tell_reply(
	    part, told_item(part->told, part->scope, SLOT_BY_HAND), &ban.reply);
}

/* ---- limits ---- */

/* The narrowest and the widest of a limit; 0 for none, which is wider than
 * any. */
static void
tell_most(
    struct page_part *part, struct scope *scope, const struct limit *limit)
{
	int64_t least = 0;
	int64_t most = 0;
	bool unlimited = false;

	for (int i = 0; i < REPUTATION_COUNT; i++) {
		const int64_t value = limit->most[i];

		unlimited = unlimited || value == 0;
		if (value > 0 && (least == 0 || value < least)) {
			least = value;
		}
		most = value > most ? value : most;
	}
	told_number(part->told, scope, SLOT_LEAST, least);
	if (most > least && !unlimited) {
		told_number(part->told, scope, SLOT_MOST, most);
	}
	told_yes(part->told, scope, SLOT_SAME, most == least && !unlimited);
}

static bool
is_limited(const struct limit *limit)
{
	bool limited = false;

	for (int i = 0; i < REPUTATION_COUNT; i++) {
		limited = limited || limit->most[i] > 0;
	}
	return limited && limit->reply.code[0] != '\0';
}

static void
tell_limits(struct page_part *part)
{
	static const char *const phrases[LIMIT_KINDS] = {
		[LIMIT_CONNECTIONS] = "limit-connections",
		[LIMIT_MESSAGES] = "limit-messages",
		[LIMIT_HOURLY] = "limit-hourly",
	};

	for (int i = 0; i < LIMIT_KINDS; i++) {
		const struct limit *limit = &policy_of(part)->limit[i];
		struct scope *item;

		if (is_limited(limit)) {
			item = told_item(part->told, part->scope, SLOT_LIMITS);
			told_phrase(part->told, item, SLOT_LIMIT, phrases[i]);
			tell_reply(part, item, &limit->reply);
			tell_most(part, item, limit);
		}
	}
}

void
page_codes_tell(struct page_part *part)
{
	struct codes *codes = told_room(part->told, sizeof(*codes));

	if (codes == NULL) {
		return;
	}
	gather_codes(policy_of(part), codes);
	for (size_t i = 0; i < codes->count; i++) {
		tell_code(part, &codes->code[i]);
	}
	tell_by_hand(part);
	tell_limits(part);
}

/* ---- durations ---- */

static bool
same_schedule(const struct rule *a, const struct rule *b)
{
	return a->reason == b->reason && a->steps == b->steps &&
	       memcmp(a->ban, b->ban, a->steps * sizeof(a->ban[0])) == 0;
}

/* Whether an earlier rule has the same row. */
static bool
is_told(const struct policy *policy, size_t at)
{
	size_t i = 0;

	while (i < at && !same_schedule(&policy->rule[i], &policy->rule[at])) {
		i++;
	}
	return i < at;
}

/* What a row counts; of one kind alone, errors apart, its reason says it. */
static void
tell_row_kinds(struct page_part *part, struct scope *row, enum reason reason,
    uint32_t kinds)
{
	const bool single = (kinds & (kinds - 1)) == 0;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((kinds & kind_bit((enum kind)kind)) != 0 &&
		    (!single || reason == REASON_ERROR)) {
			told_phrase(part->told,
			    told_item(part->told, row, SLOT_KINDS), SLOT_NAME,
			    kind_phrases[kind].name);
		}
	}
}

static void
tell_row(struct page_part *part, const struct rule *rule, size_t columns)
{
	struct told *told = part->told;
	struct scope *row = told_item(told, part->scope, SLOT_ROWS);
	uint32_t kinds = 0;

	for (size_t i = 0; i < policy_of(part)->rules; i++) {
		const struct rule *other = &policy_of(part)->rule[i];

		kinds |= same_schedule(rule, other) ? other->kinds : 0;
	}
	told_phrase(told, row, SLOT_REASON, reason_phrases[rule->reason].name);
	tell_row_kinds(part, row, rule->reason, kinds);
	for (size_t step = 1; step <= columns; step++) {
		struct scope *cell = told_item(told, row, SLOT_CELLS);

		told_length(told, cell, SLOT_LENGTH,
		    policy_duration(rule, (int64_t)step));
		told_number(told, cell, SLOT_ORDINAL, (int64_t)step);
		told_yes(told, cell, SLOT_LAST, step == columns);
	}
}

void
page_durations_tell(struct page_part *part)
{
	const struct policy *policy = policy_of(part);
	struct told *told = part->told;
	size_t columns = 1;

	for (size_t i = 0; i < policy->rules; i++) {
		const size_t steps = policy->rule[i].steps;

		columns = steps > columns ? steps : columns;
	}
	for (size_t i = 1; i <= columns; i++) {
		struct scope *column = told_item(
		    told, part->scope, SLOT_COLUMNS);

		told_number(told, column, SLOT_ORDINAL, (int64_t)i);
		told_yes(told, column, SLOT_LAST, i == columns);
	}
	told_yes(told, part->scope, SLOT_SAME, columns == 1);
	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].steps > 0 && !is_told(policy, i)) {
			tell_row(part, &policy->rule[i], columns);
		}
	}
	told_length(told, part->scope, SLOT_MEMORY, policy->memory);
}

/* ---- what counts ---- */

void
page_why_tell(struct page_part *part)
{
	const struct policy *policy = policy_of(part);
	uint32_t kinds = 0;

	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].steps > 0) {
			kinds |= policy->rule[i].kinds;
		}
	}
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct scope *item;

		if ((kinds & kind_bit((enum kind)kind)) != 0) {
			item = told_item(part->told, part->scope, SLOT_KINDS);
			told_phrase(part->told, item, SLOT_NAME,
			    kind_phrases[kind].name);
			told_phrase(
			    part->told, item, SLOT_WHY, kind_phrases[kind].why);
			told_phrase(
			    part->told, item, SLOT_FIX, kind_phrases[kind].fix);
		}
	}
}
