#include "ctl/batch.h"

#include "engine/engine.h"

enum {
	WRITES = 256, /* a transaction */
	FORGET = 16   /* transactions between two times of forgetting */
};

static enum store_result
begin(struct batch *batch)
{
	batch->writes = 0;
	batch->oldest = INT64_MAX;
	return store_begin(batch->store);
}

enum store_result
batch_begin(struct batch *batch, struct store *store, const struct conf *conf)
{
	*batch = (struct batch){ .store = store, .conf = conf };
	return begin(batch);
}

static enum store_result
forget(struct batch *batch, int64_t now)
{
	enum store_result result;
	int64_t removed = 0;

	do {
		result = engine_expire(
		    batch->store, batch->conf, now, &removed);
	} while (result == STORE_OK && removed > 0);
	return result;
}

/* The oldest time rules, lest one line of a host whose clock had run ahead
 * make everything look old. */
enum store_result
batch_step(struct batch *batch, int64_t at)
{
	enum store_result result = STORE_OK;

	batch->oldest = at < batch->oldest ? at : batch->oldest;
	if (++batch->writes < WRITES) {
		return STORE_OK;
	}
	if (++batch->commits % FORGET == 0) {
		result = forget(batch, batch->oldest);
	}
	if (result == STORE_OK) {
		result = store_commit(batch->store);
	}
	return result == STORE_OK ? begin(batch) : result;
}

enum store_result
batch_end(struct batch *batch)
{
	return store_commit(batch->store);
}
