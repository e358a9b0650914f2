#include "milter/glance.h"

enum {
	VERSION_BITS = 44,
	TICKS_BITS = 19 /* comes round every nine minutes; never negative */
};

/* Both in one word, so that they are read and changed together. */
static int64_t
packed(int64_t version, int64_t ticks)
{
	const int64_t low = (INT64_C(1) << VERSION_BITS) - 1;
	const int64_t high = (INT64_C(1) << TICKS_BITS) - 1;

	return (version & low) | (ticks & high) << VERSION_BITS;
}

void
glance_init(struct glance *glance)
{
	atomic_init(&glance->seen, -1);
	atomic_init(&glance->voids, 1);
}

bool
glance_has(struct glance *glance, int64_t version, int64_t ticks)
{
	return atomic_load(&glance->seen) == packed(version, ticks);
}

int64_t
glance_begin(struct glance *glance)
{
	return atomic_load(&glance->seen);
}

void
glance_put(
    struct glance *glance, int64_t ticket, int64_t version, int64_t ticks)
{
	(void)atomic_compare_exchange_strong(
	    &glance->seen, &ticket, packed(version, ticks));
}

void
glance_void(struct glance *glance)
{
	/* A number of its own each time: a ticket from before must not fit. */
	atomic_store(&glance->seen, -1 - atomic_fetch_add(&glance->voids, 1));
}
