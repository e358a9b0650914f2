/* Taking away all that is known of a client. */
#include <inttypes.h>

#include "ctl/ctl.h"
#include "ctl/layout.h"
#include "ctl/piece.h"
#include "engine/engine.h"

static const struct layout tables = {
	.column = {
	    { "table", OF(store_erased, table), "TABLE", 0 },
	    { "rows", OF(store_erased, rows), "ROWS", COLUMN_RIGHT },
	},
};

enum exit_status
forget_client(struct ctl *ctl)
{
	const struct addr *address = &ctl->args->target[0].address;
	const struct net client = engine_client(ctl->conf, address);
	struct store_erased erased[STORE_ERASE_TABLES];
	struct standing standing;
	struct allow allow;
	int64_t rows = 0;
	size_t count;

	engine_standing(ctl->store, ctl->conf, address, ctl->now, &standing);
	count = store_erase(ctl->store, &client, erased);
	for (size_t i = 0; i < count; i++) {
		rows += erased[i].rows;
	}
	if (rows > 0) {
		ctl_audit(ctl, "forget", "forgotten");
	}
	output_table(NULL, &tables);
	for (size_t i = 0; i < count; i++) {
		output_record(&erased[i]);
	}
	output_end();
	output_say("%s of %s", piece_count(rows, "row went", "rows went"),
	    piece_net(&client));
	if (rows > 0 && standing.verdict == STANDING_BANNED) {
		engine_standing(
		    ctl->store, ctl->conf, address, ctl->now, &standing);
		output_say("%s", standing.verdict == STANDING_BANNED
				     ? "a ban of a network around it stays"
				     : "it was banned, and is no longer");
	}
	if (store_allow_find(ctl->store, address, ctl->now, &allow)) {
		output_say("the allow list has %s: see \"videur allow remove\"",
		    piece_net(&allow.net));
	}
	return rows > 0 ? EXIT_FINE : EXIT_NO;
}
