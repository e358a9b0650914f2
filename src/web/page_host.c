/*
 * The pages about the host itself: the active policy's replies and limits, how
 * long its bans last and what its rules count, and figures.
 */
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "core/policy.h"
#include "core/reputation.h"
#include "web/lookup.h"
#include "web/page.h"

/* The kinds that rules count; only of those that ban, or of all. */
static uint32_t
kinds_of(const struct policy *policy, bool banning)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].steps > 0 || !banning) {
			kinds |= policy->rule[i].kinds;
		}
	}
	return kinds;
}

/* ---- what the prose says of the policy ---- */

/* Those of which a rule bans for a single one. */
static uint32_t
kinds_at_once(const struct policy *policy)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];

		kinds |= rule->steps > 0 && rule->limit == 1 ? rule->kinds : 0;
	}
	return kinds;
}

/* What is true of this policy and not of any. */
static void
put_policy(const struct page *page)
{
	const struct policy *policy = page->policy;
	const uint32_t kinds = kinds_of(policy, true);
	struct section *root = page->root;
	uint32_t reasons = 0;
	bool longer = false;
	bool weighed = false; /* what was accepted against what was not */
	bool bare = false;
	bool wide = false;
	bool wide_v6 = false;

	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];
		const bool weighs = rule->ratio > 0 || rule->credit > 0;

		if (rule->steps > 0) {
			reasons |= UINT32_C(1) << rule->reason;
			for (size_t step = 1; step < rule->steps; step++) {
				longer |= rule->ban[step] > rule->ban[0];
			}
			weighed |= weighs;
			bare |= !weighs;
			wide |= rule->widens + rule->widens_ipv4 > 0;
			wide_v6 |= rule->widens > 0;
		}
	}
	section_yes(root, VAR_MANY, (reasons & (reasons - 1)) != 0);
	section_yes(root, VAR_GROWS, longer);
	section_yes(root, VAR_WEIGHED, weighed);
	section_yes(root, VAR_PARTLY, bare);
	section_yes(root, VAR_WIDE, wide);
	section_yes(root, VAR_WIDE_V6, wide_v6);
	section_yes(
	    root, VAR_RECIPIENT, (kinds & kind_bit(KIND_RECIPIENT)) != 0);
	section_yes(root, VAR_GREYLIST, (kinds & kind_bit(KIND_GREYLIST)) != 0);
}

/* Offences, one by one or as a list that is read as a sentence. */
static void
put_names(const struct policy *policy, struct section *section, uint32_t kinds)
{
	const uint32_t once = kinds_at_once(policy);

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const uint32_t bit = kind_bit(kind);
		struct section *item;

		if ((kinds & bit) != 0) {
			item = section_item(section, VAR_OFFENCES);
			section_word(
			    item, VAR_OFFENCE, "offence-", kind_name(kind));
			section_yes(item, VAR_FIRST, (kinds & (bit - 1)) == 0);
			section_yes(item, VAR_ONCE, (once & bit) != 0);
		}
	}
}

/* Which rules count what: those alike in reason and kinds stand together. */
static void
put_rules(const struct page *page)
{
	const struct policy *policy = page->policy;

	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];
		bool told = rule->steps == 0;
		struct section *row;

		for (size_t j = 0; j < i; j++) {
			const struct rule *other = &policy->rule[j];

			told |= other->steps > 0 &&
				other->reason == rule->reason &&
				other->kinds == rule->kinds;
		}
		if (!told) {
			row = section_item(page->root, VAR_ROWS);
			section_word(row, VAR_REASON, "reason-name-",
			    reason_name(rule->reason));
			put_names(policy, row, rule->kinds);
		}
	}
}

/* Where it is seen: by the milter, in logs, or not by us at all. */
static void
put_sources(const struct page *page)
{
	const struct conf *conf = page->site->conf;
	const uint32_t kinds = kinds_of(page->policy, true);
	const enum variable_name names[] = { VAR_LIVE, VAR_LOGS, VAR_REPORTS };
	uint32_t seen[] = { 0, 0, 0 };

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const uint32_t bit = kinds & kind_bit(kind);
		const bool live = conf_counted_by(conf, kind, CONF_MILTER);
		const bool logs = conf_counted_by(conf, kind, CONF_WATCH);

		seen[0] |= live ? bit : 0;
		seen[1] |= logs ? bit : 0;
		seen[2] |= !live && !logs ? bit : 0;
	}
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		if (seen[i] != 0) {
			put_names(page->policy,
			    section_item(page->root, names[i]), seen[i]);
		}
	}
}

/* ---- replies ---- */

/* The reply of a rule that bans, or NULL: first of each rule in the policy's
 * order, then those from the second refusal of a ban on. */
static const struct reply *
reply_at(const struct policy *policy, size_t at)
{
	const bool again = at >= policy->rules;
	const struct rule *rule = &policy
				       ->rule[again ? at - policy->rules : at];
	const struct reply *reply = again ? &rule->again : &rule->reply;

	return rule->steps > 0 && reply->code[0] != '\0' ? reply : NULL;
}

static bool
is_same(const struct reply *a, const struct reply *b)
{
	return strcmp(a->code, b->code) == 0 &&
	       strcmp(a->enhanced, b->enhanced) == 0 &&
	       strcmp(a->phrase, b->phrase) == 0 && strcmp(a->own, b->own) == 0;
}

/* What a reply says by itself: its words, and what its code means. */
static void
put_reply(struct section *section, const struct reply *reply)
{
	char words[REPLY_TEXT_SIZE];

	section_copy(section, VAR_CODE, reply->code);
	section_copy(section, VAR_ENHANCED, reply->enhanced);
	section_copy(section, VAR_WORDS, reply_words(reply, words));
	section_yes(section, VAR_TEMPORARY, reply->code[0] == '4');
	section_yes(section, VAR_CLOSES, strcmp(reply->code, "421") == 0);
}

char *
page_anchor(const struct reply *reply, char out[static REPLY_OWN_SIZE])
{
	(void)text_copy(out, REPLY_OWN_SIZE,
	    reply->own[0] != '\0' ? reply->own : reply->code);
	out[strcspn(out, " ")] = '\0';
	return out;
}

/* The first of several that share an anchor has it. */
static void
put_anchor(struct section *item, const struct policy *policy, size_t at,
    const struct reply *reply)
{
	char anchor[REPLY_OWN_SIZE];
	char taken[REPLY_OWN_SIZE];

	(void)page_anchor(reply, anchor);
	for (size_t i = 0; i < at; i++) {
		const struct reply *other = reply_at(policy, i);

		if (other != NULL &&
		    strcmp(page_anchor(other, taken), anchor) == 0) {
			return;
		}
	}
	section_copy(item, VAR_ANCHOR, anchor);
}

/* From the shortest of the rule's bans, and those before, to the longest. */
static void
span_bans(const struct rule *rule, int64_t *shortest, int64_t *longest)
{
	for (size_t step = 0; step < rule->steps; step++) {
		const int64_t ban = rule->ban[step];

		*shortest = ban < *shortest ? ban : *shortest;
		*longest = ban > *longest ? ban : *longest;
	}
}

/* Reply number `at`, and all that may be answered with it; nothing where an
 * earlier one is the same. */
static void
put_code(const struct page *page, size_t at)
{
	const struct policy *policy = page->policy;
	const struct reply *reply = reply_at(policy, at);
	const size_t first = at < policy->rules ? 0 : policy->rules;
	uint32_t kinds = 0;
	uint32_t reasons = 0;
	bool login = true;
	int64_t shortest = INT64_MAX;
	int64_t longest = 0;
	int64_t soft = 0;
	struct section *item;

	if (reply == NULL) {
		return;
	}
	for (size_t i = first; i < first + policy->rules; i++) {
		const struct reply *other = reply_at(policy, i);
		const struct rule *rule = &policy->rule[i - first];

		if (other == NULL || !is_same(reply, other)) {
			continue;
		}
		if (i < at) {
			return;
		}
		kinds |= rule->kinds;
		reasons |= UINT32_C(1) << rule->reason;
		login = login && rule->service == SERVICE_SUBMISSION;
		soft = rule->soft > soft ? rule->soft : soft;
		span_bans(rule, &shortest, &longest);
	}
	item = section_item(page->root, VAR_CODES);
	put_reply(item, reply);
	put_anchor(item, policy, at, reply);
	section_yes(item, VAR_AGAIN, first > 0);
	section_yes(item, VAR_LOGIN, login);
	page_set_put(
	    item, VAR_REASONS, VAR_REASON, "reason-", &reason_words, reasons);
	put_names(policy, item, kinds);
	page_set_put(item, VAR_FIXES, VAR_FIX, "fix-", &kind_words, kinds);
	section_length(item, VAR_FIRST_BAN, shortest);
	if (longest > shortest) {
		section_length(item, VAR_LAST_BAN, longest);
	}
	if (soft > 0) {
		section_number(item, VAR_SOFT, soft);
	}
}

void
page_codes_fill(struct page *page)
{
	struct ban by_hand = { .reason = REASON_ERROR };

	for (size_t i = 0; i < 2 * page->policy->rules; i++) {
		put_code(page, i);
	}
	/* The same under every policy. */
	ban_by_hand(&by_hand);
	put_reply(section_item(page->root, VAR_BY_HAND), &by_hand.reply);
	for (int i = 0; i < LIMIT_KINDS; i++) {
		const struct limit *limit = &page->policy->limit[i];
		struct section *item;
		int64_t least = INT64_MAX;
		int64_t most = 0;
		bool unlimited = false; /* by 0, which is wider than any */

		if (!limit_is_set(limit) || limit->reply.code[0] == '\0') {
			continue;
		}
		for (int name = 0; name < REPUTATION_COUNT; name++) {
			const int64_t value = limit->most[name];

			unlimited = unlimited || value == 0;
			least = value > 0 && value < least ? value : least;
			most = value > most ? value : most;
		}
		item = section_item(page->root, VAR_LIMITS);
		section_word(
		    item, VAR_LIMIT, "limit-", limit_name((enum limit_kind)i));
		put_reply(item, &limit->reply);
		section_number(item, VAR_LEAST, least);
		if (most > least && !unlimited) {
			section_number(item, VAR_MOST, most);
		}
		section_yes(item, VAR_SAME, most == least && !unlimited);
	}
}

/* ---- durations ---- */

/* The row of rule number `at`, and of all that have its schedule; none where
 * an earlier rule had it. */
static void
put_row(const struct page *page, size_t at, size_t columns)
{
	const struct policy *policy = page->policy;
	const struct rule *rule = &policy->rule[at];
	struct section *row;
	uint32_t kinds = 0;
	size_t equal = 1;

	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *other = &policy->rule[i];

		if (rule->reason != other->reason ||
		    rule->steps != other->steps ||
		    memcmp(rule->ban, other->ban,
			rule->steps * sizeof(rule->ban[0])) != 0) {
			continue;
		}
		if (i < at) {
			return;
		}
		kinds |= other->kinds;
	}
	row = section_item(page->root, VAR_ROWS);
	section_word(
	    row, VAR_REASON, "reason-name-", reason_name(rule->reason));
	/* Of one kind alone, errors apart, the reason says it. */
	if ((kinds & (kinds - 1)) != 0 || rule->reason == REASON_ERROR) {
		page_set_put(
		    row, VAR_KINDS, VAR_NAME, "kind-", &kind_words, kinds);
	}
	while (equal < rule->steps && rule->ban[equal] == rule->ban[0]) {
		equal++;
	}
	if (columns > 1 && equal == rule->steps) { /* every time */
		struct section *cell = section_item(row, VAR_CELLS);

		section_length(cell, VAR_LENGTH, rule->ban[0]);
		section_digits(cell, VAR_COUNT, (int64_t)columns, 0);
		return;
	}
	for (size_t step = 1; step <= columns; step++) {
		struct section *cell = section_item(row, VAR_CELLS);

		section_length(
		    cell, VAR_LENGTH, policy_duration(rule, (int64_t)step));
		section_number(cell, VAR_ORDINAL, (int64_t)step);
		section_yes(cell, VAR_LAST, step == columns);
	}
}

void
page_durations_fill(struct page *page)
{
	const struct policy *policy = page->policy;
	size_t columns = 1;

	put_policy(page);
	for (size_t i = 0; i < policy->rules; i++) {
		const size_t steps = policy->rule[i].steps;

		columns = steps > columns ? steps : columns;
	}
	for (size_t i = 1; i <= columns; i++) {
		struct section *column = section_item(page->root, VAR_COLUMNS);

		section_number(column, VAR_ORDINAL, (int64_t)i);
		section_yes(column, VAR_LAST, i == columns);
	}
	section_yes(page->root, VAR_SAME, columns == 1);
	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].steps > 0) {
			put_row(page, i, columns);
		}
	}
	section_length(page->root, VAR_MEMORY, policy->memory);
}

/* ---- what counts ---- */

void
page_why_fill(struct page *page)
{
	const uint32_t kinds = kinds_of(page->policy, true);
	const uint32_t once = kinds_at_once(page->policy);

	put_policy(page);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const uint32_t bit = kind_bit((enum kind)kind);
		const char *word = kind_name((enum kind)kind);
		struct section *item;

		if ((kinds & bit) != 0) {
			item = section_item(page->root, VAR_KINDS);
			section_yes(item, VAR_ONCE, (once & bit) != 0);
			section_word(item, VAR_NAME, "kind-", word);
			section_word(item, VAR_WHY, "why-", word);
			section_word(item, VAR_FIX, "fix-", word);
		}
	}
}

/* ---- questions ---- */

/* The reply to failed logins, where the policy has a rule for them. */
static void
put_login(const struct page *page)
{
	const struct policy *policy = page->policy;

	for (size_t i = 0; i < policy->rules; i++) {
		const struct reply *reply = reply_at(policy, i);
		char anchor[REPLY_OWN_SIZE];
		struct section *login;

		if (reply != NULL && policy->rule[i].reason == REASON_AUTH) {
			login = section_item(page->root, VAR_LOGIN);
			section_copy(login, VAR_CODE, reply->code);
			section_copy(
			    login, VAR_ANCHOR, page_anchor(reply, anchor));
			return;
		}
	}
}

void
page_faq_fill(struct page *page)
{
	const struct conf *conf = page->site->conf;
	struct section *root = page->root;

	put_policy(page);
	put_rules(page);
	put_sources(page);
	put_login(page);
	if (conf->client_ipv6 < ADDR_BITS) { /* a network */
		section_number(root, VAR_BITS, conf->client_ipv6);
	}
	section_length(root, VAR_KEEP_EVENTS, conf->keep_events);
	section_length(root, VAR_KEEP_HOURS, conf->keep_tallies);
	/* From their end on. */
	section_length(
	    root, VAR_KEEP_BANS, page->policy->memory + conf->keep_bans);
	section_length(root, VAR_KEEP_AUDIT, conf->keep_audit);
}

/* ---- figures ---- */

/* How many are listed now, by reason: those the policy bans for, and what else
 * there is. */
static void
put_listed(const struct page *page, const struct stats *stats)
{
	uint32_t reasons = 0;
	int64_t most = 1;

	for (size_t i = 0; i < page->policy->rules; i++) {
		reasons |= UINT32_C(1) << page->policy->rule[i].reason;
	}
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		most = stats->listed[i] > most ? stats->listed[i] : most;
	}
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		struct section *row;

		if (stats->listed[i] > 0 || (reasons & UINT32_C(1) << i) != 0) {
			row = section_item(page->root, VAR_REASONS);
			section_word(row, VAR_REASON, "reason-name-",
			    words_at(&cause_words, i));
			section_number(row, VAR_COUNT, stats->listed[i]);
			page_bar_put(row, VAR_BAR, stats->listed[i], most);
		}
	}
}

/* Of all words together. */
static int64_t
sum_of(const struct stats_day *day, size_t sum)
{
	int64_t all = 0;

	for (size_t word = 0; word < STATS_WORDS; word++) {
		all += day->sum[sum][word];
	}
	return all;
}

/* Events of each day, by kind: those the policy counts, and what else there
 * was. */
static void
put_kinds(
    struct page *page, const struct stats *stats, const struct page_axis *axis)
{
	const uint32_t kinds = kinds_of(page->policy, false);

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct page_chart *chart = page_chart_new(page, 1, axis);
		struct section *row;
		int64_t total = 0;

		for (size_t i = 0; i < STATS_DAYS; i++) {
			chart->value[0][i] = stats->day[i]
						 .sum[DAILY_EVENT][kind];
			total += chart->value[0][i];
		}
		if (total > 0 || (kinds & kind_bit((enum kind)kind)) != 0) {
			row = section_item(page->root, VAR_KINDS);
			section_word(row, VAR_OFFENCE, "offence-",
			    kind_name((enum kind)kind));
			section_number(row, VAR_TOTAL, total);
			page_chart_put(page, row, chart, NULL);
		}
	}
}

/* Bans and refused sessions of each day as pictures; all of it as a table, for
 * those who cannot see pictures; and its sums. */
static void
put_days(
    struct page *page, const struct stats *stats, const struct page_axis *axis)
{
	static const struct chart_words bans = { "bans", "stats-bans-title",
		"stats-table-below" };
	static const struct chart_words refused = { "refused",
		"stats-refused-title", "stats-table-below" };
	struct page_chart *ban_chart = page_chart_new(page, 1, axis);
	struct page_chart *refused_chart = page_chart_new(page, 1, axis);
	struct section *root = page->root;
	struct stats_day total = { .day = 0 };

	for (size_t i = STATS_DAYS; i-- > 0;) {
		const struct stats_day *day = &stats->day[i];
		struct section *row = section_item(root, VAR_ROWS);

		ban_chart->value[0][i] = sum_of(day, DAILY_BAN);
		refused_chart->value[0][i] = sum_of(day, DAILY_REFUSED);
		section_moment(row, VAR_SINCE, day->day);
		section_number(row, VAR_TOTAL, ban_chart->value[0][i]);
		section_number(row, VAR_REFUSED, refused_chart->value[0][i]);
		page_counts_put(row, day->sum[DAILY_EVENT]);
		for (size_t sum = 0; sum < STATS_SUMS; sum++) {
			total.sum[sum][0] += sum_of(day, sum);
		}
	}
	page_chart_put(
	    page, section_item(root, VAR_BAN_CHART), ban_chart, &bans);
	page_chart_put(page, section_item(root, VAR_REFUSED_CHART),
	    refused_chart, &refused);
	section_number(root, VAR_TOTAL, total.sum[DAILY_BAN][0]);
	section_number(root, VAR_REFUSED, total.sum[DAILY_REFUSED][0]);
	section_number(root, VAR_SESSIONS, total.sum[DAILY_SESSIONS][0]);
	section_number(root, VAR_MESSAGES, total.sum[DAILY_MESSAGES][0]);
	section_number(root, VAR_ACCEPTED, total.sum[DAILY_ACCEPTED][0]);
}

void
page_stats_fill(struct page *page)
{
	const struct stats *stats = page->stats;
	const struct page_axis *axis = page_axis_put(
	    page, stats->day[0].day, STORE_DAY, STATS_DAYS);

	section_moment(page->root, VAR_STATS_TIME, stats->at);
	page_blocked_put(page, stats);
	put_listed(page, stats);
	put_kinds(page, stats, axis);
	put_days(page, stats, axis);
}
