#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

/* ---- list ---- */

/* What a ban is sorted by, small enough for a million; a ref finds it again. */
struct sorted {
	int64_t key;
	struct net who;
	char ref[BAN_REF_SIZE];
};

struct listing {
	struct ctl *ctl;
	const char *rule; /* only bans by it, or NULL, */
	int64_t host;     /* made by that host; -1: by any, */
	int64_t since;    /* that began then or later */
	int64_t limit;
	bool sorting;          /* they are collected, */
	struct sorted *sorted; /* here */
	size_t count;
	size_t room;
	bool full;      /* there was no memory for some */
	int64_t rows;   /* shown */
	int64_t hidden; /* and not, for the limit */
	int64_t active;
	int64_t observed; /* of those that would be */
};

static int64_t
limit_of(const struct ctl *ctl)
{
	return ctl->args->value[OPTION_LIMIT] != NULL ? ctl->args->limit
						      : INT64_MAX;
}

/* What happened before is not asked for. */
int64_t
ctl_since(const struct ctl *ctl, int64_t otherwise)
{
	const struct args *args = ctl->args;

	return args->value[OPTION_SINCE] == NULL ? otherwise
	       : args->since < 0                 ? ctl->now + args->since
						 : args->since;
}

static struct suspects_query
suspects_of(const struct ctl *ctl, int64_t most)
{
	return (struct suspects_query){ .active_at = ctl->now,
		.since = ctl->now - REPUTATION_SPAN,
		.most = most };
}

/* The largest comes first. */
static int64_t
key_of(const struct ban *ban, enum sort_key key)
{
	int64_t text = 0;

	switch (key) {
	case SORT_BEGINS:
		return ban->begins;
	case SORT_STEP:
		return ban->step;
	case SORT_HITS:
		return ban->hits;
	case SORT_REASON:
		return -(int64_t)ban->reason;
	case SORT_RULE:
		/* Its first letters. */
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			text = text * 256 +
			       (i < strlen(ban->rule)
				       ? (unsigned char)ban->rule[i]
				       : 0);
		}
		return -text;
	case SORT_ENDS:
	case SORT_ADDRESS:
	case SORT_KEYS:
		break;
	}
	return 0;
}

static bool
collect(struct listing *listing, const struct ban *ban)
{
	struct sorted *sorted = array_grow(
	    listing->sorted, listing->count, &listing->room, sizeof(*sorted));

	if (sorted == NULL) {
		listing->full = true;
		return false;
	}
	listing->sorted = sorted;
	sorted += listing->count++;
	*sorted = (struct sorted){ .key = key_of(ban, listing->ctl->args->sort),
		.who = ban->who };
	memcpy(sorted->ref, ban->ref, sizeof(sorted->ref));
	return true;
}

static void
show(struct listing *listing, const struct ban *ban)
{
	const bool active = ban_active(ban, listing->ctl->now);

	listing->active += active && !ban->observed;
	listing->observed += active && ban->observed;
	listing->rows++;
	bans_row(listing->ctl, ban, NULL, "");
}

static bool
put_ban(void *to, const struct ban *ban)
{
	struct listing *listing = to;

	if (ban->begins < listing->since ||
	    (listing->rule != NULL && strcmp(ban->rule, listing->rule) != 0) ||
	    (listing->host >= 0 && ban->host != listing->host)) {
		return true;
	}
	if (listing->sorting) {
		return collect(listing, ban);
	}
	if (listing->rows == listing->limit) {
		listing->hidden++;
		return false;
	}
	show(listing, ban);
	return true;
}

static void
put_suspect(void *to, const struct ban *ban, int64_t accepted)
{
	struct listing *listing = to;
	const struct args *args = listing->ctl->args;

	(void)accepted;
	if (args->value[OPTION_REASON] == NULL || ban->reason == args->reason) {
		(void)put_ban(to, ban);
	}
}

static int
compare(const void *left, const void *right)
{
	const struct sorted *a = left;
	const struct sorted *b = right;
	const int who = memcmp(&a->who.addr, &b->who.addr, sizeof(a->who.addr));

	return a->key != b->key ? (a->key < b->key) - (a->key > b->key)
	       : who != 0       ? who
				: a->who.bits - b->who.bits;
}

/* Sort what was collected, and show it. */
static void
put_sorted(struct listing *listing)
{
	struct ban ban;

	if (listing->count > 1) {
		qsort(listing->sorted, listing->count,
		    sizeof(listing->sorted[0]), compare);
	}
	for (size_t i = 0; i < listing->count; i++) {
		if (listing->rows == listing->limit) {
			listing->hidden += (int64_t)(listing->count - i);
			break;
		}
		if (store_ban_find(
			listing->ctl->store, listing->sorted[i].ref, &ban)) {
			show(listing, &ban);
		}
	}
	free(listing->sorted);
}

/* Those of one of whom it was asked: all that hold an address, those in a
 * network, the one of a ref, also where it is over. */
static void
put_of(struct listing *listing, const struct target *target,
    struct ban_query query)
{
	struct ctl *ctl = listing->ctl;
	struct ban ban;

	if (target->ref[0] != '\0') {
		if (store_ban_find(ctl->store, target->ref, &ban)) {
			(void)put_ban(listing, &ban);
		}
		return;
	}
	query.scope = target->kind == TARGET_NET ? BAN_INSIDE : BAN_COVERING;
	query.who = target->who;
	store_ban_each(ctl->store, &query, put_ban, listing);
}

static void
put_all(struct listing *listing)
{
	struct ctl *ctl = listing->ctl;
	const struct args *args = ctl->args;
	const bool all = args->value[OPTION_ALL] != NULL;
	const struct ban_query query = {
		.scope = BAN_ANYBODY,
		.active_at = all ? INT64_MIN : ctl->now,
		.observed = true,
		.reason = args->value[OPTION_REASON] != NULL ? &args->reason
							     : NULL,
	};

	if (args->value[OPTION_SUSPECTS] != NULL) {
		const struct suspects_query suspected = suspects_of(
		    ctl, INT64_MAX);

		store_ban_suspects(
		    ctl->store, &suspected, put_suspect, listing);
	} else if (args->targets == 0) {
		store_ban_each(ctl->store, &query, put_ban, listing);
	}
	for (size_t i = 0; i < args->targets; i++) {
		put_of(listing, &args->target[i], query);
	}
}

enum exit_status
list_names_check(struct ctl *ctl)
{
	if (ctl->args->value[OPTION_SUSPECTS] != NULL &&
	    ctl->args->targets > 0) {
		output_complain("--suspects is asked of all, not of some");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

/* Whose bans are asked for; false after a complaint. */
static bool
take_host(struct listing *listing)
{
	const char *name = listing->ctl->args->value[OPTION_HOST];
	const bool several = hosts_read(listing->ctl);

	listing->host = name != NULL && several ? hosts_find(name) : -1;
	if (name != NULL && !several) {
		output_complain("there is no other host: see \"share\" in "
				"videur.conf(5)");
	} else if (name != NULL && listing->host < 0) {
		output_complain(
		    "no host \"%s\" (there are %s)", name, hosts_names());
	}
	return name == NULL || listing->host >= 0;
}

enum exit_status
list_show(struct ctl *ctl)
{
	const struct args *args = ctl->args;
	const bool reason = args->value[OPTION_REASON] != NULL;
	const bool all = args->value[OPTION_ALL] != NULL;
	const bool some = args->targets > 0 ||
			  args->value[OPTION_RULE] != NULL ||
			  args->value[OPTION_SINCE] != NULL ||
			  args->value[OPTION_SUSPECTS] != NULL ||
			  args->value[OPTION_HOST] != NULL;
	struct layout layout;
	struct listing listing = {
		.ctl = ctl,
		.rule = args->value[OPTION_RULE],
		.host = -1,
		.since = ctl_since(ctl, INT64_MIN),
		.limit = limit_of(ctl),
		.sorting = args->sort != SORT_ENDS,
	};

	store_read(ctl->store);
	if (!take_host(&listing)) {
		(void)store_read_end(ctl->store);
		return EXIT_USAGE;
	}
	layout = bans_layout_hosts();
	if (args->value[OPTION_LONG] != NULL) {
		layout.records = true;
		layout.shown = " client reason rule which begins until left "
			       "state ref hits host words reply ";
	}
	output_table(NULL, &layout);
	put_all(&listing);
	if (listing.sorting) {
		put_sorted(&listing);
	}
	if (!ctl_well(ctl, store_read_end(ctl->store))) {
		return EXIT_DATABASE; /* and the end is missing */
	}
	output_end();
	if (listing.full) {
		output_complain("out of memory");
		return EXIT_DATABASE;
	}
	if (listing.rows == 0) {
		output_say("%s%s%s%s",
		    some ? "no such ban" : "nobody is banned",
		    reason ? " for " : "",
		    reason ? reason_name(args->reason) : "",
		    all && !some ? ", and nobody was" : "");
		return EXIT_NO;
	}
	output_say("%s, %" PRId64 " active%s%s",
	    piece_count(listing.rows, "ban", "bans"), listing.active,
	    listing.observed > 0
		? piece(", %s", bans_observed(listing.observed))
		: "",
	    listing.hidden > 0 ? "; there are more" : "");
	return EXIT_FINE;
}

/* ---- suspects ---- */

struct suspect_row {
	struct ban ban;
	int64_t accepted;
	const char *left;
};

static const struct layout suspects = {
	.column = {
	    { "client", OF(suspect_row, ban.who), "ADDRESS", 0 },
	    { "accepted", OF(suspect_row, accepted), "ACCEPTED", COLUMN_RIGHT },
	    { "reason", OF(suspect_row, ban.reason), "REASON", 0 },
	    { "rule", OF(suspect_row, ban.rule), NULL, 0 },
	    { "step", OF(suspect_row, ban.step), NULL, 0 },
	    { "begins", OF(suspect_row, ban.begins), NULL, COLUMN_TIME },
	    { "ends", OF(suspect_row, ban.ends), NULL, COLUMN_TIME },
	    { "left", OF(suspect_row, left), "LEFT", COLUMN_RIGHT | COLUMN_PEOPLE },
	    { "ref", OF(suspect_row, ban.ref), "REF", 0 },
	    { "hits", OF(suspect_row, ban.hits), "HITS", COLUMN_RIGHT },
	},
};

static void
put_suspected(void *to, const struct ban *ban, int64_t accepted)
{
	const struct ctl *ctl = to;
	const struct suspect_row row = { .ban = *ban,
		.accepted = accepted,
		.left = bans_left(ban, ctl->now) };

	output_record(&row);
}

int64_t
list_put_suspects(struct ctl *ctl, const char *name, int64_t most)
{
	const struct suspects_query suspected = suspects_of(ctl, most);

	output_table(name, &suspects);
	store_ban_suspects(ctl->store, &suspected, put_suspected, ctl);
	return output_end();
}

enum exit_status
list_suspects(struct ctl *ctl)
{
	if (list_put_suspects(ctl, NULL, limit_of(ctl)) == 0) {
		output_say("nobody whose mail was accepted is banned");
		return EXIT_NO;
	}
	output_say("ACCEPTED: messages before the ban; \"videur explain REF\" "
		   "tells why it began, \"videur clear REF --mistake\" takes "
		   "it back");
	return EXIT_FINE;
}

/* ---- check ---- */

/* In words, and as the page's JSON has it. */
static enum exit_status
check_one(struct ctl *ctl, const struct target *target)
{
	struct layout layout = bans_layout;
	struct standing standing;
	struct bans_observed observed;
	bool banned;

	engine_standing(
	    ctl->store, ctl->conf, &target->address, ctl->now, &standing);
	banned = standing.verdict == STANDING_BANNED;
	layout.open = true;
	output_object(NULL, NULL);
	bans_standing(ctl, &standing, false);
	output_string("ip", piece_addr(&standing.address));
	output_bool("listed", banned);
	output_table("bans", &layout);
	for (size_t i = 0; i < standing.bans; i++) {
		bans_row(ctl, &standing.ban[i], &standing.address, "");
	}
	output_end();
	/* Not a part of the answer where it is about nobody. */
	bans_read_observed(ctl, &standing, &observed);
	if (observed.bans > 0) {
		output_table("would_refuse", &layout);
		for (size_t i = 0; i < observed.bans; i++) {
			bans_row(ctl, &observed.ban[i], &standing.address, "");
		}
		output_end();
	}
	output_time("checked_at", standing.checked_at);
	output_end();
	return banned ? EXIT_NO : EXIT_FINE;
}

enum exit_status
list_check(struct ctl *ctl)
{
	return ctl_each(ctl, check_one);
}

/* ---- log ---- */

static const struct layout changes = {
	.column = {
	    { "at", OF(audit, at), "TIME", COLUMN_TIME },
	    { "who", OF(audit, who), "WHO", 0 },
	    { "what", OF(audit, what), "WHAT", 0 },
	    { "subject", OF(audit, subject), "OF", 0 },
	    { "note", OF(audit, note), "NOTE", COLUMN_WRAP },
	},
};

struct change_list {
	const struct args *args;
	int64_t since;
	int64_t left; /* so many more are shown */
};

/* Whether it is about one of those that were asked for, a part of it, or a
 * network around it. */
static bool
is_about(const struct args *args, const char *subject)
{
	const bool everybody = strcmp(subject, "all") == 0;
	struct net net;

	if (args->targets == 0 || everybody) {
		return true;
	}
	if (!net_parse(subject, &net)) {
		return false;
	}
	for (size_t i = 0; i < args->targets; i++) {
		if (net_contains(&args->target[i].who, &net) ||
		    net_contains(&net, &args->target[i].who)) {
			return true;
		}
	}
	return false;
}

static bool
put_change(void *to, const struct audit *audit)
{
	struct change_list *list = to;

	if (audit->at < list->since) {
		return false; /* and so are all that follow */
	}
	if (is_about(list->args, audit->subject)) {
		struct audit row = *audit;

		if (row.host[0] == '\0') {
			row.host = hosts_name(0);
		}
		output_record(&row);
		list->left--;
	}
	return list->left > 0;
}

int64_t
list_put_changes(struct ctl *ctl, const char *name, int64_t since)
{
	struct change_list list = {
		.args = ctl->args,
		.since = since,
		.left = limit_of(ctl),
	};
	struct layout layout;

	(void)hosts_read(ctl);
	layout = hosts_layout(&changes, "note",
	    (struct column){ "host", OF(audit, host), "HOST", 0 });
	output_table(name, &layout);
	store_audit_each(ctl->store, put_change, &list);
	return output_end();
}

enum exit_status
list_changes(struct ctl *ctl)
{
	const struct args *args = ctl->args;
	const bool some = args->targets > 0 ||
			  args->value[OPTION_SINCE] != NULL;
	const int64_t rows = list_put_changes(
	    ctl, NULL, ctl_since(ctl, INT64_MIN));

	if (rows > 0) {
		output_say("%s", piece_count(rows, "change", "changes"));
	} else {
		output_say("%s",
		    some ? "no such change" : "nothing was changed by hand");
	}
	return rows > 0 ? EXIT_FINE : EXIT_NO;
}
