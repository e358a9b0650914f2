#include "ctl/allow.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "engine/engine.h"

/* ---- list ---- */

static const char *const head[] = { "NETWORK", "UNTIL", "NOTE" };

static void
list_row(void *to, const struct allow *allow)
{
	char net[NET_TEXT_SIZE];
	char until[PRINT_TIME_SIZE];

	table_row(
	    to, (const char *const[]){ net_format(&allow->net, net),
		    allow->until != 0 ? print_time(allow->until, until) : "-",
		    allow->note });
}

static enum exit_status
list_text(struct ctl *ctl)
{
	struct table table;
	enum store_result result;
	char entries[PRINT_COUNT_SIZE];

	table_init(&table, head, sizeof(head) / sizeof(head[0]), 0, "");
	result = store_allow_each(ctl->store, ctl->now, list_row, &table);
	if (result == STORE_OK && table.rows > 0) {
		table_print(&table);
		result = store_allow_each(
		    ctl->store, ctl->now, list_row, &table);
	}
	if (result == STORE_BUSY || result == STORE_FAILED) {
		return ctl_failed(ctl, result);
	}
	if (table.rows == 0) {
		print_line("nothing is allowed");
		return EXIT_NO;
	}
	print_line(
	    "%s", print_count(table.rows, "network", "networks", entries));
	return EXIT_FINE;
}

struct json_listing {
	struct json json;
	bool any;
};

static void
list_json_row(void *to, const struct allow *allow)
{
	struct json_listing *listing = to;
	struct json *json = &listing->json;
	char net[NET_TEXT_SIZE];

	listing->any = true;
	json_object(json, NULL);
	json_string(json, "network", net_format(&allow->net, net));
	if (allow->until != 0) {
		json_time(json, "until", allow->until);
	} else {
		json_null(json, "until");
	}
	json_string(json, "note", allow->note);
	json_object_end(json);
}

static enum exit_status
list_json(struct ctl *ctl)
{
	struct json_listing listing = { .any = false };
	enum store_result result;

	print_json_begin(&listing.json);
	json_array(&listing.json, NULL);
	result = store_allow_each(
	    ctl->store, ctl->now, list_json_row, &listing);
	if (result == STORE_BUSY || result == STORE_FAILED) {
		return ctl_failed(ctl, result);
	}
	json_array_end(&listing.json);
	print_json_end(&listing.json);
	return listing.any ? EXIT_FINE : EXIT_NO;
}

enum exit_status
allow_list(struct ctl *ctl)
{
	return args_given(&ctl->args, OPTION_JSON) ? list_json(ctl)
						   : list_text(ctl);
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
	enum store_result result;
	int64_t lifted = 0;
	char net[NET_TEXT_SIZE];
	char bans[PRINT_COUNT_SIZE];
	char until[PRINT_TIME_SIZE];

	net_format(&allow.net, net);
	/* Its length was checked when it was read. */
	(void)text_copy(allow.note, sizeof(allow.note),
	    args->note != NULL ? args->note : "");
	result = ctl_begin(ctl);
	if (result == STORE_OK) {
		result = engine_allow(
		    ctl->store, ctl->conf, &allow, ctl->now, &lifted);
	}
	if (result == STORE_OK) {
		result = ctl_commit(ctl, "allow add", net, args->note);
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	print_line("allowed %s%s%s; lifted %s", net,
	    allow.until != 0 ? " until " : "",
	    allow.until != 0 ? print_time(allow.until, until) : "",
	    print_count(lifted, "ban", "bans", bans));
	return EXIT_FINE;
}

enum exit_status
allow_remove(struct ctl *ctl)
{
	enum store_result result = ctl_begin(ctl);
	char net[NET_TEXT_SIZE];

	net_format(&ctl->args.who, net);
	if (result == STORE_OK) {
		result = store_allow_remove(ctl->store, &ctl->args.who);
	}
	if (result == STORE_NONE) {
		store_rollback(ctl->store);
		print_line("%s is not on the allow list", net);
		return EXIT_NO;
	}
	if (result == STORE_OK) {
		result = ctl_commit(ctl, "allow remove", net, NULL);
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	print_line("%s is no longer allowed", net);
	return EXIT_FINE;
}
