#include "replay/scratch.h"

#include "engine/engine.h"

enum {
	WRITES = 256, /* a transaction */
	FORGET = 16   /* transactions between two times of forgetting */
};

bool
scratch_is_well(const struct scratch *scratch)
{
	return store_status(scratch->store) == STORE_OK;
}

static void
begin(struct scratch *scratch)
{
	scratch->writes = 0;
	scratch->oldest = INT64_MAX;
	store_begin(scratch->store);
}

void
scratch_begin(
    struct scratch *scratch, struct store *store, const struct conf *conf)
{
	*scratch = (struct scratch){ .store = store, .conf = conf };
	begin(scratch);
}

/* The oldest time rules, because one line of a host whose clock had run ahead
 * would make everything look old. */
void
scratch_step(struct scratch *scratch, int64_t at)
{
	scratch->oldest = at < scratch->oldest ? at : scratch->oldest;
	if (++scratch->writes < WRITES) {
		return;
	}
	if (++scratch->commits % FORGET == 0) {
		while (engine_prune(scratch->store, scratch->conf,
			   scratch->oldest) > 0) {
		}
	}
	if (scratch_end(scratch)) {
		begin(scratch);
	}
}

void
scratch_keep_sender(struct scratch *scratch, const struct finding *finding)
{
	const struct queue_entry entry = {
		.address = finding->address,
		.login = finding->user[0] != '\0',
		.at = finding->at,
	};

	store_queue_put(scratch->store, finding->queue, &entry);
	scratch_step(scratch, finding->at);
}

bool
scratch_sender_is_user(struct scratch *scratch, const struct finding *finding)
{
	struct queue_entry entry;

	return finding->queue[0] != '\0' &&
	       store_queue_find(scratch->store, finding->queue, &entry) &&
	       entry.login;
}

bool
scratch_end(struct scratch *scratch)
{
	return store_commit(scratch->store) == STORE_OK;
}
