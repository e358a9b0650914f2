#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "doctor/facts.h"
#include "engine/engine.h"

enum {
	NETS_MAX = 100000,
	STEP = 100, /* networks in one transaction: a few ms */
	WEEK = 7 * 24 * 3600
};

/* What the list holds, and what became of it. */
static struct {
	const char *file;
	struct net *net;
	size_t nets;
	size_t room;
	int64_t began;
	int64_t prolonged;
	int64_t already; /* a ban by hand that ends no sooner holds */
	int64_t spared;
	struct mta mta;
} list;

/* ---- reading ---- */

/* Understand a line, which is cut in place: what is wrong with it, or NULL.
 * `*there` where it names a network. */
static const char *
read_net(struct ctl *ctl, char *line, struct net *net, bool *there)
{
	char cidr[NET_TEXT_SIZE];
	char *text = line + strspn(line, " \t");

	*there = false;
	if (text[0] == '{') {
		if (!store_json_text(
			ctl->store, text, "$.cidr", cidr, sizeof(cidr))) {
			return "is no JSON";
		}
		if (cidr[0] == '\0') {
			char type[sizeof("metadata")];

			(void)store_json_text(
			    ctl->store, text, "$.type", type, sizeof(type));
			return strcmp(type, "metadata") == 0 ? NULL
							     : "has no cidr";
		}
		text = cidr;
	}
	text[strcspn(text, ";# \t\r")] = '\0';
	if (text[0] == '\0') {
		return NULL;
	}
	*there = net_parse(text, net);
	return *there ? NULL : "is not a network";
}

/* Keep a network; what is wrong, or NULL. */
static const char *
keep_net(const struct net *net)
{
	if (list.nets == NETS_MAX) {
		return "more than 100,000 networks";
	}
	if (list.nets == list.room) {
		const size_t room = list.room * 2 + 1024;
		struct net *more = reallocarray(
		    list.net, room, sizeof(list.net[0]));

		if (more == NULL) {
			return "out of memory";
		}
		list.net = more;
		list.room = room;
	}
	list.net[list.nets++] = *net;
	return NULL;
}

/* All of it is understood before anything is changed; false after a
 * complaint. */
static bool
read_list(struct ctl *ctl, FILE *from)
{
	char line[FILE_LINE_SIZE];
	const char *wrong = NULL;
	int64_t number = 0;
	bool end = false;

	while (wrong == NULL && !end) {
		struct net net;
		bool there;

		number++;
		wrong = file_line(from, line, &end);
		if (wrong == NULL) {
			wrong = read_net(ctl, line, &net, &there);
		}
		if (wrong == NULL && there) {
			wrong = keep_net(&net);
		}
	}
	if (wrong != NULL) {
		output_wrong(
		    piece("%s:%" PRId64 ": %s", list.file, number, wrong));
	}
	return wrong == NULL;
}

/* ---- banning ---- */

/* Why a network is not banned, or NULL. */
static const char *
why_spared(const struct ctl *ctl, const struct net *who)
{
	const struct conf *conf = ctl->conf;
	struct addr address;
	struct allow allow;

	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains(&conf->allow[i], who)) {
			return "it is allowed by the configuration";
		}
	}
	if (net_is_wider(who, BAN_WIDEST_V4, BAN_WIDEST_V6)) {
		return "it is too wide";
	}
	if (standing_never_banned_net(who)) {
		return "it is private or reserved";
	}
	if (conf_is_own(who, CONF_OWN_AGE)) {
		return "an address of this host lies in it";
	}
	if (ban_own_network(&list.mta, who) != NULL) {
		return "it overlaps Postfix's mynetworks";
	}
	if (ssh_find(&address) && net_contains_addr(who, &address)) {
		return "you are connected from it";
	}
	return store_allow_find(ctl->store, &who->addr, ctl->now, &allow) &&
		       net_contains(&allow.net, who)
		   ? "it is allowed"
		   : NULL;
}

/* The ban by hand that holds. */
static bool
take_held(void *to, const struct ban *ban)
{
	struct ban *held = to;

	if (ban_is_manual(ban) && ban->observed == held->observed) {
		*held = *ban;
		return false;
	}
	return true;
}

static void
ban_net(struct ctl *ctl, const struct net *net, const char *note)
{
	struct ban ban = { .who = *net,
		.reason = ctl->args->value[OPTION_REASON] != NULL
			      ? ctl->args->reason
			      : REASON_SPAM,
		.ends = ctl->now + (ctl->args->value[OPTION_FOR] != NULL
					   ? ctl->args->duration
					   : WEEK) };
	const struct ban_query query = { .scope = BAN_EXACTLY,
		.who = *net,
		.active_at = ctl->now,
		.observed = true,
		.reason = &ban.reason };
	struct ban held = { .observed = ctl->conf->mode == CONF_OBSERVE };
	int64_t was;

	store_ban_each(ctl->store, &query, take_held, &held);
	if (held.id != 0 && held.ends >= ban.ends) {
		list.already++;
		return;
	}
	if (held.id == 0) {
		(void)text_copy(ban.note, sizeof(ban.note), note);
	}
	if (engine_ban(ctl->store, ctl->conf, &ban, ctl->now, &was) ==
	    BAN_NEW) {
		list.began++;
	} else {
		list.prolonged++;
	}
}

/* In steps, so that others write in between; one line of audit for all. */
static bool
ban_list(struct ctl *ctl)
{
	const char *slash = strrchr(list.file, '/');
	const char *name = slash != NULL ? slash + 1 : list.file;
	char note[BAN_NOTE_SIZE];

	/* A name too long for a note, or one that no note may hold, is left
	 * out. */
	if (!text_copy(note, sizeof(note),
		ctl->note != NULL     ? ctl->note
		: utf8_is_plain(name) ? piece("DROP list %s", name)
				      : "DROP list")) {
		(void)text_copy(note, sizeof(note), "DROP list");
	}
	store_begin(ctl->store);
	if (ctl->args->value[OPTION_DRY_RUN] != NULL) {
		store_rehearse(ctl->store);
		output_say("dry run: this would be done, and is not");
	}
	for (size_t i = 0; i < list.nets; i++) {
		const char *why = why_spared(ctl, &list.net[i]);

		if (why != NULL) {
			list.spared++;
			output_complain(
			    "%s is left out: %s", piece_net(&list.net[i]), why);
		} else {
			ban_net(ctl, &list.net[i], note);
		}
		if (i % STEP == STEP - 1) {
			store_go_on(ctl->store);
		}
	}
	ctl->note = piece("%s banned, %" PRId64 " prolonged",
	    piece_count(list.began, "network", "networks"), list.prolonged);
	ctl_audit(ctl, "import drop", name);
	return ctl_well(ctl, store_commit(ctl->store));
}

static void
say_result(void)
{
	output_say("%s read: %" PRId64 " banned, %" PRId64
		   " prolonged, %" PRId64 " banned already, %" PRId64
		   " left out",
	    piece_count((int64_t)list.nets, "network", "networks"), list.began,
	    list.prolonged, list.already, list.spared);
	output_object(NULL, NULL);
	output_int("read", (int64_t)list.nets);
	output_int("banned", list.began);
	output_int("prolonged", list.prolonged);
	output_int("already", list.already);
	output_int("left_out", list.spared);
	output_end();
}

enum exit_status
import_drop(struct ctl *ctl)
{
	enum exit_status status = EXIT_USAGE;
	FILE *from;

	list.file = ctl->args->word[2];
	from = strcmp(list.file, "-") == 0 ? stdin : fopen(list.file, "re");
	if (from == NULL) {
		output_complain("%s: %s", list.file, strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	if (from == stdin) {
		list.file = "stdin";
	}
	if (read_list(ctl, from)) {
		mta_ask_networks(&list.mta);
		status = ban_list(ctl) ? EXIT_FINE : EXIT_DATABASE;
		mta_clear(&list.mta);
	}
	if (status == EXIT_FINE) {
		say_result();
	}
	if (from != stdin) {
		(void)fclose(from);
	}
	free(list.net);
	return status;
}
