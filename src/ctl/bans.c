#include "ctl/bans.h"

#include <stdio.h>

#include "base/text.h"
#include "ctl/ctl.h"

enum {
	DETAIL_SIZE = 512
};

const char *
bans_state(const struct ban *ban, int64_t now)
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

/* "rule manual, by hand" or "rule spam, step 2". */
static void
add_rule(struct text *to, const struct ban *ban)
{
	text_addf(to, "rule %s, ", ban->rule);
	if (ban->step == 0) {
		text_add(to, "by hand");
	} else {
		text_addf(to, "step %d", ban->step);
	}
}

void
bans_row(struct ctl *ctl, const struct ban *ban)
{
	struct output *out = &ctl->out;
	const char *state = bans_state(ban, ctl->now);
	char who[NET_TEXT_SIZE];
	char reply[REPLY_TEXT_SIZE];
	char detail[DETAIL_SIZE];
	char time[OUTPUT_TIME_SIZE];
	struct text text;

	net_format(&ban->who, who);
	output_row(out);
	output_string(out, "client", who);
	output_string(out, "reason", reason_name(ban->reason));
	output_string(out, "rule", ban->rule);
	output_int(out, "step", ban->step);
	output_time(out, "begins", ban->begins);
	output_time(out, "ends", ban->ends);
	output_time(out, "cleared", ban->cleared);
	output_bool(out, "observed", ban->observed);
	output_string(out, "ref", ban->ref);
	output_int(out, "hits", ban->hits);
	output_string(out, "note", ban->note);
	output_string(out, "reply",
	    reply_line(ban_reply(ban), who, ban->ends, ctl->conf->lookup_url,
		ban->ref, reply));
	if (out->format == OUTPUT_TEXT) {
		bool active = ban_active(ban, ctl->now) && !ban->observed;

		text_init(&text, detail, sizeof(detail));
		add_rule(&text, ban);
		text_addf(&text, ", %s%s%s", who,
		    ban->note[0] != '\0' ? ": " : "", ban->note);
		output_cell(out, "detail", "%s", detail);
		output_cell(out, "state", "%s", state);
		output_time(out, "until", ban_over(ban));
		output_cell(out, "left", "%s",
		    active ? output_short_duration(ban->ends - ctl->now, time)
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
	struct text text;

	text_init(&text, rule, sizeof(rule));
	add_rule(&text, ban);
	output_say(&ctl->out, "%s %s until %s: reason %s, %s (ref %s)%s",
	    ban->observed ? "observed" : "banned", net_format(&ban->who, who),
	    output_time_text(ban->ends, until), reason_name(ban->reason), rule,
	    ban->ref, ctl->now >= ban->ends ? ", over already" : "");
}

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

	text_init(&text, rule, sizeof(rule));
	add_rule(&text, ban);
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
	    reason_name(ban->reason), rule, ban->ref,
	    whole ? "" : ", together with all of ",
	    whole ? "" : net_format(&ban->who, who), where);
}

static void
say_allowed(struct ctl *ctl, const char *address, const struct allow *allow)
{
	char net[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];

	if (allow == NULL) {
		output_say(&ctl->out,
		    "%s is allowed: by the configuration, or as one of this "
		    "host's own",
		    address);
		return;
	}
	output_say(&ctl->out, "%s is allowed: %s is on the allow list%s%s%s%s",
	    address, net_format(&allow->net, net),
	    allow->until != 0 ? " until " : "",
	    allow->until != 0 ? output_time_text(allow->until, until) : "",
	    allow->note[0] != '\0' ? ": " : "", allow->note);
}

void
bans_standing(
    struct ctl *ctl, const struct standing *standing, const struct allow *allow)
{
	char address[ADDR_TEXT_SIZE];

	addr_format(&standing->address, address);
	switch (standing->verdict) {
	case STANDING_CLEAR:
		output_say(&ctl->out, "%s is clear", address);
		break;
	case STANDING_BANNED:
		for (size_t i = 0; i < standing->bans; i++) {
			say_banned(ctl, standing, &standing->ban[i]);
		}
		break;
	case STANDING_ALLOWED:
		say_allowed(ctl, address, allow);
		break;
	case STANDING_NEVER:
		output_say(&ctl->out,
		    "%s is never banned: it lies in a private or reserved "
		    "range",
		    address);
		break;
	}
}
