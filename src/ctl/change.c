#include "ctl/change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/ban.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/say.h"
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
change_ban_check(struct ctl *ctl)
{
	const struct net *who = &ctl->args.who;
	char text[NET_TEXT_SIZE];

	net_format(who, text);
	if (net_is_wider(who, BAN_WIDEST_V4, BAN_WIDEST_V6)) {
		print_complaint("%s is wider than /%d: ban its parts", text,
		    net_is_v4(who) ? BAN_WIDEST_V4 : BAN_WIDEST_V6);
		return EXIT_USAGE;
	}
	if (standing_never_banned_net(who)) {
		print_complaint("%s is never banned: it lies in a private or "
				"reserved range",
		    text);
		return EXIT_USAGE;
	}
	if (conf_allows_all(ctl->conf, who)) {
		print_complaint("%s is allowed by the configuration, or as one "
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
static enum store_result
refuse_allowed(struct ctl *ctl, bool *refused)
{
	struct allow_search search = { .who = &ctl->args.who };
	enum store_result result = store_allow_each(
	    ctl->store, ctl->now, match_allow, &search);
	char who[NET_TEXT_SIZE];
	char by[NET_TEXT_SIZE];

	*refused = search.any;
	if (search.any) {
		net_format(search.who, who);
		net_format(&search.found, by);
		print_complaint("%s is allowed: \"videur allow remove %s\" "
				"comes first",
		    who, by);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

/* An administrator who bans the network he sits in should know at once. */
static void
warn_of_own(const struct net *who)
{
	char from[ADDR_TEXT_SIZE];
	struct addr address;

	if (ssh_find(&address) && net_contains_addr(who, &address)) {
		print_complaint("warning: you are connected from %s, which is "
				"banned now",
		    addr_format(&address, from));
	}
}

static void
tell_ban(const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[PRINT_TIME_SIZE];

	print_line("banned %s until %s (ref %s)", net_format(&ban->who, who),
	    print_time(ban->ends, until), ban->ref);
	if (ban->observed) {
		print_line("it refuses nobody: mode is observe");
	} else {
		warn_of_own(&ban->who);
	}
}

enum exit_status
change_ban(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct ban ban = {
		.who = target(ctl),
		.reason = args_given(args, OPTION_REASON) ? args->reason
							  : REASON_ERROR,
		.ends = ctl->now + args->duration,
	};
	char who[NET_TEXT_SIZE];
	enum store_result result;
	bool refused = false;

	(void)text_copy(
	    ban.note, sizeof(ban.note), args->note != NULL ? args->note : "");
	result = ctl_begin(ctl);
	if (result == STORE_OK) {
		result = refuse_allowed(ctl, &refused);
	}
	if (refused) {
		store_rollback(ctl->store);
		return EXIT_USAGE;
	}
	if (result == STORE_OK) {
		result = engine_ban(ctl->store, ctl->conf, &ban, ctl->now);
	}
	if (result == STORE_OK) {
		result = ctl_commit(
		    ctl, "ban", net_format(&ban.who, who), args->note);
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	tell_ban(&ban);
	return EXIT_FINE;
}

/* ---- clear ---- */

static bool
tell_left(void *to, const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[PRINT_TIME_SIZE];

	(void)to;
	net_format(&ban->who, who);
	print_line(
	    "%s is still banned for %s until %s (ref %s); \"videur clear "
	    "%s\" lifts it",
	    who, reason_name(ban->reason), print_time(ban->ends, until),
	    ban->ref, who);
	return true;
}

/* Bans that reach beyond what was cleared, and those for other reasons. */
static enum store_result
tell_remaining(struct ctl *ctl, const struct net *who)
{
	const struct ban_query query = {
		.scope = BAN_COVERING,
		.who = *who,
		.active_at = ctl->now,
	};
	enum store_result result = store_ban_each(
	    ctl->store, &query, tell_left, NULL);

	return result == STORE_NONE ? STORE_OK : result;
}

/* Of one client counting starts anew even where no ban is lifted. */
static bool
is_client(const struct ctl *ctl, const struct clearing *clearing)
{
	struct net client = engine_client(ctl->conf, &clearing->who.addr);

	return !clearing->everybody && net_contains(&client, &clearing->who);
}

static enum exit_status
tell_cleared(struct ctl *ctl, const struct clearing *clearing, int64_t lifted)
{
	char bans[PRINT_COUNT_SIZE];
	char who[NET_TEXT_SIZE];
	enum store_result result = STORE_OK;

	if (lifted > 0) {
		print_line(
		    "lifted %s", print_count(lifted, "ban", "bans", bans));
	} else {
		print_line("nothing to clear");
	}
	if (lifted == 0 && is_client(ctl, clearing)) {
		print_line("%s is counted anew from now on",
		    net_format(&clearing->who, who));
	}
	if (!clearing->everybody) {
		result = tell_remaining(ctl, &clearing->who);
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	return lifted > 0 ? EXIT_FINE : EXIT_NO;
}

static enum store_result
clear(struct ctl *ctl, const struct clearing *clearing, int64_t *lifted)
{
	char who[NET_TEXT_SIZE] = "all";
	enum store_result result = ctl_begin(ctl);

	if (!clearing->everybody) {
		net_format(&clearing->who, who);
	}
	if (result == STORE_OK) {
		result = engine_clear(
		    ctl->store, ctl->conf, clearing, ctl->now, lifted);
	}
	if (result == STORE_OK && *lifted == 0 && !is_client(ctl, clearing)) {
		store_rollback(ctl->store);
	} else if (result == STORE_OK) {
		result = ctl_commit(ctl, "clear", who, ctl->args.note);
	}
	return result;
}

enum exit_status
change_clear(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct clearing clearing = {
		.everybody = args->everybody,
		.reason = args_given(args, OPTION_REASON) ? &args->reason
							  : NULL,
		.mistake = args_given(args, OPTION_MISTAKE),
	};
	enum store_result result;
	int64_t lifted = 0;

	if (!clearing.everybody) {
		clearing.who = target(ctl);
	}
	result = clear(ctl, &clearing, &lifted);
	return result == STORE_OK ? tell_cleared(ctl, &clearing, lifted)
				  : ctl_failed(ctl, result);
}
