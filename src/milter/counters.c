#include "milter/counters.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/table.h"

enum {
	/* A bigger table than this is given back when it is empty. */
	ROWS_KEPT = 4096
};

/* A row of the table, which begins with its key. */
struct counter {
	struct counter_key {
		struct net client; /* of a tally */
		uint8_t what;
		uint8_t unused[6]; /* a key has no padding */
		int64_t number;    /* hour, ban or limit */
	} key;
	struct counted counted;
};

struct counters {
	pthread_mutex_t mutex;
	struct table table;
	_Atomic int64_t dropped;
};

struct counters *
counters_new(void)
{
	struct counters *counters = calloc(1, sizeof(*counters));

	if (counters != NULL) {
		(void)pthread_mutex_init(&counters->mutex, NULL);
		table_init(&counters->table, sizeof(struct counter_key),
		    sizeof(struct counter), COUNTERS_MAX);
		/* All hours of a client can be walked. */
		table_group(
		    &counters->table, offsetof(struct counter_key, number));
	}
	return counters;
}

void
counters_free(struct counters *counters)
{
	if (counters != NULL) {
		(void)pthread_mutex_destroy(&counters->mutex);
		table_clear(&counters->table);
		free(counters);
	}
}

static struct counter_key
key_of(const struct counted *counted)
{
	struct counter_key key = { .what = (uint8_t)counted->what };

	switch (counted->what) {
	case COUNTED_TALLY:
		key.client = counted->client;
		key.number = counted->at;
		break;
	case COUNTED_HITS:
		key.number = counted->ban;
		break;
	case COUNTED_LIMITED:
		key.number = counted->limit;
		break;
	}
	return key;
}

void
counters_add(
    struct counters *counters, const struct counted *counted, size_t count)
{
	(void)pthread_mutex_lock(&counters->mutex);
	for (size_t i = 0; i < count; i++) {
		const struct counter_key key = key_of(&counted[i]);
		bool added;
		struct counter *row = table_add(&counters->table, &key, &added);

		if (row == NULL) {
			(void)atomic_fetch_add(&counters->dropped, 1);
		} else if (added) {
			row->counted = counted[i];
		} else {
			tally_add(&row->counted.tally, &counted[i].tally);
			row->counted.times += counted[i].times;
			if (counted[i].at > row->counted.at) {
				row->counted.at = counted[i].at;
			}
		}
	}
	(void)pthread_mutex_unlock(&counters->mutex);
}

struct tally
counters_sum(
    struct counters *counters, const struct net *client, const int64_t *hour)
{
	const struct counter_key key = { .client = *client,
		.what = COUNTED_TALLY };
	struct tally sum = { .sessions = 0 };
	const struct counter *row;

	(void)pthread_mutex_lock(&counters->mutex);
	for (row = table_first(&counters->table, &key); row != NULL;
	     row = table_next(&counters->table, row)) {
		if (hour == NULL || row->key.number == *hour) {
			tally_add(&sum, &row->counted.tally);
		}
	}
	(void)pthread_mutex_unlock(&counters->mutex);
	return sum;
}

size_t
counters_take(struct counters *counters, struct counted *counted, size_t max)
{
	struct table *table = &counters->table;
	size_t taken = 0;

	(void)pthread_mutex_lock(&counters->mutex);
	while (taken < max && table->rows > 0) {
		struct counter *last = table_row(table, table->rows - 1);

		counted[taken++] = last->counted;
		table_remove(table, last);
	}
	if (table->rows == 0 && table->room > ROWS_KEPT) {
		table_clear(table);
	}
	(void)pthread_mutex_unlock(&counters->mutex);
	return taken;
}

int64_t
counters_dropped(struct counters *counters)
{
	return atomic_exchange(&counters->dropped, 0);
}
