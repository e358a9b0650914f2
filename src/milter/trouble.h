/*
 * Trouble with the database, told once a minute and once when it is over.
 *
 * Safe between threads.
 */
#ifndef MILTER_TROUBLE_H
#define MILTER_TROUBLE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/log.h"

struct trouble {
	pthread_mutex_t mutex;
	struct log_gate gate;
	bool told;   /* the log speaks of it as going on */
	bool lately; /* said since trouble_end_round() */
};

void trouble_init(struct trouble *trouble);
void trouble_clear(struct trouble *trouble);

/* A warning, one a minute at most. */
void trouble_say(struct trouble *trouble, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A round of upkeep ended.  Where nothing was said since the one before,
 * what was told is over. */
void trouble_end_round(struct trouble *trouble);

#endif
