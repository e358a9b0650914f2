#include "ctl/look.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "core/ban.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/say.h"
#include "engine/engine.h"

enum {
	NUMBER_SIZE = 24
};

/* ---- list ---- */

static const char *const list_head[] = { "ADDRESS", "REASON", "STEP", "SINCE",
	"UNTIL", "LEFT", "HITS", "STATE" };

enum {
	LIST_COLUMNS = sizeof(list_head) / sizeof(list_head[0]),
	LIST_RIGHT = 1U << 2 | 1U << 5 | 1U << 6
};

struct listing {
	struct table table;
	int64_t now;
	int64_t active;
	int64_t observed; /* of the active ones */
};

static bool
list_row(void *to, const struct ban *ban)
{
	struct listing *listing = to;
	bool active = ban_active(ban, listing->now);
	char who[NET_TEXT_SIZE];
	char step[NUMBER_SIZE];
	char since[PRINT_TIME_SIZE];
	char until[PRINT_TIME_SIZE];
	char left[DURATION_TEXT_SIZE];
	char hits[NUMBER_SIZE];

	(void)snprintf(step, sizeof(step), "%d", ban->step);
	(void)snprintf(hits, sizeof(hits), "%" PRId64, ban->hits);
	listing->active += active;
	listing->observed += active && ban->observed;
	table_row(&listing->table,
	    (const char *const[]){ net_format(&ban->who, who),
		reason_name(ban->reason), step, print_time(ban->begins, since),
		print_time(ban_over(ban), until),
		active ? text_from_duration(ban->ends - listing->now, left)
		       : "-",
		hits, say_state(ban, listing->now) });
	return true;
}

/* "3 bans, 2 active (1 only observed)". */
static void
list_summary(const struct listing *listing)
{
	char bans[PRINT_COUNT_SIZE];
	char line[PRINT_COUNT_SIZE * 3];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_add(&text, print_count(listing->table.rows, "ban", "bans", bans));
	text_addf(&text, ", %" PRId64 " active", listing->active);
	if (listing->observed > 0) {
		text_addf(
		    &text, " (%" PRId64 " only observed)", listing->observed);
	}
	print_line("%s", line);
}

static enum exit_status
list_nobody(const struct ctl *ctl)
{
	bool all = args_given(&ctl->args, OPTION_ALL);
	bool reason = args_given(&ctl->args, OPTION_REASON);

	print_line("nobody is banned%s%s%s", reason ? " for " : "",
	    reason ? reason_name(ctl->args.reason) : "",
	    all ? ", and nobody was" : "");
	return EXIT_NO;
}

/* Twice over the same bans: once to measure, once to write. */
static enum exit_status
list_text(struct ctl *ctl, const struct ban_query *query)
{
	struct listing listing = { .now = ctl->now };
	enum store_result result;

	table_init(&listing.table, list_head, LIST_COLUMNS, LIST_RIGHT, "");
	result = store_ban_each(ctl->store, query, list_row, &listing);
	if (result == STORE_OK && listing.table.rows > 0) {
		listing.active = 0;
		listing.observed = 0;
		table_print(&listing.table);
		result = store_ban_each(ctl->store, query, list_row, &listing);
	}
	if (result == STORE_BUSY || result == STORE_FAILED) {
		return ctl_failed(ctl, result);
	}
	if (listing.table.rows == 0) {
		return list_nobody(ctl);
	}
	list_summary(&listing);
	return EXIT_FINE;
}

struct json_listing {
	struct json json;
	const char *lookup_url;
	bool any;
};

static bool
list_json_row(void *to, const struct ban *ban)
{
	struct json_listing *listing = to;

	standing_ban_json(ban, listing->lookup_url, &listing->json);
	listing->any = true;
	return true;
}

static enum exit_status
list_json(struct ctl *ctl, const struct ban_query *query)
{
	struct json_listing listing = { .lookup_url = ctl->conf->lookup_url };
	enum store_result result;

	print_json_begin(&listing.json);
	json_array(&listing.json, NULL);
	result = store_ban_each(ctl->store, query, list_json_row, &listing);
	if (result == STORE_BUSY || result == STORE_FAILED) {
		return ctl_failed(ctl, result);
	}
	json_array_end(&listing.json);
	print_json_end(&listing.json);
	return listing.any ? EXIT_FINE : EXIT_NO;
}

enum exit_status
look_list(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct ban_query query = {
		.scope = BAN_ANYBODY,
		.active_at = args_given(args, OPTION_ALL) ? INT64_MIN
							  : ctl->now,
		.observed = true,
		.reason = args_given(args, OPTION_REASON) ? &args->reason
							  : NULL,
	};

	return args_given(args, OPTION_JSON) ? list_json(ctl, &query)
					     : list_text(ctl, &query);
}

/* ---- check ---- */

enum exit_status
look_check(struct ctl *ctl)
{
	struct standing standing;
	enum store_result result = engine_standing(
	    ctl->store, ctl->conf, &ctl->args.address, ctl->now, &standing);
	struct json json;

	if (result == STORE_OK && !args_given(&ctl->args, OPTION_JSON)) {
		result = say_standing(ctl, &standing);
	} else if (result == STORE_OK) {
		print_json_begin(&json);
		standing_json(&standing, ctl->conf->lookup_url, &json);
		print_json_end(&json);
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	return standing.verdict == STANDING_BANNED ? EXIT_NO : EXIT_FINE;
}
