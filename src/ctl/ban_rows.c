#include <inttypes.h>

#include "base/text.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

enum {
	WHERE_SIZE = 128
};

/* ---- one ban ---- */

struct ban_row {
	struct ban ban;
	int64_t until;
	const char *left;
	const char *state;
	const char *which; /* "2", or "hand" */
	const char *detail;
	const char *words;
	const char *reply;
};

const struct layout bans_layout = {
	.column = {
	    { "client", OF(ban_row, ban.who), "ADDRESS", COLUMN_SECRET },
	    { "reason", OF(ban_row, ban.reason), "REASON", 0 },
	    { "rule", OF(ban_row, ban.rule), "RULE", 0 },
	    { "step", OF(ban_row, ban.step), NULL, 0 },
	    { "which", OF(ban_row, which), "STEP", COLUMN_RIGHT | COLUMN_PEOPLE },
	    { "begins", OF(ban_row, ban.begins), "SINCE", COLUMN_TIME },
	    { "ends", OF(ban_row, ban.ends), NULL, COLUMN_TIME },
	    { "until", OF(ban_row, until), "UNTIL", COLUMN_TIME | COLUMN_PEOPLE },
	    { "left", OF(ban_row, left), "LEFT", COLUMN_RIGHT | COLUMN_PEOPLE },
	    { "cleared", OF(ban_row, ban.cleared), NULL, COLUMN_TIME | COLUMN_SECRET },
	    { "observed", OF(ban_row, ban.observed), NULL, COLUMN_SECRET },
	    { "ref", OF(ban_row, ban.ref), "REF", 0 },
	    { "hits", OF(ban_row, ban.hits), "HITS", COLUMN_RIGHT | COLUMN_SECRET },
	    { "state", OF(ban_row, state), "STATE", COLUMN_PEOPLE },
	    { "note", OF(ban_row, ban.note), NULL, COLUMN_SECRET },
	    { "words", OF(ban_row, words), "NOTE", COLUMN_WRAP | COLUMN_PEOPLE },
	    { "detail", OF(ban_row, detail), "", COLUMN_WRAP | COLUMN_PEOPLE },
	    { "reply", OF(ban_row, reply), "REPLY", 0 },
	},
	.shown = " client reason which until left ref hits words ",
};

static const char *const states[BAN_STATES] = {
	[BAN_ACTIVE] = "active",
	[BAN_OVER] = "over",
	[BAN_CLEARED] = "cleared",
	[BAN_MISTAKE] = "mistake",
	[BAN_OBSERVED] = "observed",
	[BAN_OBSERVED_OVER] = "observed, over",
	[BAN_HELD] = "held by the brake",
	[BAN_HELD_OVER] = "held, over",
};

/* The same where there is little room, and "until" says whether it is over. */
static const char *const short_states[BAN_STATES] = {
	[BAN_ACTIVE] = "later",
	[BAN_OVER] = "over",
	[BAN_CLEARED] = "cleared",
	[BAN_MISTAKE] = "mistake",
	[BAN_OBSERVED] = "observed",
	[BAN_OBSERVED_OVER] = "observed",
	[BAN_HELD] = "held",
	[BAN_HELD_OVER] = "held",
};

/* "rule manual, by hand" or "rule spam, step 2". */
static const char *
rule_text(const struct ban *ban)
{
	return ban_is_manual(ban)
		   ? piece("rule %s, by hand", ban->rule)
		   : piece("rule %s, step %d", ban->rule, ban->step);
}

/* Who bans for a hundred years means forever. */
const char *
bans_left(const struct ban *ban, int64_t now)
{
	const int64_t left = ban->ends - now;

	return !ban_active(ban, now) || ban->observed
		   ? short_states[ban_state(ban, now)]
	       : left > INT64_C(50) * 365 * STORE_DAY ? "forever"
						      : piece_short(left);
}

/* What it says to everybody, and the note. */
static const char *
words_of(const struct ban *ban)
{
	return ban->say[0] == '\0'
		   ? ban->note
		   : piece("says \"%s\"%s%s", ban->say,
			 ban->note[0] != '\0' ? "; " : "", ban->note);
}

void
bans_fields(struct ctl *ctl, const struct ban *ban, const struct addr *address,
    const char *story)
{
	const char *who = address != NULL ? piece_addr(address)
					  : piece_net(&ban->who);
	const char *state = states[ban_state(ban, ctl->now)];
	char text[NET_TEXT_SIZE];
	const char *network = address != NULL ? ban_network(ban, text) : NULL;
	char reply[REPLY_TEXT_SIZE];
	const char *words = words_of(ban);
	const struct ban_row row = {
		.ban = *ban,
		.until = ban_over(ban),
		.left = bans_left(ban, ctl->now),
		.state = state,
		.which = ban_is_manual(ban) ? "hand" : piece("%d", ban->step),
		.detail = !output_shows("detail")
			      ? ""
			      : piece("%s, %s%s%s%s", rule_text(ban), who,
				    story, words[0] != '\0' ? ": " : "", words),
		.words = words,
		.reply = !output_shows("reply")
			     ? ""
			     : reply_line(ban_reply(ban), who, network,
				   ban->ends, ctl->conf->lookup_url, ban->ref,
				   reply),
	};

	output_fields(&row);
	if (network != NULL) {
		output_string("network", network);
	}
	/* A table of CSV has as many columns in each line. */
	if (ban->say[0] != '\0' && ctl->args->value[OPTION_CSV] == NULL) {
		output_string("say", ban->say);
	}
}

void
bans_row(struct ctl *ctl, const struct ban *ban, const struct addr *address,
    const char *story)
{
	output_row();
	bans_fields(ctl, ban, address, story);
	output_end();
}

void
bans_began(struct ctl *ctl, const struct ban *ban)
{
	output_say("%s %s until %s: reason %s, %s (ref %s)%s",
	    ban->observed ? "observed" : "banned", piece_net(&ban->who),
	    piece_time(ban->ends), reason_name(ban->reason), rule_text(ban),
	    ban->ref, ctl->now >= ban->ends ? ", over already" : "");
}

/* ---- a standing in words ---- */

/* Where a ban refuses sessions, if another that ends later does not refuse
 * them first. */
static void
add_stages(
    struct text *to, const struct standing *standing, const struct ban *ban)
{
	static const char *const commands[] = {
		[STAGE_HELO] = "HELO",
		[STAGE_MAIL] = "MAIL FROM",
		[STAGE_RCPT] = "RCPT TO",
	};

	for (enum service service = SERVICE_MX; service <= SERVICE_SUBMISSION;
	     service++) {
		const enum stage stage = standing_speaks(
		    standing, ban, service);

		if (stage < STAGE_COUNT) {
			text_addf(to, "%s at %s, %s",
			    to->len > 0 ? " and" : "refused", commands[stage],
			    service == SERVICE_MX ? "port 25" : "submission");
		}
	}
	text_add(to, to->len > 0 ? "" : "covered by the longer ban above");
}

static void
say_ban(const struct standing *standing, const struct ban *ban)
{
	const bool whole = ban->who.bits == ADDR_BITS;
	char where[WHERE_SIZE];
	struct text text;

	text_init(&text, where, sizeof(where));
	add_stages(&text, standing, ban);
	output_say("%s is banned until %s (%s left): reason %s, %s, ref "
		   "%s%s%s; %s",
	    piece_addr(&standing->address), piece_time(ban->ends),
	    piece_duration(ban->ends - standing->checked_at),
	    reason_name(ban->reason), rule_text(ban), ban->ref,
	    whole ? "" : ", together with all of ",
	    whole ? "" : piece_net(&ban->who), where);
	if (ban->step > 0 && ban_network(ban, where) != NULL) {
		output_say("Several clients of %s did together what it is for; "
			   "no mail from there was accepted in the %s before.",
		    piece_net(&ban->who), piece_duration(REPUTATION_SPAN));
	}
}

/* ---- bans that refuse nobody ---- */

const char *
bans_observed(int64_t count)
{
	return piece("%" PRId64 " would be refused (only observed)", count);
}

static bool
take_observed(void *to, const struct ban *ban)
{
	struct bans_observed *out = to;

	if (ban->observed) {
		out->ban[out->bans++] = *ban;
	}
	return out->bans < STANDING_BANS_MAX;
}

void
bans_read_observed(
    struct ctl *ctl, const struct standing *standing, struct bans_observed *out)
{
	const struct ban_query query = {
		.scope = BAN_COVERING,
		.who = net_cut(&standing->address, ADDR_BITS),
		.active_at = ctl->now,
		.observed = true,
	};

	out->bans = 0;
	if (standing->verdict == STANDING_CLEAR ||
	    standing->verdict == STANDING_BANNED) {
		store_ban_each(ctl->store, &query, take_observed, out);
	}
}

static void
say_observed(const struct standing *standing, const struct ban *ban)
{
	const bool whole = ban->who.bits == ADDR_BITS;

	output_say("%s would be refused until %s (%s left): reason %s, %s, ref "
		   "%s%s%s; %s",
	    piece_addr(&standing->address), piece_time(ban->ends),
	    piece_duration(ban->ends - standing->checked_at),
	    reason_name(ban->reason), rule_text(ban), ban->ref,
	    whole ? "" : ", together with all of ",
	    whole ? "" : piece_net(&ban->who),
	    ban->honest ? "the brake holds it back" : "it is only observed");
}

/* Whom our users write to. */
static void
say_written_to(struct ctl *ctl, const struct standing *standing)
{
	const struct net client = engine_client(ctl->conf, &standing->address);
	const int64_t at = engine_written_to(
	    ctl->store, ctl->conf, &client, ctl->now);

	if (at != 0) {
		output_say("our users wrote to it, last on %.10s: rules ban it "
			   "for logins and viruses only",
		    piece_time(at));
	}
}

void
bans_standing(struct ctl *ctl, const struct standing *standing)
{
	const char *address = piece_addr(&standing->address);
	struct bans_observed observed;
	struct allow allow;

	bans_read_observed(ctl, standing, &observed);
	switch (standing->verdict) {
	case STANDING_CLEAR:
		if (observed.bans == 0) {
			output_say("%s is clear", address);
		}
		break;
	case STANDING_BANNED:
		for (size_t i = 0; i < standing->bans; i++) {
			say_ban(standing, &standing->ban[i]);
		}
		break;
	case STANDING_ALLOWED:
		if (!store_allow_find(
			ctl->store, &standing->address, ctl->now, &allow)) {
			output_say(
			    "%s is allowed: by the configuration, or as one of "
			    "this host's own",
			    address);
			break;
		}
		output_say("%s is allowed: %s is on the allow list%s%s%s%s",
		    address, piece_net(&allow.net),
		    allow.until != 0 ? " until " : "",
		    allow.until != 0 ? piece_time(allow.until) : "",
		    allow.note[0] != '\0' ? ": " : "", allow.note);
		break;
	case STANDING_NEVER:
		output_say(
		    "%s is never banned: it lies in a private or reserved "
		    "range",
		    address);
		break;
	}
	for (size_t i = 0; i < observed.bans; i++) {
		say_observed(standing, &observed.ban[i]);
	}
	say_written_to(ctl, standing);
}
