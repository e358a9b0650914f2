#include <inttypes.h>

#include "base/text.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

/* Seconds: who bans for so long means forever. */
#define FOREVER (INT64_C(50) * 365 * STORE_DAY)

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
	const char *host;
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

struct layout
bans_layout_hosts(void)
{
	return hosts_layout(&bans_layout, "note",
	    (struct column){
		"host", OF(ban_row, host), "HOST", COLUMN_SECRET });
}

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

const char *
bans_left(const struct ban *ban, int64_t now)
{
	const int64_t left = ban->ends - now;

	return !ban_active(ban, now) || ban->observed
		   ? short_states[ban_state(ban, now)]
	       : left > FOREVER ? "forever"
				: piece_short(left);
}

/* "2", or "hand". */
static const char *
which_text(const struct ban *ban)
{
	return ban_is_manual(ban) ? "hand" : piece("%d", ban->step);
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
    const char *detail)
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
		.which = which_text(ban),
		.detail = !output_shows("detail")
			      ? ""
			      : piece("%s, %s%s%s%s", rule_text(ban), who,
				    detail, words[0] != '\0' ? ": " : "",
				    words),
		.words = ban->host != 0 && !output_shows("host")
			     ? piece("by %s%s%s", hosts_name(ban->host),
				   words[0] != '\0' ? ": " : "", words)
			     : words,
		.reply = !output_shows("reply")
			     ? ""
			     : reply_line(ban_reply(ban), who, network,
				   ban->ends, ctl->conf->lookup_url, ban->ref,
				   reply),
		.host = hosts_name(ban->host),
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
    const char *detail)
{
	output_row();
	bans_fields(ctl, ban, address, detail);
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

/* The ref of the one that refuses the sessions that this one would, or NULL. */
static const char *
covering_ref(const struct standing *standing, const struct ban *ban)
{
	for (enum service service = SERVICE_MX; service <= SERVICE_SUBMISSION;
	     service++) {
		for (size_t i = 0; i < standing->bans; i++) {
			if (ban_fits(ban, service) &&
			    standing_speaks(standing, &standing->ban[i],
				service) < STAGE_COUNT) {
				return standing->ban[i].ref;
			}
		}
	}
	return NULL;
}

const char *
bans_where(const struct standing *standing, const struct ban *ban)
{
	static const char *const commands[] = {
		[STAGE_HELO] = "HELO",
		[STAGE_MAIL] = "MAIL FROM",
		[STAGE_RCPT] = "RCPT TO",
	};
	const enum stage mx = standing_speaks(standing, ban, SERVICE_MX);
	const enum stage submission = standing_speaks(
	    standing, ban, SERVICE_SUBMISSION);
	const char *ref;

	if (mx == STAGE_COUNT && submission == STAGE_COUNT) {
		ref = covering_ref(standing, ban);
		return piece("covered by %s",
		    ref != NULL ? piece("ref %s", ref) : "another ban");
	}
	if (mx == submission) {
		return piece(
		    "refused at %s, port 25 and submission", commands[mx]);
	}
	return piece("refused at %s%s%s%s%s",
	    mx < STAGE_COUNT ? commands[mx] : "",
	    mx < STAGE_COUNT ? ", port 25" : "",
	    mx < STAGE_COUNT && submission < STAGE_COUNT ? " and at " : "",
	    submission < STAGE_COUNT ? commands[submission] : "",
	    submission < STAGE_COUNT ? ", submission" : "");
}

/* "until 2026-11-21 19:05:42 CET (2 h left)", or "forever". */
static const char *
until_text(const struct ban *ban, int64_t now)
{
	const int64_t left = ban->ends - now;

	return left > FOREVER
		   ? "forever"
		   : piece("until %s (%s left)", piece_time(ban->ends),
			 piece_duration(left));
}

/* "; together with all of 203.0.113.0/24", where it is more than the address. */
static const char *
together_text(const struct ban *ban)
{
	return ban->who.bits == ADDR_BITS
		   ? ""
		   : piece(", together with all of %s", piece_net(&ban->who));
}

static void
say_network(const struct ban *ban)
{
	char network[NET_TEXT_SIZE];

	if (ban->step > 0 && ban_network(ban, network) != NULL) {
		output_say("Several clients of %s did together what it is for; "
			   "no mail from there was accepted in the %s before.",
		    network, piece_duration(REPUTATION_SPAN));
	}
}

/* One of several that hold now. */
struct held_row {
	struct ban ban;
	const char *which;
	const char *left;
	const char *where;
};

static const struct layout held = {
	.column = {
	    { "ref", OF(held_row, ban.ref), "REF", 0 },
	    { "reason", OF(held_row, ban.reason), "REASON", 0 },
	    { "rule", OF(held_row, ban.rule), "RULE", 0 },
	    { "which", OF(held_row, which), "STEP", COLUMN_RIGHT },
	    { "left", OF(held_row, left), "LEFT", COLUMN_RIGHT },
	    { "where", OF(held_row, where), "", COLUMN_WRAP },
	},
	.indent = 2,
	.people = true,
};

static void
say_summary(const struct standing *standing, const char *behind)
{
	output_say("%s is banned %s, by %s%s", piece_addr(&standing->address),
	    until_text(&standing->ban[0], standing->checked_at),
	    piece_count((int64_t)standing->bans, "ban", "bans"), behind);
}

/* A sentence, or where there are several a table. */
static void
say_bans(const struct standing *standing)
{
	const struct ban *ban = &standing->ban[0];

	if (standing->bans == 1) {
		output_say("%s is banned %s: reason %s, %s, ref %s%s; %s",
		    piece_addr(&standing->address),
		    until_text(ban, standing->checked_at),
		    reason_name(ban->reason), rule_text(ban), ban->ref,
		    together_text(ban), bans_where(standing, ban));
		say_network(ban);
		return;
	}
	say_summary(standing, ":");
	output_table(NULL, &held);
	for (size_t i = 0; i < standing->bans; i++) {
		ban = &standing->ban[i];
		output_record(&(struct held_row){ .ban = *ban,
		    .which = which_text(ban),
		    .left = bans_left(ban, standing->checked_at),
		    .where = piece("%s%s", bans_where(standing, ban),
			together_text(ban)) });
	}
	output_end();
	for (size_t i = 0; i < standing->bans; i++) {
		say_network(&standing->ban[i]);
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
bans_standing(struct ctl *ctl, const struct standing *standing, bool below)
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
		if (below) {
			say_summary(standing, ", told below");
		} else {
			say_bans(standing);
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
		output_say("%s is allowed: %s is on the allow list%s%s%s",
		    address, piece_net(&allow.net),
		    piece_when(" until ", allow.until),
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
		const struct ban *ban = &observed.ban[i];

		output_say(
		    "%s would be refused %s: reason %s, %s, ref %s%s; %s",
		    piece_addr(&standing->address),
		    until_text(ban, standing->checked_at),
		    reason_name(ban->reason), rule_text(ban), ban->ref,
		    together_text(ban),
		    ban->honest ? "the brake holds it back"
				: "it is only observed");
	}
	say_written_to(ctl, standing);
}
