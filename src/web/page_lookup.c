/*
 * The page about an address: its bans, what was seen of it, and what to do.
 */
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/policy.h"
#include "core/standing.h"
#include "web/lookup.h"
#include "web/page.h"
#include "web/site.h"

enum {
	LINK_SIZE = REPLY_URL_MAX + ADDR_TEXT_SIZE + BAN_REF_SIZE + 16
};

/* ---- refs ---- */

const struct ban *
page_ref_ban(const struct standing *standing, const char *ref)
{
	char text[BAN_REF_SIZE];

	ref = proc_ref_read(ref, text);
	for (size_t i = 0; ref != NULL && i < standing->bans; i++) {
		if (strcmp(ref, standing->ban[i].ref) == 0) {
			return &standing->ban[i];
		}
	}
	return NULL;
}

/* ---- one ban ---- */

/* What follows a ban of that rule, which may be gone.  Another rule may ban for
 * the same reason, and longer. */
static void
put_next(struct section *section, const struct page *page,
    const struct ban *ban, const struct next_ban *next)
{
	const int64_t lasts = next->lasts;

	section_length(section, VAR_MEMORY, page->policy->memory);
	if (lasts > 0) {
		section_length(section, VAR_NEXT, lasts);
		section_yes(
		    section, VAR_SAME, lasts == ban->ends - ban->begins);
	}
	if (next->most > lasts) {
		section_length(section, VAR_AT_MOST, next->most);
	}
}

/* The steps of the rule, where this ban is among them, and the next. */
static void
put_schedule(const struct page *page, struct section *section,
    const struct ban *ban, const struct next_ban *next)
{
	const struct rule *rule = policy_rule(page->policy, ban->rule);
	const int64_t steps = rule != NULL ? (int64_t)rule->steps : 0;
	/* The last stands for all that follow. */
	const int64_t here = ban->step > steps ? steps : ban->step;

	if (ban->step == 0) {
		return; /* of no row */
	}
	section_number(section, VAR_STEP, ban->step);
	if (next != NULL) {
		put_next(section, page, ban, next);
	}
	for (int64_t step = 1; steps > 1 && step <= steps; step++) {
		struct section *item = section_item(section, VAR_STEPS);

		section_length(item, VAR_LENGTH, policy_duration(rule, step));
		section_number(item, VAR_ORDINAL, step);
		section_yes(item, VAR_LAST, step == steps);
		section_yes(item, VAR_DONE, step < here);
		section_yes(item, VAR_NOW, step == here);
		section_yes(item, VAR_NEXT,
		    next != NULL && step == next->step && step > here);
	}
	if (steps == 1) {
		section_length(section, VAR_EVERY, rule->ban[0]);
	}
}

static void
put_times(struct section *section, const struct ban *ban)
{
	section_moment(section, VAR_UNTIL, ban->ends);
	section_end(section, VAR_UNTIL_LOCAL, ban->ends);
	section_here(section, VAR_SINCE, ban->begins);
}

const char *
page_reason(const struct ban *ban)
{
	return words_at(&cause_words, (size_t)ban_cause(ban));
}

/* The kinds that the ban is for: what is known of its cause, else the rule's, or
 * where that is gone those that its reason may be for. */
static uint32_t
kinds_of(const struct page *page, const struct ban *ban, const struct why *why)
{
	const struct rule *rule = policy_rule(page->policy, ban->rule);

	if (ban_is_manual(ban)) {
		return 0;
	}
	if (why != NULL && why->kinds != 0) {
		return why->kinds;
	}
	return rule != NULL ? rule->kinds : reason_kinds(ban->reason);
}

/* What was counted, with its numbers where they are known; else what the rule
 * counts. */
static void
put_counted(struct section *section, const struct why *why, uint32_t kinds)
{
	if (why != NULL && (why->known || why->together > 0)) {
		section_length(section, VAR_WITHIN, why->within);
	}
	if (why != NULL && why->together > 0) {
		section_number(section, VAR_TOTAL, why->together);
	}
	if (why != NULL && why->known) {
		page_counts_put(section, why->count);
		return;
	}
	section_yes(section, VAR_PARTLY, why != NULL && why->kinds != 0);
	page_set_put(
	    section, VAR_OFFENCES, VAR_OFFENCE, "offence-", &kind_words, kinds);
}

/* Errors are of many kinds; where it was one alone that is named. */
static void
put_why(const struct page *page, struct section *section, const struct ban *ban,
    uint32_t kinds)
{
	const struct rule *rule = policy_rule(page->policy, ban->rule);
	const char *reason = page_reason(ban);

	section_yes(section, VAR_ONCE, rule != NULL && rule->limit == 1);
	section_word(section, VAR_REASON, "reason-", reason);
	if (ban->reason == REASON_ERROR && kinds != 0 &&
	    (kinds & (kinds - 1)) == 0) {
		section_word(section, VAR_WHY, "why-",
		    kind_name((enum kind)(ffs((int)kinds) - 1)));
	} else {
		section_word(section, VAR_WHY, "reason-why-", reason);
	}
}

static const struct why *
why_of(const struct page *page, const struct ban *ban)
{
	return page->bans != NULL ? &page->bans->why[ban - page->standing->ban]
				  : NULL;
}

/* What the administrator gave as its reason, and says of it. */
static void
put_by_hand(struct section *section, const struct ban *ban)
{
	if (!ban_is_manual(ban)) {
		return;
	}
	if (ban->reason != REASON_ERROR) { /* which stands for none */
		section_word(section, VAR_GIVEN, "reason-name-",
		    reason_name(ban->reason));
	}
	section_text(section, VAR_SAY, ban->say[0] != '\0' ? ban->say : NULL);
}

/* Whether one can say to whom one writes before it refuses: the postmaster is
 * open to all then. */
static bool
reaches_rcpt(const struct page *page, const struct ban *ban)
{
	return ban->stage == STAGE_RCPT &&
	       (ban->hits < BAN_HITS_TO_MAIL ||
		   conf_names_open(page->site->conf));
}

static void
put_ban(const struct page *page, const struct ban *ban, bool open, bool asked,
    const char *reply)
{
	const struct next_ban
	    *next = page->bans != NULL
			? &page->bans->next[ban - page->standing->ban]
			: NULL;
	const struct why *why = why_of(page, ban);
	const uint32_t kinds = kinds_of(page, ban, why);
	struct section *item = section_item(page->root, VAR_BANS);
	char network[NET_TEXT_SIZE];
	char anchor[REPLY_OWN_SIZE];

	put_why(page, item, ban, kinds);
	section_copy(item, VAR_ANCHOR,
	    ban_is_manual(ban) ? "by-hand" : page_anchor(&ban->reply, anchor));
	put_by_hand(item, ban);
	section_word(item, VAR_SERVICE,
	    reaches_rcpt(page, ban) ? "service-" : "service-all-",
	    service_name(ban->service));
	section_yes(item, VAR_OPEN, open);
	section_yes(item, VAR_ASKED, asked);
	section_yes(item, VAR_AUTOMATIC, !ban_is_manual(ban));
	section_text(item, VAR_REF, page->sees || asked ? ban->ref : NULL);
	if (ban->who.bits != ADDR_BITS) {
		section_copy(item, VAR_NETWORK, net_format(&ban->who, network));
		section_yes(item, VAR_WIDE,
		    !ban_is_manual(ban) && ban_network(ban, network) != NULL);
	}
	section_text(item, VAR_REPLY,
	    standing_heard(page->standing, ban) ? reply : NULL);
	if (page->standing->bans > 1) {
		put_times(item, ban);
	}
	put_schedule(page, item, ban, next);
	put_counted(item, why, kinds);
}

/* ---- what was seen, hour by hour ---- */

static void
put_hours(struct page *page, const struct lookup_hours *hours)
{
	static const struct chart_words phrases = { "seen", "seen-title",
		"seen-description" };
	struct section *root = page->root;
	struct page_chart *chart = page_chart_new(page, 2,
	    page_axis_put(page, hours->from, LOOKUP_HOUR, LOOKUP_HOURS));

	for (size_t i = 0; i < LOOKUP_HOURS; i++) {
		const struct tally *hour = &hours->hour[i];
		int64_t bad = 0;
		struct section *row;

		for (int kind = 0; kind < KIND_COUNT; kind++) {
			bad += hour->kind[kind];
		}
		chart->value[0][i] = bad;
		chart->value[1][i] = hour->accepted;
		/* The same in words, where there was anything. */
		if (bad > 0 || hour->accepted > 0) {
			row = section_item(root, VAR_HOUR_ROWS);
			section_here(row, VAR_HOUR_FROM,
			    hours->from + (int64_t)i * LOOKUP_HOUR);
			section_number(row, VAR_ACCEPTED, hour->accepted);
			section_number(row, VAR_TOTAL, bad);
			page_counts_put(row, hour->kind);
		}
	}
	/* In words alone: a number would only be haggled about. */
	section_word(root, VAR_REPUTATION, "reputation-",
	    hours->bans > 0 ? "blocked" : reputation_name(hours->reputation));
	section_yes(root, VAR_AGAIN, hours->bans > 1);
	if (chart_highest(&chart->columns) == 0) {
		section_yes(root, VAR_HOURS_NONE, true);
		return;
	}
	chart->columns.name[0] = page_words(page, "key-bad");
	chart->columns.name[1] = page_words(page, "key-good");
	/* For the zone, which the axis names. */
	section_here(root, VAR_HOUR_FROM, hours->from);
	page_chart_put(page, section_item(root, VAR_HOURS), chart, &phrases);
}

/* ---- what to send to the contact ---- */

/* A link that opens a mail. */
struct mail {
	const char *to;
	const char *subject;
	const char *body;
};

static void
write_mailto(const void *what, struct text *out)
{
	const struct mail *mail = what;

	text_add(out, "mailto:");
	template_escape(out, mail->to, strlen(mail->to));
	text_add(out, "?subject=");
	page_encode(out, mail->subject, "");
	text_add(out, "&amp;body=");
	page_encode(out, mail->body, "%0D%0A");
}

/* A text that is NULL did not fit. */
static void
put_mailto(struct page *page, enum variable_name name, const struct mail *mail)
{
	struct mail *copy = page_data_room(page->data, sizeof(*copy));

	if (copy != NULL && mail->subject != NULL && mail->body != NULL) {
		*copy = *mail;
		section_write(page->root, name, write_mailto, copy);
	}
}

/* The page itself, for others to open; without the site's URL relative to it.
 * With the ref that the visitor brought, or may see. */
static void
put_link(const struct page *page, const char *ip)
{
	const struct standing *standing = page->standing;
	char *link = page_data_room(page->data, LINK_SIZE);
	const struct ban *ban = page_ref_ban(standing, page->ref);
	struct text out;

	if (link == NULL) {
		return;
	}
	if (ban == NULL && page->past != NULL) {
		ban = &page->past->ban;
	} else if (ban == NULL && page->sees && standing->bans > 0) {
		ban = &standing->ban[0];
	}
	text_init(&out, link, LINK_SIZE);
	text_add(&out, page->site->conf->lookup_url);
	text_add(&out, "?ip=");
	text_add(&out, ip);
	if (ban != NULL) {
		text_add(&out, "&ref=");
		text_add(&out, ban->ref);
	}
	section_text(page->root, VAR_LINK, link);
}

/* The five facts: those we know, and blanks for the others; and what is to be
 * sent to one's provider. */
static void
put_report(struct page *page, const struct ban *ban, const char *reply)
{
	struct section *root = page->root;
	const char *contact = page->site->conf->contact;
	char refused_at[TIME_TEXT_SIZE];
	const char *body;

	section_text(root, VAR_REPLY, reply);
	/* When it was last refused is for those who were there. */
	if (page->sees && ban->told > 0) {
		section_copy(root, VAR_REPORT_TIME,
		    text_from_time(ban->told, refused_at));
	}
	body = page_words(page, "report.txt");
	if (body == NULL) {
		return;
	}
	section_lines(root, VAR_REPORT, body);
	if (contact[0] != '\0') {
		put_mailto(page, VAR_MAILTO,
		    &(struct mail){
			contact, page_words(page, "report-subject"), body });
	}
	put_mailto(page, VAR_SHARE,
	    &(struct mail){ "", page_words(page, "share-subject"),
		page_words(page, "share.txt") });
}

/* ---- a ban that is over ---- */

/* What it was for, and what the next one comes to. */
static void
put_past(struct page *page, const struct lookup_past *past)
{
	const struct ban *ban = &past->ban;
	const int64_t over = ban_over(ban);
	const uint32_t kinds = kinds_of(page, ban, &past->why);
	struct section *item = section_item(page->root, VAR_ENDED);

	section_end(item, VAR_UNTIL, over);
	section_duration(item, VAR_AGO, page->standing->checked_at - over);
	section_yes(item, VAR_LIFTED, over < ban->ends);
	section_yes(item, VAR_TEMPORARY, ban_reply(ban)->code[0] == '4');
	put_why(page, item, ban, kinds);
	put_by_hand(item, ban);
	section_yes(item, VAR_MISTAKE, ban->mistake);
	put_next(item, page, ban, &past->next);
	put_counted(item, &past->why, kinds);
	page_set_put(item, VAR_FIXES, VAR_FIX, "fix-", &kind_words, kinds);
}

/* ---- the whole ---- */

/* Whether the message has to be sent again, by what a sender hears now, where
 * this ban refuses: another that ends later may be heard in its place, and hold
 * on. */
static void
put_again(struct section *root, const struct standing *standing,
    const struct ban *main)
{
	const struct ban *heard = main;
	const struct ban *last = main;

	for (size_t i = standing->bans; i-- > 0;) {
		const struct ban *ban = &standing->ban[i];

		if (standing_speaks(standing, ban, main->service) <
		    STAGE_COUNT) {
			heard = ban;
		}
		if (ban->ends > last->ends &&
		    (ban->service == main->service ||
			ban->service == SERVICE_ANY ||
			main->service == SERVICE_ANY)) {
			last = ban;
		}
	}
	section_yes(root, VAR_TEMPORARY, ban_reply(heard)->code[0] == '4');
	if (last != main) {
		section_end(root, VAR_AFTER, last->ends);
	}
}

/* The one that was asked for stands first; else the one that ends last. */
static void
put_listed(struct page *page)
{
	const struct standing *standing = page->standing;
	const struct ban *asked = page_ref_ban(standing, page->ref);
	const struct ban *main = asked != NULL ? asked : &standing->ban[0];
	const size_t place = (size_t)(main - standing->ban);
	const int64_t left = main->ends - standing->checked_at;
	const char *main_reply = NULL;
	struct section *root = page->root;
	char ip[ADDR_TEXT_SIZE];
	uint32_t kinds = 0;
	bool automatic = false;
	bool by_hand = false;

	(void)addr_format(&standing->address, ip);
	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = i == 0
					    ? main
					    : &standing->ban[i - (i <= place)];
		char network[NET_TEXT_SIZE];
		/* What is refused with it now. */
		char *reply = page_data_room(page->data, REPLY_TEXT_SIZE);

		if (reply != NULL) {
			(void)reply_line(ban_reply(ban), ip,
			    ban_network(ban, network), ban->ends,
			    page->site->conf->lookup_url,
			    page->sees || ban == asked ? ban->ref : NULL,
			    reply);
		}
		put_ban(page, ban, i == 0, ban == asked, reply);
		kinds |= kinds_of(page, ban, why_of(page, ban));
		automatic = automatic || !ban_is_manual(ban);
		by_hand = by_hand || ban_is_manual(ban);
		main_reply = i == 0 ? reply : main_reply;
	}
	section_yes(root, VAR_LISTED, true);
	section_yes(root, VAR_MANY, standing->bans > 1);
	if (place > 0) {
		section_end(root, VAR_FREE, standing->ban[0].ends);
	}
	section_yes(root, VAR_AUTOMATIC, automatic);
	section_yes(root, VAR_BY_HAND, by_hand);
	section_yes(root, VAR_LOGIN,
	    standing->bans == 1 && !by_hand && main->reason == REASON_AUTH);
	put_again(root, standing, main);
	section_word(root, VAR_LEAD, "lead-", service_name(main->service));
	put_times(root, main);
	section_left(root, VAR_LEFT, left);
	section_digits(root, VAR_LEFT_SECONDS, left, 0);
	page_bar_put(root, VAR_SERVED, standing->checked_at - main->begins,
	    main->ends - main->begins);
	page_set_put(root, VAR_FIXES, VAR_FIX, "fix-", &kind_words, kinds);
	if (page->hours != NULL) {
		put_hours(page, page->hours);
	}
	put_report(page, main, main_reply);
}

/* An address that is longer than a line may be broken behind a colon, and
 * nowhere else; style.css keeps any other in one piece. */
void
page_write_breakable(const void *ip, struct text *out)
{
	const bool v6 = strchr(ip, ':') != NULL;

	text_add(out, v6 ? "<span class=\"address\">" : "");
	for (const char *c = ip; *c != '\0'; c++) {
		text_add_char(out, *c);
		text_add(out, *c == ':' ? "<wbr>" : "");
	}
	text_add(out, v6 ? "</span>" : "");
}

void
page_form_fill(struct page *page)
{
	const struct standing *standing = page->standing;
	char ip[ADDR_TEXT_SIZE];
	char text[BAN_REF_SIZE];
	const char *ref = proc_ref_read(page->ref, text);
	struct section *own;

	/* Of no block that is known, else the page were about its address. */
	section_yes(page->root, VAR_GONE, page->ref != NULL);
	if (ref != NULL) {
		section_copy(page->root, VAR_REF, ref);
	}
	if (standing != NULL) {
		own = section_item(page->root, VAR_OWN);
		section_copy(own, VAR_IP, addr_format(&standing->address, ip));
		section_here(own, VAR_LOOKED_UP, standing->checked_at);
	}
}

void
page_lookup_fill(struct page *page)
{
	const struct standing *standing = page->standing;
	struct section *root = page->root;
	char *ip = page_data_room(page->data, ADDR_TEXT_SIZE);
	char text[BAN_REF_SIZE];
	const char *ref = proc_ref_read(page->ref, text);

	if (ip == NULL) {
		return;
	}
	section_text(root, VAR_IP, addr_format(&standing->address, ip));
	section_write(
	    section_item(root, VAR_SHOWN), VAR_IP, page_write_breakable, ip);
	put_link(page, ip);
	if (ref != NULL) {
		section_copy(root, VAR_REF, ref);
	}
	section_here(root, VAR_LOOKED_UP, standing->checked_at);
	section_yes(root, VAR_OWN, page->own);
	section_yes(root, VAR_FRONT, page->own && page->ref == NULL);
	section_yes(root, VAR_GONE,
	    page->ref != NULL && page_ref_ban(standing, page->ref) == NULL &&
		page->past == NULL);
	if (page->past != NULL) {
		put_past(page, page->past);
	}
	section_word(root, VAR_HEADING, standing->bans > 0 ? "listed" : "clear",
	    "-heading");
	section_yes(root, VAR_CLEAR, standing->bans == 0);
	if (standing->bans > 0) {
		put_listed(page);
	}
}
