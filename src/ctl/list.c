#include <inttypes.h>

#include "core/ban.h"
#include "core/standing.h"
#include "ctl/bans.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

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
	bans_row(listing->ctl, ban);
	return true;
}

/* "3 bans, 2 active (1 only observed)", or that there are none. */
static void
summarize(const struct listing *listing, int64_t rows)
{
	struct ctl *ctl = listing->ctl;
	bool reason = args_given(&ctl->args, OPTION_REASON);
	char bans[OUTPUT_COUNT_SIZE];

	if (rows == 0) {
		output_say(&ctl->out, "nobody is banned%s%s%s",
		    reason ? " for " : "",
		    reason ? reason_name(ctl->args.reason) : "",
		    args_given(&ctl->args, OPTION_ALL) ? ", and nobody was"
						       : "");
	} else if (listing->observed > 0) {
		output_say(&ctl->out,
		    "%s, %" PRId64 " active (%" PRId64 " only observed)",
		    output_count(rows, "ban", "bans", bans), listing->active,
		    listing->observed);
	} else {
		output_say(&ctl->out, "%s, %" PRId64 " active",
		    output_count(rows, "ban", "bans", bans), listing->active);
	}
}

enum exit_status
list_show(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	const struct ban_query query = {
		.scope = BAN_ANYBODY,
		.active_at = args_given(args, OPTION_ALL) ? INT64_MIN
							  : ctl->now,
		.observed = true,
		.reason = args_given(args, OPTION_REASON) ? &args->reason
							  : NULL,
	};
	struct listing listing = { .ctl = ctl };
	enum exit_status status;
	int64_t rows;

	output_table(&ctl->out, NULL, &listed);
	store_ban_each(ctl->store, &query, put_ban, &listing);
	status = ctl_status(ctl, store_status(ctl->store));
	if (status != EXIT_FINE) {
		return status;
	}
	rows = output_end(&ctl->out);
	summarize(&listing, rows);
	return rows > 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- check ---- */

/* As the page's JSON has it. */
static void
put_standing(struct ctl *ctl, const struct standing *standing)
{
	struct output *out = &ctl->out;
	char ip[ADDR_TEXT_SIZE];
	char reply[REPLY_TEXT_SIZE];

	addr_format(&standing->address, ip);
	output_object(out, NULL, NULL);
	output_string(out, "ip", ip);
	output_bool(out, "listed", standing->verdict == STANDING_BANNED);
	output_table(out, "bans", NULL);
	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];

		output_row(out);
		output_string(out, "reason", reason_name(ban->reason));
		output_string(out, "rule", ban->rule);
		output_int(out, "step", ban->step);
		output_time(out, "begins", ban->begins);
		output_time(out, "ends", ban->ends);
		output_string(out, "ref", ban->ref);
		output_string(out, "reply",
		    reply_line(ban_reply(ban), ip, ban->ends,
			ctl->conf->lookup_url, ban->ref, reply));
		output_end(out);
	}
	output_end(out);
	output_time(out, "checked_at", standing->checked_at);
	output_end(out);
}

enum exit_status
list_check(struct ctl *ctl)
{
	struct allow allow;
	struct standing standing;
	enum exit_status status;
	bool found;

	store_read(ctl->store);
	engine_standing(
	    ctl->store, ctl->conf, &ctl->args.address, ctl->now, &standing);
	found = store_allow_find(
	    ctl->store, &ctl->args.address, ctl->now, &allow);
	status = ctl_status(ctl, store_read_end(ctl->store));
	if (status != EXIT_FINE) {
		return status;
	}
	bans_standing(ctl, &standing, found ? &allow : NULL);
	put_standing(ctl, &standing);
	return standing.verdict == STANDING_BANNED ? EXIT_NO : EXIT_FINE;
}
