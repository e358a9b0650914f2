#include "milter/patience.h"

#include <stdatomic.h>

#include "base/proc.h"
#include "store/store.h"

void
patience_charge(struct visitor *visitor, int64_t began)
{
	visitor->patience -= proc_ticks() - began;
	if (visitor->patience < 0) {
		visitor->patience = 0;
	}
}

bool
patience_take(struct handle *handle, struct visitor *visitor)
{
	int64_t began = proc_ticks();

	if (!handle_take(handle, visitor->patience)) {
		visitor->patience = 0;
		return false;
	}
	if (handle->store == NULL) {
		handle_give(handle);
		return false;
	}
	patience_charge(visitor, began);
	store_patience(handle->store, (int)visitor->patience);
	return true;
}

bool
patience_take_writer(struct books *books, struct visitor *visitor)
{
	return visitor->patience > 0 &&
	       proc_ticks() >= atomic_load(&books->quiet_until) &&
	       patience_take(&books->write, visitor);
}
