/*
 * Events that could not be written where they happened.
 *
 * A bounded line, first in, first out.  Many put; one thread looks at the
 * head, writes, and then removes what it wrote.  One that comes when the line
 * is full is dropped and counted.  Safe between threads.
 */
#ifndef MILTER_QUEUE_H
#define MILTER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum {
	QUEUE_MAX = 4096,
	QUEUE_DETAIL_SIZE = 24
};

/* A deed that owns its texts. */
struct waiting {
	struct addr address;
	enum kind kind;
	int64_t at;
	const char *source;       /* a constant of the program */
	char key[HASH_TEXT_SIZE]; /* or empty */
	char detail[QUEUE_DETAIL_SIZE];
};

struct queue;

/* NULL without memory. */
struct queue *queue_new(void);
void queue_free(struct queue *queue);

void queue_put(struct queue *queue, const struct deed *deed);

/* Copy at most `max` from the head; gives back how many. */
size_t queue_peek(struct queue *queue, struct waiting *out, size_t max);
/* Remove so many from the head. */
void queue_remove(struct queue *queue, size_t count);

/* How many wait. */
size_t queue_count(struct queue *queue);

/* How many were dropped since it was asked last. */
int64_t queue_dropped(struct queue *queue);

/* The deed that a queued one is; borrows its texts. */
struct deed queue_deed(const struct waiting *queued);

#endif
