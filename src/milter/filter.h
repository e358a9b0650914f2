/*
 * Of which addresses the database knows nothing, without asking it.
 *
 * A filter (Bloom, 1970) holds the networks that any ban or entry of the allow
 * list names, over or not: of one that is not in it the database knows nothing;
 * one that is in it, and some others, are to be asked about.  It follows the
 * database, whoever writes that, and says nothing while it is behind it.  It
 * takes about a byte a ban.
 *
 * Safe between threads, but for what says otherwise: that is done by one thread
 * at a time, the one that may use the store.
 */
#ifndef MILTER_FILTER_H
#define MILTER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "store/store.h"

struct filter;

/* NULL without memory. */
struct filter *filter_new(void);
void filter_free(struct filter *filter);

enum filter_answer {
	FILTER_SILENT,  /* ask the database */
	FILTER_PERHAPS, /* likewise, but it is as it was when it was followed */
	FILTER_NOTHING  /* it knows nothing of the address now */
};
enum filter_answer filter_ask(
    struct filter *filter, const struct addr *address);

/* The handle whose database it follows, borrowed; NULL before that is tended or
 * closed. */
void filter_use(struct filter *filter, const struct store *store);

/* Before a bracket in which it follows: what to give to filter_keep(). */
uint64_t filter_look(struct filter *filter);
/* In the bracket, by one thread at a time: take in what is new.  To take in a
 * whole database needs many steps, `build`, each of some hundred rows; true
 * where there is one more to be done. */
bool filter_follow(struct filter *filter, struct store *store, bool build);
/* In it, by the same thread: whether there is nothing of an address. */
bool filter_has_nothing(
    const struct filter *filter, const struct addr *address);
/* After it, where nothing failed. */
void filter_keep(struct filter *filter, uint64_t look);

/* Whether it must be built. */
bool filter_is_behind(struct filter *filter);

#endif
