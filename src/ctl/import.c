#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/import.h"
#include "doctor/facts.h"
#include "engine/engine.h"

enum {
	BANS_MAX = 100000,
	STEP = 100, /* networks in one transaction: a few ms */
	WEEK = 7 * 24 * 3600
};

/* What the file holds, and what became of it. */
static struct {
	const char *file;
	struct import_ban *ban; /* with texts of its own */
	size_t bans;
	size_t room;
	int64_t began;
	int64_t prolonged;
	int64_t already; /* a ban by hand that ends no sooner holds */
	int64_t spared;
	int64_t over;
	struct mta mta;
} list;

/* ---- any file ---- */

FILE *
import_open(struct ctl *ctl)
{
	FILE *from;

	list.file = ctl->args->word[2];
	from = strcmp(list.file, "-") == 0 ? stdin : fopen(list.file, "re");
	if (from == NULL) {
		output_complain("%s: %s", list.file, strerrordesc_np(errno));
	} else if (from == stdin) {
		list.file = "stdin";
	}
	return from;
}

/* The file's name for complaints, without folders. */
static const char *
name_of(void)
{
	const char *slash = strrchr(list.file, '/');

	return slash != NULL ? slash + 1 : list.file;
}

void
import_close(FILE *from)
{
	if (from != stdin) {
		(void)fclose(from);
	}
}

void
import_complain(int64_t line, const char *wrong)
{
	output_wrong(piece("%s:%" PRId64 ": %s", list.file, line, wrong));
}

void
import_pass(void)
{
	list.over++;
}

void
import_leave_out(const char *who, const char *why)
{
	list.spared++;
	output_complain("%s is left out: %s", who, why);
}

/* Whether a text, if there is one, was copied. */
static bool
keep_text(const char **text)
{
	if (*text != NULL) {
		*text = strdup(*text);
		return *text != NULL;
	}
	return true;
}

const char *
import_keep(const struct ctl *ctl, const struct import_ban *ban)
{
	struct import_ban *kept;

	if (ban->ends <= ctl->now) {
		import_pass();
		return NULL;
	}
	if (list.bans == BANS_MAX) {
		return "more than 100,000 networks";
	}
	kept = array_grow(list.ban, list.bans, &list.room, sizeof(*kept));
	if (kept == NULL) {
		return "out of memory";
	}
	list.ban = kept;
	kept += list.bans++;
	*kept = *ban;
	return keep_text(&kept->note) && keep_text(&kept->say)
		   ? NULL
		   : "out of memory";
}

enum exit_status
import_file(struct ctl *ctl, const char *what, const char *note,
    bool (*read)(struct ctl *ctl, FILE *from))
{
	FILE *from = import_open(ctl);
	enum exit_status status = EXIT_USAGE;

	if (from == NULL) {
		return status;
	}
	if (read(ctl, from)) {
		status = import_all(ctl, what,
		    note != NULL ? note : piece("DROP list %s", name_of()));
	}
	import_close(from);
	return status;
}

/* ---- a DROP list ---- */

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

/* All of it is understood before anything is changed; false after a
 * complaint. */
static bool
read_list(struct ctl *ctl, FILE *from)
{
	const struct args *args = ctl->args;
	struct import_ban ban = { .reason = args->value[OPTION_REASON] != NULL
						? args->reason
						: REASON_SPAM,
		.ends = ctl->now + (args->value[OPTION_FOR] != NULL
					   ? args->duration
					   : WEEK) };
	char line[FILE_LINE_SIZE];
	const char *wrong = NULL;
	int64_t number = 0;
	bool end = false;

	while (wrong == NULL && !end) {
		bool there;

		number++;
		wrong = file_line(from, line, &end);
		if (wrong == NULL) {
			wrong = read_net(ctl, line, &ban.who, &there);
		}
		if (wrong == NULL && there) {
			wrong = import_keep(ctl, &ban);
		}
	}
	if (wrong != NULL) {
		import_complain(number, wrong);
	}
	return wrong == NULL;
}

enum exit_status
import_drop(struct ctl *ctl)
{
	return import_file(ctl, "import drop", NULL, read_list);
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
ban_one(struct ctl *ctl, const struct import_ban *from, const char *note)
{
	struct ban ban = {
		.who = from->who, .reason = from->reason, .ends = from->ends
	};
	const struct ban_query query = { .scope = BAN_EXACTLY,
		.who = ban.who,
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
	if (from->note != NULL || held.id == 0) {
		(void)text_copy(ban.note, sizeof(ban.note),
		    from->note != NULL ? from->note : note);
	}
	if (from->say != NULL) {
		(void)text_copy(ban.say, sizeof(ban.say), from->say);
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
ban_list(struct ctl *ctl, const char *what, const char *note)
{
	store_begin(ctl->store);
	if (ctl->args->value[OPTION_DRY_RUN] != NULL) {
		store_rehearse(ctl->store);
		output_say("dry run: this would be done, and is not");
	}
	for (size_t i = 0; i < list.bans; i++) {
		const struct net *who = &list.ban[i].who;
		const char *why = why_spared(ctl, who);

		if (why != NULL) {
			import_leave_out(piece_net(who), why);
		} else {
			ban_one(ctl, &list.ban[i], note);
		}
		if (i % STEP == STEP - 1) {
			store_go_on(ctl->store);
		}
	}
	ctl->note = piece("%s banned, %" PRId64 " prolonged",
	    piece_count(list.began, "network", "networks"), list.prolonged);
	ctl_audit(ctl, what, name_of());
	return ctl_well(ctl, store_commit(ctl->store));
}

static void
say_result(void)
{
	const int64_t read = list.began + list.prolonged + list.already +
			     list.spared + list.over;

	output_say("%s read: %" PRId64 " banned, %" PRId64
		   " prolonged, %" PRId64 " banned already, %" PRId64
		   " left out, %" PRId64 " over",
	    piece_count(read, "network", "networks"), list.began,
	    list.prolonged, list.already, list.spared, list.over);
	output_object(NULL, NULL);
	output_int("read", read);
	output_int("banned", list.began);
	output_int("prolonged", list.prolonged);
	output_int("already", list.already);
	output_int("left_out", list.spared);
	output_int("over", list.over);
	output_end();
}

enum exit_status
import_all(struct ctl *ctl, const char *what, const char *note)
{
	char own[BAN_NOTE_SIZE];
	bool well;

	/* A name too long for a note, or one that no note may hold, is left
	 * out. */
	if (!text_copy(
		own, sizeof(own), ctl->note != NULL ? ctl->note : note) ||
	    !utf8_is_plain(own)) {
		(void)text_copy(own, sizeof(own), what);
	}
	mta_ask_networks(&list.mta);
	well = ban_list(ctl, what, own);
	mta_clear(&list.mta);
	if (well) {
		say_result();
	}
	return well ? EXIT_FINE : EXIT_DATABASE;
}
