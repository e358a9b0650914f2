#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/ban.h"
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

static bool
conf_allows_all(const struct conf *conf, const struct net *net)
{
	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains(&conf->allow[i], net)) {
			return true;
		}
	}
	return false;
}

enum exit_status
ban_check(struct ctl *ctl)
{
	const struct net *who = &ctl->args.who;
	char text[NET_TEXT_SIZE];

	net_format(who, text);
	if (net_is_wider(who, BAN_WIDEST_V4, BAN_WIDEST_V6)) {
		output_complain("%s is wider than /%d: ban its parts", text,
		    net_is_v4(who) ? BAN_WIDEST_V4 : BAN_WIDEST_V6);
		return EXIT_USAGE;
	}
	if (standing_never_banned_net(who)) {
		output_complain("%s is never banned: it lies in a private or "
				"reserved range",
		    text);
		return EXIT_USAGE;
	}
	if (conf_allows_all(ctl->conf, who)) {
		output_complain("%s is allowed by the configuration, or as one "
				"of this host's own",
		    text);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

struct allow_search {
	const struct net *who;
	struct net found;
	bool any;
};

static void
match_allow(void *to, const struct allow *allow)
{
	struct allow_search *search = to;

	if (!search->any && net_contains(&allow->net, search->who)) {
		search->found = allow->net;
		search->any = true;
	}
}

/* Whether the allow list of the database holds all that would be banned; it
 * has said so then. */
static bool
refuse_allowed(struct ctl *ctl)
{
	struct allow_search search = { .who = &ctl->args.who };
	char who[NET_TEXT_SIZE];
	char by[NET_TEXT_SIZE];

	store_allow_each(ctl->store, ctl->now, match_allow, &search);
	if (search.any) {
		net_format(search.who, who);
		net_format(&search.found, by);
		output_complain("%s is allowed: \"videur allow remove %s\" "
				"comes first",
		    who, by);
	}
	return search.any;
}

/* An administrator who bans the network he sits in should know at once. */
static void
warn_of_own(const struct net *who)
{
	char from[ADDR_TEXT_SIZE];
	struct addr address;

	if (ssh_find(&address) && net_contains_addr(who, &address)) {
		output_complain("warning: you are connected from %s, which is "
				"banned now",
		    addr_format(&address, from));
	}
}

static void
say_added(struct ctl *ctl, const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[OUTPUT_TIME_SIZE];

	output_say(&ctl->out, "banned %s until %s (ref %s)",
	    net_format(&ban->who, who), output_time_text(ban->ends, until),
	    ban->ref);
	if (ban->observed) {
		output_say(&ctl->out, "it refuses nobody: mode is observe");
	} else {
		warn_of_own(&ban->who);
	}
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
	char who[NET_TEXT_SIZE];
	enum exit_status status;

	(void)text_copy(
	    ban.note, sizeof(ban.note), args->note != NULL ? args->note : "");
	store_begin(ctl->store);
	if (refuse_allowed(ctl)) {
		store_rollback(ctl->store);
		return EXIT_USAGE;
	}
	engine_ban(ctl->store, ctl->conf, &ban, ctl->now);
	status = ctl_commit(ctl, "ban", net_format(&ban.who, who), args->note);
	if (status == EXIT_FINE) {
		say_added(ctl, &ban);
	}
	return status;
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

/* The counters of one client are reset even where no ban is lifted. */
static bool
is_client(const struct ctl *ctl, const struct clearing *clearing)
{
	struct net client = engine_client(ctl->conf, &clearing->who.addr);

	return !clearing->everybody && net_contains(&client, &clearing->who);
}

enum exit_status
ban_clear(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct clearing clearing = {
		.everybody = args->everybody,
		.reason = args_given(args, OPTION_REASON) ? &args->reason
							  : NULL,
		.mistake = args_given(args, OPTION_MISTAKE),
	};
	/* Bans that reach beyond what is cleared, and for other reasons. */
	struct ban_query rest = {
		.scope = BAN_COVERING,
		.active_at = ctl->now,
	};
	enum exit_status status;
	int64_t lifted = 0;
	char bans[OUTPUT_COUNT_SIZE];
	char who[NET_TEXT_SIZE] = "all";

	if (!clearing.everybody) {
		clearing.who = target(ctl);
		net_format(&clearing.who, who);
	}
	store_begin(ctl->store);
	engine_clear(ctl->store, ctl->conf, &clearing, ctl->now, &lifted);
	if (lifted > 0 || is_client(ctl, &clearing)) {
		ctl_audit(ctl, "clear", who, args->note);
	}
	status = ctl_status(ctl, store_commit(ctl->store));
	if (status != EXIT_FINE) {
		return status;
	}
	if (lifted > 0) {
		output_say(&ctl->out, "lifted %s",
		    output_count(lifted, "ban", "bans", bans));
	} else {
		output_say(&ctl->out, "nothing to clear");
	}
	if (lifted == 0 && is_client(ctl, &clearing)) {
		output_say(&ctl->out, "%s: counters reset", who);
	}
	if (!clearing.everybody) {
		rest.who = clearing.who;
		store_ban_each(ctl->store, &rest, say_still_banned, ctl);
		status = ctl_status(ctl, store_status(ctl->store));
	}
	return status == EXIT_FINE && lifted == 0 ? EXIT_NO : status;
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
	enum exit_status status;
	char count[OUTPUT_COUNT_SIZE];
	int64_t rows;

	output_table(out, NULL, &networks);
	store_allow_each(ctl->store, ctl->now, put_allow, out);
	status = ctl_status(ctl, store_status(ctl->store));
	if (status != EXIT_FINE) {
		return status;
	}
	rows = output_end(out);
	if (rows == 0) {
		output_say(out, "nothing is allowed");
		return EXIT_NO;
	}
	output_say(out, "%s", output_count(rows, "network", "networks", count));
	return EXIT_FINE;
}

/* ---- add, remove ---- */

enum exit_status
allow_add(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct allow allow = {
		.net = args->who,
		.until = args->lasting != 0 ? ctl->now + args->lasting : 0,
	};
	enum exit_status status;
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
	status = ctl_commit(ctl, "allow add", net, args->note);
	if (status != EXIT_FINE) {
		return status;
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
	enum exit_status status;
	char net[NET_TEXT_SIZE];
	bool there;

	net_format(&ctl->args.who, net);
	store_begin(ctl->store);
	there = store_allow_remove(ctl->store, &ctl->args.who);
	if (there) {
		ctl_audit(ctl, "allow remove", net, NULL);
	}
	status = ctl_status(ctl, store_commit(ctl->store));
	if (status == EXIT_FINE && !there) {
		output_say(&ctl->out, "%s is not on the allow list", net);
		return EXIT_NO;
	}
	if (status == EXIT_FINE) {
		output_say(&ctl->out, "%s is no longer allowed", net);
	}
	return status;
}
