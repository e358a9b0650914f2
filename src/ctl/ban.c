#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "doctor/ssh.h"
#include "engine/engine.h"

/* An address stands for its client, a network for itself. */
static struct net
target(const struct ctl *ctl)
{
	const struct args *args = &ctl->args;

	return args->single ? engine_client(ctl->conf, &args->address)
			    : args->who;
}

/* ---- ban ---- */

enum exit_status
ban_check(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;
	const struct net *who = &ctl->args.who;
	bool allowed = who->bits == ADDR_BITS && conf_is_own(who);
	char text[NET_TEXT_SIZE];

	net_format(who, text);
	for (size_t i = 0; i < conf->allows; i++) {
		allowed |= net_contains(&conf->allow[i], who);
	}
	if (net_is_wider(who, BAN_WIDEST_V4, BAN_WIDEST_V6)) {
		output_complain("%s is wider than /%d: ban its parts", text,
		    net_is_v4(who) ? BAN_WIDEST_V4 : BAN_WIDEST_V6);
	} else if (standing_never_banned_net(who)) {
		output_complain("%s is never banned: it lies in a private or "
				"reserved range",
		    text);
	} else if (allowed) {
		output_complain("%s is allowed by the configuration, or as one "
				"of this host's own",
		    text);
	} else {
		return EXIT_FINE;
	}
	return EXIT_USAGE;
}

enum exit_status
ban_add(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct ban ban = {
		.who = target(ctl),
		.reason = args_given(args, OPTION_REASON) ? args->reason
							  : REASON_ERROR,
		.ends = ctl->now + args->duration,
	};
	struct allow allow;
	struct addr address;
	enum banned done;
	int64_t was;
	char who[NET_TEXT_SIZE];
	char other[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];

	(void)text_copy(
	    ban.note, sizeof(ban.note), args->note != NULL ? args->note : "");
	store_begin(ctl->store);
	if (store_allow_find(ctl->store, &args->who.addr, ctl->now, &allow) &&
	    net_contains(&allow.net, &args->who)) {
		store_rollback(ctl->store);
		output_complain("%s is allowed: \"videur allow remove %s\" "
				"comes first",
		    net_format(&args->who, who), net_format(&allow.net, other));
		return EXIT_USAGE;
	}
	done = engine_ban(ctl->store, ctl->conf, &ban, ctl->now, &was);
	ctl_audit(ctl, "ban", net_format(&ban.who, who), args->note);
	if (!ctl_well(ctl, store_commit(ctl->store))) {
		return EXIT_DATABASE;
	}
	output_say(&ctl->out, "%s %s until %s (ref %s)%s",
	    done == BAN_NEW         ? "banned"
	    : done == BAN_PROLONGED ? "prolonged the ban of"
				    : "replaced the ban of",
	    who, output_time_text(ban.ends, until), ban.ref,
	    done == BAN_NEW ? "" : ": it was banned by hand before");
	if (ban.observed) {
		output_say(&ctl->out, "it refuses nobody: mode is observe");
	} else if (ssh_find(&address) &&
		   net_contains_addr(&ban.who, &address)) {
		/* Who bans the network he sits in should know at once. */
		output_complain("warning: you are connected from %s, which is "
				"banned now",
		    addr_format(&address, other));
	}
	return EXIT_FINE;
}

/* ---- clear ---- */

static bool
say_still_banned(void *to, const struct ban *ban)
{
	struct ctl *ctl = to;
	char who[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];

	net_format(&ban->who, who);
	output_say(&ctl->out,
	    "%s is still banned for %s until %s (ref %s); \"videur clear "
	    "%s\" lifts it",
	    who, reason_name(ban->reason), output_time_text(ban->ends, until),
	    ban->ref, who);
	return true;
}

enum exit_status
ban_clear(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct clearing clearing = {
		.who = target(ctl),
		.everybody = args->everybody,
		.reason = args_given(args, OPTION_REASON) ? &args->reason
							  : NULL,
		.mistake = args_given(args, OPTION_MISTAKE),
	};
	/* Bans that reach beyond what is cleared, and for other reasons. */
	const struct ban_query rest = {
		.scope = BAN_COVERING,
		.who = clearing.who,
		.active_at = ctl->now,
	};
	const struct net client = engine_client(ctl->conf, &clearing.who.addr);
	/* The counters of one are reset even where no ban is lifted. */
	const bool one = !args->everybody &&
			 net_contains(&client, &clearing.who);
	struct cleared cleared;
	char bans[OUTPUT_COUNT_SIZE];
	char who[NET_TEXT_SIZE] = "all";

	if (!args->everybody) {
		net_format(&clearing.who, who);
	}
	store_begin(ctl->store);
	engine_clear(ctl->store, ctl->conf, &clearing, ctl->now, &cleared);
	if (cleared.lifted > 0 || one) {
		ctl_audit(ctl, "clear", who, args->note);
	}
	if (!ctl_well(ctl, store_commit(ctl->store))) {
		return EXIT_DATABASE;
	}
	if (cleared.lifted > 0) {
		output_say(&ctl->out, "lifted %s",
		    output_count(cleared.lifted, "ban", "bans", bans));
	} else {
		output_say(&ctl->out, "nothing to clear");
	}
	if (cleared.lifted == 0 && one) {
		output_say(&ctl->out, "%s: counters reset", who);
	}
	if (!args->everybody) {
		store_ban_each(ctl->store, &rest, say_still_banned, ctl);
		if (!ctl_well(ctl, store_status(ctl->store))) {
			return EXIT_DATABASE;
		}
	}
	return cleared.lifted > 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- allow ---- */

static const struct layout networks = {
	.column = { { "network", "NETWORK", 0, 0 }, { "until", "UNTIL", 0, 0 },
	    { "note", "NOTE", COLUMN_WRAP, 0 } },
};

static void
put_allow(void *to, const struct allow *allow)
{
	struct output *out = to;

	output_row(out);
	output_net(out, "network", &allow->net);
	output_time(out, "until", allow->until);
	output_string(out, "note", allow->note);
	output_end(out);
}

enum exit_status
allow_list(struct ctl *ctl)
{
	struct output *out = &ctl->out;
	char count[OUTPUT_COUNT_SIZE];
	int64_t rows;

	output_table(out, NULL, &networks);
	store_allow_each(ctl->store, ctl->now, put_allow, out);
	if (!ctl_well(ctl, store_status(ctl->store))) {
		return EXIT_DATABASE;
	}
	rows = output_end(out);
	output_say(out, "%s",
	    rows == 0 ? "nothing is allowed"
		      : output_count(rows, "network", "networks", count));
	return rows > 0 ? EXIT_FINE : EXIT_NO;
}

enum exit_status
allow_add(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct allow allow = {
		.net = args->who,
		.until = args->lasting != 0 ? ctl->now + args->lasting : 0,
	};
	int64_t lifted = 0;
	char net[NET_TEXT_SIZE];
	char bans[OUTPUT_COUNT_SIZE];
	char until[OUTPUT_TIME_SIZE];

	net_format(&allow.net, net);
	/* Its length was checked when it was read. */
	(void)text_copy(allow.note, sizeof(allow.note),
	    args->note != NULL ? args->note : "");
	store_begin(ctl->store);
	engine_allow(ctl->store, ctl->conf, &allow, ctl->now, &lifted);
	ctl_audit(ctl, "allow add", net, args->note);
	if (!ctl_well(ctl, store_commit(ctl->store))) {
		return EXIT_DATABASE;
	}
	output_say(&ctl->out, "allowed %s%s%s; lifted %s", net,
	    allow.until != 0 ? " until " : "",
	    allow.until != 0 ? output_time_text(allow.until, until) : "",
	    output_count(lifted, "ban", "bans", bans));
	return EXIT_FINE;
}

enum exit_status
allow_remove(struct ctl *ctl)
{
	char net[NET_TEXT_SIZE];
	bool there;

	net_format(&ctl->args.who, net);
	store_begin(ctl->store);
	there = store_allow_remove(ctl->store, &ctl->args.who);
	if (there) {
		ctl_audit(ctl, "allow remove", net, NULL);
	}
	if (!ctl_well(ctl, store_commit(ctl->store))) {
		return EXIT_DATABASE;
	}
	output_say(&ctl->out, "%s is %s", net,
	    there ? "no longer allowed" : "not on the allow list");
	return there ? EXIT_FINE : EXIT_NO;
}
