#include "milter/counters.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/table.h"

enum {
	/* A bigger table than this is given back when it is empty. */
	ROWS_KEPT = 4096
};

/* A row; it begins with its key. */
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
	struct table table; /* with that held */
};

struct counters *
counters_new(size_t most)
{
	struct counters *counters = calloc(1, sizeof(*counters));

	if (counters != NULL) {
		(void)pthread_mutex_init(&counters->mutex, NULL);
		table_init(&counters->table, sizeof(struct counter_key),
		    sizeof(struct counter), most);
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
		table_clear(&counters->table);
		(void)pthread_mutex_destroy(&counters->mutex);
		free(counters);
	}
}

size_t
counters_add(
    struct counters *counters, const struct counted *counted, size_t count)
{
	size_t lost = 0;

	(void)pthread_mutex_lock(&counters->mutex);
	for (size_t i = 0; i < count; i++) {
		const struct counted *more = &counted[i];
		const int64_t number[] = {
			[COUNTED_TALLY] = more->at,
			[COUNTED_HITS] = more->ban,
			[COUNTED_LIMITED] = more->limit,
			[COUNTED_SEEN] = (int64_t)(intptr_t)more->seen,
		};
		const struct counter_key key = { .client = more->client,
			.what = (uint8_t)more->what,
			.number = number[more->what] };
		bool added;
		struct counter *row = table_add(&counters->table, &key, &added);

		if (row == NULL) {
			lost++;
		} else if (added) {
			row->counted = *more;
		} else {
			tally_add(&row->counted.tally, &more->tally);
			row->counted.times += more->times;
			if (more->at > row->counted.at) {
				row->counted.at = more->at;
			}
		}
	}
	(void)pthread_mutex_unlock(&counters->mutex);
	return lost;
}

struct tally
counters_of(
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

size_t
counters_rows(struct counters *counters)
{
	size_t rows;

	(void)pthread_mutex_lock(&counters->mutex);
	rows = counters->table.rows;
	(void)pthread_mutex_unlock(&counters->mutex);
	return rows;
}
