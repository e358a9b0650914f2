#include "base/text.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "doctor/facts.h"
#include "engine/engine.h"

/* ---- ban ---- */

/* Refuse it without --force, for what lies in it. */
static bool
needs_force(const struct net *who, const char *what)
{
	output_complain("%s: in it lies %s; --force bans it all the same",
	    piece_net(who), what);
	return true;
}

const struct net *
ban_own_network(const struct mta *mta, const struct net *who)
{
	for (size_t i = 0; i < mta->nets; i++) {
		const struct net *net = &mta->net[i];

		if (!standing_never_banned_net(net) &&
		    (net_contains(who, net) || net_contains(net, who))) {
			return net;
		}
	}
	return NULL;
}

/* Whether a ban would refuse the administrator or this host's own networks; then
 * it was said.  What is allowed in it stays spared, and is no slip. */
static bool
hits_ourselves(const struct ctl *ctl)
{
	static struct mta mta; /* too large for a stack */
	const struct net who = ctl_client(ctl, &ctl->args->target[0]);
	const struct net *net;
	struct addr address;
	bool hits;

	if (ssh_find(&address) && net_contains_addr(&who, &address)) {
		return needs_force(
		    &who, piece("%s, from where you are connected",
			      piece_addr(&address)));
	}
	if (conf_is_own(&who, 0)) {
		return needs_force(&who, "an address of this host");
	}
	mta_ask_networks(&mta);
	net = ban_own_network(&mta, &who);
	hits = net != NULL &&
	       needs_force(&who,
		   piece("%s of Postfix's mynetworks",
		       net_contains(net, &who) ? "a part" : piece_net(net)));
	mta_clear(&mta);
	return hits;
}

enum exit_status
ban_check(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;
	const struct net *who = &ctl->args->target[0].who;
	bool allowed = who->bits == ADDR_BITS && conf_is_own(who, 0);
	const char *text = piece_net(who);

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
		/* What is only observed hits nobody. */
		return ctl->args->value[OPTION_FORCE] == NULL &&
			       conf->mode == CONF_ENFORCE && hits_ourselves(ctl)
			   ? EXIT_USAGE
			   : EXIT_FINE;
	}
	return EXIT_USAGE;
}

/* `was` is the end of the one that it changed. */
static void
say_banned(const struct ban *ban, enum banned done, int64_t was)
{
	struct addr address;

	if (done == BAN_NEW) {
		output_say("banned %s until %s (ref %s)", piece_net(&ban->who),
		    piece_time(ban->ends), ban->ref);
	} else {
		output_say(
		    done == BAN_PROLONGED
			? "prolonged the ban of %s from %s to %s (ref %s)"
			: "replaced the ban of %s until %s by one until %s "
			  "(ref %s)",
		    piece_net(&ban->who), piece_time(was),
		    piece_time(ban->ends), ban->ref);
	}
	if (ban->observed) {
		output_say("it refuses nobody: mode is observe");
	} else if (ssh_find(&address) &&
		   net_contains_addr(&ban->who, &address)) {
		/* Who bans the network he sits in should know at once. */
		output_complain("warning: you are connected from %s, which is "
				"banned now",
		    piece_addr(&address));
	}
}

enum exit_status
ban_add(struct ctl *ctl)
{
	static const char *const done_words[] = {
		[BAN_NEW] = "new",
		[BAN_PROLONGED] = "prolonged",
		[BAN_REPLACED] = "replaced",
	};
	const struct args *args = ctl->args;
	const struct net *who = &args->target[0].who;
	struct ban ban = {
		.who = ctl_client(ctl, &args->target[0]),
		.reason = args->value[OPTION_REASON] != NULL ? args->reason
							     : REASON_ERROR,
		.ends = ctl->now + args->duration,
	};
	struct allow allow;
	enum banned done;
	int64_t was;

	/* Its length was checked when it was read. */
	(void)text_copy(
	    ban.note, sizeof(ban.note), ctl->note != NULL ? ctl->note : "");
	if (args->value[OPTION_SAY] != NULL) {
		(void)text_copy(
		    ban.say, sizeof(ban.say), args->value[OPTION_SAY]);
	}
	if (store_allow_find(ctl->store, &who->addr, ctl->now, &allow) &&
	    net_contains(&allow.net, who)) {
		output_complain("%s is allowed: \"videur allow remove %s\" "
				"comes first",
		    piece_net(who), piece_net(&allow.net));
		return EXIT_USAGE;
	}
	done = engine_ban(ctl->store, ctl->conf, &ban, ctl->now, &was);
	ctl_audit(ctl, "ban", piece_net(&ban.who));
	say_banned(&ban, done, was);
	output_object(NULL, &bans_layout);
	bans_fields(ctl, &ban, NULL, "");
	output_string("done", done_words[done]);
	output_time("was", done == BAN_NEW ? 0 : was);
	output_end();
	return EXIT_FINE;
}

/* ---- clear ---- */

static bool
put_still_banned(void *to, const struct ban *ban)
{
	output_say(
	    "%s is still banned for %s until %s (ref %s); \"videur clear "
	    "%s\" lifts it",
	    piece_net(&ban->who), reason_name(ban->reason),
	    piece_time(ban->ends), ban->ref, piece_net(&ban->who));
	bans_row(to, ban, NULL, "");
	return true;
}

/* Bans that reach beyond what is cleared, and for other reasons. */
static void
put_rest(struct ctl *ctl, const struct net *who)
{
	struct layout layout = bans_layout;
	const struct ban_query rest = {
		.scope = BAN_COVERING,
		.who = *who,
		.active_at = ctl->now,
	};

	layout.programs = true;
	output_table("still", &layout);
	store_ban_each(ctl->store, &rest, put_still_banned, ctl);
	(void)output_end();
}

static enum exit_status
clear_one(struct ctl *ctl, const struct target *target)
{
	const struct args *args = ctl->args;
	const bool everybody = target->kind == TARGET_ALL;
	const struct net client = engine_client(ctl->conf, &target->address);
	struct clearing clearing = {
		.who = ctl_client(ctl, target),
		.everybody = everybody,
		.reason = args->value[OPTION_REASON] != NULL ? &args->reason
			  : target->ref[0] != '\0'           ? &target->reason
							     : NULL,
		.mistake = args->value[OPTION_MISTAKE] != NULL,
	};
	/* The counters of one are reset even where no ban is lifted. */
	const bool one = !everybody && net_contains(&client, &clearing.who);
	const char *who = everybody ? "all" : piece_net(&clearing.who);
	int64_t lifted;

	lifted = engine_clear(ctl->store, ctl->conf, &clearing, ctl->now);
	if (lifted > 0 || one) {
		ctl_audit(ctl, "clear", who);
	}
	if (lifted > 0) {
		output_say("%s%slifted %s", args->several ? who : "",
		    args->several ? ": " : "",
		    piece_count(lifted, "ban", "bans"));
	} else {
		output_say("nothing to clear");
	}
	if (lifted == 0 && one) {
		output_say("%s: counters reset", who);
	}
	output_object(NULL, NULL);
	output_string("who", who);
	output_int("lifted", lifted);
	output_bool("reset", lifted > 0 || one);
	if (!everybody) {
		put_rest(ctl, &clearing.who);
	}
	output_end();
	return lifted > 0 ? EXIT_FINE : EXIT_NO;
}

enum exit_status
ban_clear(struct ctl *ctl)
{
	return ctl_each(ctl, clear_one);
}
