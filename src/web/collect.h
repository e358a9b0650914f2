/*
 * Reading the numbers of the whole host out of the database.
 *
 * Takes about a second where a million are listed; numbers.h says who asks.
 */
#ifndef WEB_COLLECT_H
#define WEB_COLLECT_H

#include <stdint.h>

#include "store/store.h"
#include "web/numbers.h"

/* Fill in everything but `counter`. */
enum store_result collect_numbers(
    struct store *store, int64_t now, struct numbers *numbers);

/* Move counters on by what the totals grew from `was` to `is`. */
void collect_count_on(struct numbers_day *counter,
    const struct numbers_day *was, const struct numbers_day *is);

#endif
