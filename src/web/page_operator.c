/*
 * The operator's page in words.
 */
#include <string.h>

#include "base/text.h"
#include "core/policy.h"
#include "web/lookup.h"
#include "web/operator.h"
#include "web/page.h"

enum {
	SILENCE = 30, /* s without a sign of life, which comes each 10 */
	LAG = 60,     /* s that logs may be read late without a word */
	MEGABYTE = 1000 * 1000,
	LINE_SIZE = 128
};

static void
put_net(struct section *section, const struct net *net)
{
	char text[NET_TEXT_SIZE];

	section_copy(section, VAR_NETWORK, net_format(net, text));
}

static void
put_more(struct page *page, enum variable_name name,
    const struct operator_rows *rows)
{
	struct section *more;

	if (rows->more > 0) {
		more = section_item(page->root, name);
		section_number(more, VAR_COUNT, rows->more);
		section_yes(more, VAR_PARTLY, rows->partly);
	}
}

/* ---- state ---- */

static void
put_service(const struct page *page, const char *name, enum engine_state which)
{
	const struct operator_view *view = page->view;
	const struct state *life = &view->state[which];
	const int64_t ago = view->now - life->since;
	const int64_t lag = view->state[STATE_WATCH_BEHIND].number;
	struct section *row = section_item(page->root, VAR_SERVICES);

	section_text(row, VAR_NAME, name);
	if (life->there) {
		section_duration(row, VAR_AGO, ago);
		section_yes(row, VAR_SILENT, ago > SILENCE);
	}
	if (which == STATE_WATCH && lag > LAG) {
		section_duration(row, VAR_LEFT, lag);
	}
}

static void
put_state(const struct page *page)
{
	const struct operator_view *view = page->view;
	const struct conf *conf = view->conf;
	const int64_t *lost = view->lost.number;
	struct section *root = page->root;

	section_yes(root, VAR_OVERVIEW, true);
	section_word(root, VAR_MODE, "op-mode-", conf_mode_name(conf->mode));
	section_text(root, VAR_POLICY, conf->policy.name);
	if (view->why[0] != '\0') {
		return;
	}
	section_yes(root, VAR_BRAKE, view->brake.on);
	if (view->brake.since != 0) {
		section_here(root, VAR_SINCE, view->brake.since);
	}
	put_service(page, "videur-milter", STATE_MILTER);
	put_service(page, "videur-watch", STATE_WATCH);
	if (view->state[STATE_LOST].number > 0) {
		section_number(root, VAR_TOTAL, view->state[STATE_LOST].number);
		section_number(root, VAR_EVENTS, lost[LOSS_EVENTS]);
		section_number(root, VAR_COUNTS, lost[LOSS_COUNTS]);
		section_number(root, VAR_RECIPIENTS, lost[LOSS_RECIPIENTS]);
		section_number(root, VAR_GAPS, lost[LOSS_GAPS]);
	}
	section_text(root, VAR_PATH, conf->database);
	section_number(
	    root, VAR_SIZE, (view->numbers.bytes + MEGABYTE - 1) / MEGABYTE);
	section_number(root, VAR_SCHEMA, view->numbers.version);
	section_yes(
	    root, VAR_DAMAGED, view->state[STATE_DAMAGED].value[0] != '\0');
}

/* ---- rows ---- */

static void
put_ban(const struct page *page, enum variable_name list,
    const struct operator_ban *row)
{
	static const char *const states[BAN_STATES] = {
		[BAN_OVER] = "over",
		[BAN_CLEARED] = "cleared",
		[BAN_MISTAKE] = "mistake",
		[BAN_OBSERVED] = "observed",
		[BAN_OBSERVED_OVER] = "observed",
		[BAN_HELD] = "held",
		[BAN_HELD_OVER] = "held",
	};
	const struct ban *ban = &row->ban;
	const int64_t now = page->view->now;
	const char *state = states[ban_state(ban, now)];
	struct section *item = section_item(page->root, list);

	put_net(item, &ban->who);
	section_text(item, VAR_REF, ban->ref);
	section_word(
	    item, VAR_REASON, "reason-name-", reason_name(ban->reason));
	section_number(item, VAR_COUNT, ban->hits);
	section_text(item, VAR_WORDS, ban->note);
	section_here(item, VAR_UNTIL, ban_over(ban));
	if (state != NULL) {
		section_word(item, VAR_STATE, "op-state-", state);
	}
	if (ban->step > 0) {
		section_number(item, VAR_STEP, ban->step);
	}
	if (ban_active(ban, now)) {
		section_duration(item, VAR_LEFT, ban->ends - now);
	}
	if (list == VAR_SUSPECTS) {
		section_number(item, VAR_ACCEPTED, row->accepted);
	} else {
		/* That of the address around it is not meant. */
		section_text(item, VAR_ACCEPTED, NULL);
	}
}

static void
put_bans(struct page *page)
{
	const struct operator_view *view = page->view;

	section_yes(page->root, VAR_BANS_THERE, true);
	section_yes(page->root, VAR_BANS_ANY, view->bans.count > 0);
	for (size_t i = 0; i < view->bans.count; i++) {
		put_ban(page, VAR_BANS, &view->ban[i]);
	}
	put_more(page, VAR_BANS_MORE, &view->bans);
}

static void
put_suspects(struct page *page)
{
	const struct operator_view *view = page->view;

	section_yes(page->root, VAR_SUSPECTS_ANY, view->suspects > 0);
	for (size_t i = 0; i < view->suspects; i++) {
		put_ban(page, VAR_SUSPECTS, &view->suspect[i]);
	}
}

static void
put_allow(struct section *root, const struct allow *allow)
{
	struct section *item = section_item(root, VAR_ALLOWED);

	put_net(item, &allow->net);
	section_text(item, VAR_WORDS, allow->note);
	if (allow->until != 0) {
		section_here(item, VAR_UNTIL, allow->until);
	}
}

static void
put_allowed(struct page *page)
{
	const struct operator_view *view = page->view;

	section_yes(page->root, VAR_ALLOWED_THERE, true);
	section_yes(page->root, VAR_ALLOWED_ANY, view->allows.count > 0);
	for (size_t i = 0; i < view->allows.count; i++) {
		put_allow(page->root, &view->allow[i]);
	}
	put_more(page, VAR_ALLOWED_MORE, &view->allows);
}

static void
put_changes(struct page *page)
{
	const struct operator_view *view = page->view;

	section_yes(page->root, VAR_CHANGES_THERE, true);
	section_yes(page->root, VAR_CHANGES_ANY, view->changes.count > 0);
	for (size_t i = 0; i < view->changes.count; i++) {
		const struct operator_change *change = &view->change[i];
		struct section *item = section_item(page->root, VAR_CHANGES);

		section_here(item, VAR_SINCE, change->at);
		section_text(item, VAR_NAME, change->who);
		section_text(item, VAR_CODE, change->what);
		section_text(item, VAR_NETWORK, change->subject);
		section_text(item, VAR_WORDS, change->note);
	}
	put_more(page, VAR_CHANGES_MORE, &view->changes);
}

/* ---- refused a day ---- */

static void
put_refused(struct page *page, const struct stats *stats)
{
	const struct page_axis *axis = page_axis_put(
	    page, stats->day[0].day, STORE_DAY, STATS_DAYS);

	section_yes(page->root, VAR_REFUSED, true);
	for (size_t cause = 0; cause < CAUSE_COUNT; cause++) {
		struct page_chart *chart = page_chart_new(page, 1, axis);
		struct section *row = section_item(page->root, VAR_REASONS);
		int64_t total = 0;

		for (size_t i = 0; i < STATS_DAYS; i++) {
			chart->value[0][i] = stats->day[i]
						 .sum[DAILY_REFUSED][cause];
			total += chart->value[0][i];
		}
		section_word(row, VAR_REASON, "reason-name-",
		    words_at(&cause_words, cause));
		section_number(row, VAR_TOTAL, total);
		page_chart_put(page, row, chart, NULL);
	}
	for (size_t i = STATS_DAYS; i-- > 0;) {
		const int64_t *sum = stats->day[i].sum[DAILY_REFUSED];
		struct section *row = section_item(page->root, VAR_ROWS);
		int64_t total = 0;

		section_text(row, VAR_REASONS, NULL);
		for (size_t cause = 0; cause < CAUSE_COUNT; cause++) {
			struct section *item;

			total += sum[cause];
			if (sum[cause] > 0) {
				item = section_item(row, VAR_REASONS);
				section_word(item, VAR_REASON, "reason-name-",
				    words_at(&cause_words, cause));
				section_number(item, VAR_COUNT, sum[cause]);
			}
		}
		section_moment(row, VAR_SINCE, stats->day[i].day);
		section_number(row, VAR_TOTAL, total);
	}
}

/* ---- one address ---- */

/* A command to paste; what stands in it is an address. */
static void
put_line(const struct page *page, const char *phrase, int ordinal,
    const char *before, const char *behind)
{
	struct section *item = section_item(page->root, VAR_LINES);
	char address[ADDR_TEXT_SIZE];
	char line[LINE_SIZE];

	(void)text_print(line, sizeof(line), "videur %s %s%s", before,
	    addr_format(&page->view->address, address), behind);
	section_word(item, VAR_LABEL, "op-line-", phrase);
	section_digits(item, VAR_ORDINAL, ordinal, 0);
	section_copy(item, VAR_WORDS, line);
}

static void
put_events(const struct page *page)
{
	const struct operator_address *about = &page->view->about;

	section_yes(page->root, VAR_OFFENCES_ANY, about->events > 0);
	for (size_t i = 0; i < about->events; i++) {
		const struct event_sum *sum = &about->event[i];
		struct section *item = section_item(page->root, VAR_OFFENCES);

		section_word(
		    item, VAR_OFFENCE, "offence-", kind_name(sum->kind));
		section_number(item, VAR_COUNT, sum->count);
		section_text(item, VAR_NAME, sum->source);
		section_here(item, VAR_SINCE, sum->first);
		section_here(item, VAR_UNTIL, sum->last);
	}
	section_length(page->root, VAR_MEMORY, page->view->conf->keep_tallies);
	section_number(page->root, VAR_SESSIONS, about->tally.sessions);
	section_number(page->root, VAR_MESSAGES, about->tally.messages);
	section_number(page->root, VAR_ACCEPTED, about->tally.accepted);
	section_number(page->root, VAR_RECIPIENTS, about->tally.recipients);
	section_word(page->root, VAR_REPUTATION, "op-reputation-",
	    reputation_name(about->repute.reputation));
	section_yes(page->root, VAR_FORWARDS, about->forwards);
}

static void
put_rules(const struct page *page)
{
	const struct operator_address *about = &page->view->about;

	for (size_t i = 0; i < page->policy->rules; i++) {
		const struct outlook *outlook = &about->outlook[i];
		struct section *row = section_item(page->root, VAR_ROWS);

		section_text(row, VAR_NAME, outlook->rule->name);
		section_text(row, VAR_NETWORK, NULL);
		section_number(row, VAR_COUNT, outlook->counted);
		if (outlook->need != INT64_MAX) {
			section_number(row, VAR_LEAST, outlook->need);
		}
		section_length(row, VAR_LENGTH, outlook->rule->within);
		section_number(row, VAR_ACCEPTED, outlook->accepted);
		if (outlook->next != 0) {
			section_number(row, VAR_STEP, outlook->steps + 1);
			section_length(row, VAR_NEXT, outlook->next);
		}
	}
	for (size_t i = 0; i < about->networks; i++) {
		const struct operator_network *network = &about->network[i];
		struct section *row = section_item(page->root, VAR_ROWS);

		section_text(row, VAR_NAME, network->rule);
		put_net(row, &network->net);
		section_number(row, VAR_COUNT, network->counted);
		section_number(row, VAR_LEAST, network->need);
		section_length(row, VAR_LENGTH, POLICY_WIDEN_WITHIN);
		section_text(row, VAR_ACCEPTED, NULL);
	}
}

static void
put_address(struct page *page)
{
	static const char *const verdicts[] = {
		[STANDING_CLEAR] = "clear",
		[STANDING_BANNED] = "banned",
		[STANDING_ALLOWED] = "allowed",
		[STANDING_NEVER] = "never",
	};
	const struct operator_view *view = page->view;
	const struct operator_address *about = &view->about;

	section_yes(page->root, VAR_FOUND, view->found);
	section_yes(page->root, VAR_UNKNOWN,
	    !view->found && view->q[0] != '\0' && view->why[0] == '\0');
	if (!view->found) {
		return;
	}
	section_word(page->root, VAR_VERDICT, "op-verdict-",
	    verdicts[about->standing.verdict]);
	if (about->client.bits != ADDR_BITS) {
		put_net(page->root, &about->client);
	}
	if (about->on_list) {
		put_allow(page->root, &about->allow);
	}
	put_bans(page);
	put_line(page, "explain", 1, "explain", "");
	put_line(page, "mistake", 2, "clear", " --mistake");
	put_line(page, "allow", 3, "allow add", "");
	put_events(page);
	put_rules(page);
}

/* ---- all of it ---- */

static void
put_links(struct page *page)
{
	static const struct {
		enum operator_part part;
		const char *word;
		const char *href;
	} links[] = {
		{ OPERATOR_OVERVIEW, "overview", "" },
		{ OPERATOR_BLOCKS, "blocks", "blocks" },
		{ OPERATOR_ALLOWED, "allowed", "allowed" },
		{ OPERATOR_CHANGES, "changes", "changes" },
		{ OPERATOR_ADDRESS, "address", NULL },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		const bool here = links[i].part == page->view->part;
		struct section *item;

		if (here) {
			section_word(page->root, VAR_HEADING, "op-heading-",
			    links[i].word);
		}
		if (links[i].href != NULL) {
			item = section_item(page->root, VAR_PAGES);
			section_text(item, VAR_HREF, links[i].href);
			section_word(item, VAR_LABEL, "op-nav-", links[i].word);
			section_yes(item, VAR_CURRENT, here);
		}
	}
}

void
page_operator_fill(struct page *page)
{
	const struct operator_view *view = page->view;
	const bool all = view->part == OPERATOR_OVERVIEW;
	char address[ADDR_TEXT_SIZE];

	put_links(page);
	if (view->why[0] != '\0') {
		section_text(page->root, VAR_FAILED, view->why);
	}
	if (view->found) {
		section_copy(
		    page->root, VAR_IP, addr_format(&view->address, address));
	}
	if (all) {
		put_state(page);
		put_suspects(page);
	}
	if (all || view->part == OPERATOR_BLOCKS) {
		section_yes(page->root, VAR_FOUND, view->found);
		put_bans(page);
	}
	if (all || view->part == OPERATOR_ALLOWED) {
		put_allowed(page);
	}
	if (all || view->part == OPERATOR_CHANGES) {
		put_changes(page);
	}
	if (view->part == OPERATOR_ADDRESS) {
		put_address(page);
	}
	if (all && page->stats != NULL) {
		put_refused(page, page->stats);
	}
}
