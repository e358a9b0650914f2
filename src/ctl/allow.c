#include "ctl/allow.h"

#include <stdio.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "engine/engine.h"

/* ---- list ---- */

static const struct layout networks = {
	.column = { { "network", "NETWORK" }, { "until", "UNTIL" },
	    { "note", "NOTE", COLUMN_WRAP } },
};

static void
put_allow(void *to, const struct allow *allow)
{
	struct output *out = to;

	output_row(out);
	output_net(out, "network", &allow->net);
	output_time(out, "until", allow->until);
	output_string(out, "note", allow->note);
	output_row_end(out);
}

enum exit_status
allow_list(struct ctl *ctl)
{
	struct output *out = &ctl->out;
	enum store_result result;
	char count[OUTPUT_COUNT_SIZE];
	int64_t rows;

	output_table(out, NULL, &networks);
	result = store_allow_each(ctl->store, ctl->now, put_allow, out);
	if (result == STORE_BUSY || result == STORE_FAILED) {
		return ctl_failed(ctl, result);
	}
	rows = output_table_end(out);
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
		result = store_allow_remove(ctl->store, &ctl->args.who)
			     ? STORE_OK
			     : STORE_NONE;
		result = store_status(ctl->store) != STORE_OK
			     ? store_status(ctl->store)
			     : result;
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
