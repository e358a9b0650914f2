/*
 * Looking addresses up in the database.
 *
 * One handle for reading, opened when it is first needed, and again after
 * anything went wrong, when the file was replaced, or when the configuration
 * names another: a database that is missing today is no reason not to serve
 * tomorrow.  What is wrong is logged once a minute.  Any thread may ask.
 */
#ifndef WEB_LOOKUP_H
#define WEB_LOOKUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "conf/conf.h"

struct addr;
struct page_hours;
struct standing;
struct store;

struct lookup {
	pthread_mutex_t lock;
	struct store *store; /* NULL: to be opened */
	char path[CONF_PATH_SIZE];
	struct log_gate gate;
	bool failing; /* so that its end is worth a line */
	bool reading; /* since `looked_at`, in ticks */
	int64_t looked_at;
};

void lookup_init(struct lookup *lookup);
void lookup_close(struct lookup *lookup);

/* Each gives back false where the database cannot be read now; without an
 * address the first does nothing else. */
bool lookup_standing(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing);
/* What was seen of an address's client in the last PAGE_HOURS hours, and its
 * reputation. */
bool lookup_hours(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct page_hours *hours);

/* Let go of what requests within a millisecond share: to be called
 * now and then, so that the last does not keep the log from being emptied. */
void lookup_rest(struct lookup *lookup);

#endif
