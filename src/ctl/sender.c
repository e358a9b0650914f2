#include "ctl/sender.h"

enum store_result
sender_keep(struct store *store, const struct finding *finding)
{
	const struct queue_entry entry = {
		.address = finding->address,
		.login = finding->user[0] != '\0',
		.at = finding->at,
	};

	return store_queue_put(store, finding->queue, &entry);
}

enum store_result
sender_is_user(
    struct store *store, const struct finding *finding, bool *is_user)
{
	struct queue_entry entry = { .login = false };
	enum store_result result = STORE_NONE;

	if (finding->queue[0] != '\0') {
		result = store_queue_get(store, finding->queue, &entry);
	}
	*is_user = result == STORE_OK && entry.login;
	return result == STORE_NONE ? STORE_OK : result;
}
