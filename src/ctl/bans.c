#include "ctl/ctl.h"

#include <inttypes.h>

#include "base/text.h"
#include "core/standing.h"
#include "engine/engine.h"

enum {
	DETAIL_SIZE = 512
};

/* ---- one ban ---- */

/* Of one that the brake held back, that it did. */
static const char *
state_of(const struct ban *ban, int64_t now)
{
	bool over = now >= ban->ends;

	if (ban->mistake) {
		return "mistake";
	}
	if (ban->cleared != 0) {
		return "cleared";
	}
	if (!ban->observed) {
		return over ? "over" : "active";
	}
	if (ban->honest) {
		return over ? "held, over" : "held by the brake";
	}
	return over ? "observed, over" : "observed";
}

/* "rule manual, by hand" or "rule spam, step 2"; returns `text`. */
static char *
rule_text(const struct ban *ban, char text[static DETAIL_SIZE])
{
	if (ban->step == 0) {
		(void)snprintf(
		    text, DETAIL_SIZE, "rule %s, by hand", ban->rule);
	} else {
		(void)snprintf(text, DETAIL_SIZE, "rule %s, step %d", ban->rule,
		    ban->step);
	}
	return text;
}

void
bans_row(struct ctl *ctl, const struct ban *ban, const struct addr *address)
{
	struct output *out = &ctl->out;
	const char *state = state_of(ban, ctl->now);
	bool active = ban_active(ban, ctl->now) && !ban->observed;
	char who[NET_TEXT_SIZE];
	char reply[REPLY_TEXT_SIZE];
	char rule[DETAIL_SIZE];
	char left[OUTPUT_TIME_SIZE];

	output_row(out);
	if (address != NULL) {
		addr_format(address, who);
	} else {
		output_string(out, "client", net_format(&ban->who, who));
	}
	output_string(out, "reason", reason_name(ban->reason));
	output_string(out, "rule", ban->rule);
	output_int(out, "step", ban->step);
	output_time(out, "begins", ban->begins);
	output_time(out, "ends", ban->ends);
	if (address == NULL) {
		output_time(out, "cleared", ban->cleared);
		output_bool(out, "observed", ban->observed);
	}
	output_string(out, "ref", ban->ref);
	if (address == NULL) {
		output_int(out, "hits", ban->hits);
		output_string(out, "note", ban->note);
	}
	output_string(out, "reply",
	    reply_line(ban_reply(ban), who, ban->ends, ctl->conf->lookup_url,
		ban->ref, reply));
	if (out->format == OUTPUT_TEXT) {
		output_cell(out, "detail", "%s, %s%s%s", rule_text(ban, rule),
		    who, ban->note[0] != '\0' ? ": " : "", ban->note);
		output_cell(out, "state", "%s", state);
		output_time(out, "until", ban_over(ban));
		output_cell(out, "left", "%s",
		    active ? output_short_duration(ban->ends - ctl->now, left)
			   : state);
	}
	output_end(out);
}

void
bans_began(struct ctl *ctl, const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];
	char rule[DETAIL_SIZE];

	output_say(&ctl->out, "%s %s until %s: reason %s, %s (ref %s)%s",
	    ban->observed ? "observed" : "banned", net_format(&ban->who, who),
	    output_time_text(ban->ends, until), reason_name(ban->reason),
	    rule_text(ban, rule), ban->ref,
	    ctl->now >= ban->ends ? ", over already" : "");
}

/* ---- a standing in words ---- */

/* Add where a ban refuses sessions of one service, if another that ends later
 * does not refuse them first. */
static void
add_stage(struct text *to, const struct standing *standing,
    const struct ban *ban, enum service service)
{
	static const char *const commands[] = {
		[STAGE_HELO] = "HELO",
		[STAGE_MAIL] = "MAIL FROM",
		[STAGE_RCPT] = "RCPT TO",
	};

	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		struct session_facts facts = {
			.service = service,
			.stage = (enum stage)stage,
		};

		if (standing_refusal(standing, &facts) == ban) {
			text_addf(to, "%s at %s, %s",
			    to->len > 0 ? " and" : "refused", commands[stage],
			    service == SERVICE_MX ? "port 25" : "submission");
			return;
		}
	}
}

static void
say_banned(
    struct ctl *ctl, const struct standing *standing, const struct ban *ban)
{
	char address[ADDR_TEXT_SIZE];
	char who[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];
	char left[DURATION_TEXT_SIZE];
	char rule[DETAIL_SIZE];
	char where[DETAIL_SIZE];
	struct text text;
	bool whole = ban->who.bits == ADDR_BITS;

	text_init(&text, where, sizeof(where));
	add_stage(&text, standing, ban, SERVICE_MX);
	add_stage(&text, standing, ban, SERVICE_SUBMISSION);
	if (text.len == 0) {
		text_add(&text, "covered by the longer ban above");
	}
	output_say(&ctl->out,
	    "%s is banned until %s (%s left): reason %s, %s, ref %s%s%s; %s",
	    addr_format(&standing->address, address),
	    output_time_text(ban->ends, until),
	    text_from_duration(ban->ends - standing->checked_at, left),
	    reason_name(ban->reason), rule_text(ban, rule), ban->ref,
	    whole ? "" : ", together with all of ",
	    whole ? "" : net_format(&ban->who, who), where);
}

void
bans_standing(struct ctl *ctl, const struct standing *standing)
{
	struct output *out = &ctl->out;
	char address[ADDR_TEXT_SIZE];
	char net[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];
	struct allow allow;

	addr_format(&standing->address, address);
	switch (standing->verdict) {
	case STANDING_CLEAR:
		output_say(out, "%s is clear", address);
		break;
	case STANDING_BANNED:
		for (size_t i = 0; i < standing->bans; i++) {
			say_banned(ctl, standing, &standing->ban[i]);
		}
		break;
	case STANDING_ALLOWED:
		if (!store_allow_find(
			ctl->store, &standing->address, ctl->now, &allow)) {
			output_say(out,
			    "%s is allowed: by the configuration, or as one of "
			    "this host's own",
			    address);
			break;
		}
		output_say(out,
		    "%s is allowed: %s is on the allow list%s%s%s%s", address,
		    net_format(&allow.net, net),
		    allow.until != 0 ? " until " : "",
		    allow.until != 0 ? output_time_text(allow.until, until)
				     : "",
		    allow.note[0] != '\0' ? ": " : "", allow.note);
		break;
	case STANDING_NEVER:
		output_say(out,
		    "%s is never banned: it lies in a private or reserved "
		    "range",
		    address);
		break;
	}
}

/* ---- list ---- */

static const struct layout listed = {
	.column = {
	    { "client", "ADDRESS", 0, 0 },
	    { "reason", "REASON", 0, 0 },
	    { "rule", NULL, 0, 0 },
	    { "step", "STEP", COLUMN_RIGHT, 0 },
	    { "begins", NULL, 0, 0 },
	    { "ends", NULL, 0, 0 },
	    { "until", "UNTIL", COLUMN_PEOPLE, 0 },
	    { "left", "LEFT", COLUMN_PEOPLE | COLUMN_RIGHT, 0 },
	    { "cleared", NULL, 0, 0 },
	    { "observed", NULL, 0, 0 },
	    { "ref", "REF", 0, 0 },
	    { "hits", "HITS", COLUMN_RIGHT, 0 },
	    { "note", "NOTE", COLUMN_WRAP, 0 },
	    { "reply", NULL, 0, 0 },
	},
};

struct listing {
	struct ctl *ctl;
	int64_t active;
	int64_t observed; /* of the active ones */
};

static bool
put_ban(void *to, const struct ban *ban)
{
	struct listing *listing = to;
	bool active = ban_active(ban, listing->ctl->now);

	listing->active += active;
	listing->observed += active && ban->observed;
	bans_row(listing->ctl, ban, NULL);
	return true;
}

enum exit_status
list_show(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	bool reason = args_given(args, OPTION_REASON);
	bool all = args_given(args, OPTION_ALL);
	const struct ban_query query = {
		.scope = BAN_ANYBODY,
		.active_at = all ? INT64_MIN : ctl->now,
		.observed = true,
		.reason = reason ? &args->reason : NULL,
	};
	struct output *out = &ctl->out;
	struct listing listing = { .ctl = ctl };
	int64_t rows;
	char bans[OUTPUT_COUNT_SIZE];

	output_table(out, NULL, &listed);
	store_ban_each(ctl->store, &query, put_ban, &listing);
	if (!ctl_well(ctl, store_status(ctl->store))) {
		return EXIT_DATABASE;
	}
	rows = output_end(out);
	output_count(rows, "ban", "bans", bans);
	if (rows == 0) {
		output_say(out, "nobody is banned%s%s%s", reason ? " for " : "",
		    reason ? reason_name(args->reason) : "",
		    all ? ", and nobody was" : "");
	} else if (listing.observed > 0) {
		output_say(out,
		    "%s, %" PRId64 " active (%" PRId64 " only observed)", bans,
		    listing.active, listing.observed);
	} else {
		output_say(out, "%s, %" PRId64 " active", bans, listing.active);
	}
	return rows > 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- check ---- */

/* In words, and as the page's JSON has it. */
enum exit_status
list_check(struct ctl *ctl)
{
	struct output *out = &ctl->out;
	struct standing standing;
	bool banned;

	store_read(ctl->store);
	engine_standing(
	    ctl->store, ctl->conf, &ctl->args.address, ctl->now, &standing);
	if (store_status(ctl->store) == STORE_OK) {
		bans_standing(ctl, &standing);
	}
	if (!ctl_well(ctl, store_read_end(ctl->store))) {
		return EXIT_DATABASE;
	}
	banned = standing.verdict == STANDING_BANNED;
	output_object(out, NULL, NULL);
	output_addr(out, "ip", &standing.address);
	output_bool(out, "listed", banned);
	output_table(out, "bans", NULL);
	for (size_t i = 0; i < standing.bans; i++) {
		bans_row(ctl, &standing.ban[i], &standing.address);
	}
	output_end(out);
	output_time(out, "checked_at", standing.checked_at);
	output_end(out);
	return banned ? EXIT_NO : EXIT_FINE;
}
