#include "milter/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"

struct queue {
	pthread_mutex_t mutex;
	size_t head;
	size_t count;
	int64_t dropped;
	struct waiting ring[QUEUE_MAX];
};

struct queue *
queue_new(void)
{
	/* Pages of the ring that were never used take no memory. */
	struct queue *queue = calloc(1, sizeof(*queue));

	if (queue != NULL) {
		(void)pthread_mutex_init(&queue->mutex, NULL);
	}
	return queue;
}

void
queue_free(struct queue *queue)
{
	if (queue == NULL) {
		return;
	}
	(void)pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

void
queue_put(struct queue *queue, const struct deed *deed)
{
	struct waiting *slot;

	(void)pthread_mutex_lock(&queue->mutex);
	if (queue->count == QUEUE_MAX) {
		queue->dropped++;
	} else {
		slot = &queue->ring[(queue->head + queue->count) % QUEUE_MAX];
		slot->address = deed->address;
		slot->kind = deed->kind;
		slot->at = deed->at;
		slot->source = deed->source;
		(void)text_copy(slot->key, sizeof(slot->key),
		    deed->key == NULL ? "" : deed->key);
		(void)text_copy(slot->detail, sizeof(slot->detail),
		    deed->detail == NULL ? "" : deed->detail);
		queue->count++;
	}
	(void)pthread_mutex_unlock(&queue->mutex);
}

size_t
queue_peek(struct queue *queue, struct waiting *out, size_t max)
{
	size_t count;

	(void)pthread_mutex_lock(&queue->mutex);
	count = queue->count < max ? queue->count : max;
	for (size_t i = 0; i < count; i++) {
		out[i] = queue->ring[(queue->head + i) % QUEUE_MAX];
	}
	(void)pthread_mutex_unlock(&queue->mutex);
	return count;
}

void
queue_remove(struct queue *queue, size_t count)
{
	(void)pthread_mutex_lock(&queue->mutex);
	if (count > queue->count) {
		count = queue->count;
	}
	queue->head = (queue->head + count) % QUEUE_MAX;
	queue->count -= count;
	(void)pthread_mutex_unlock(&queue->mutex);
}

size_t
queue_count(struct queue *queue)
{
	size_t count;

	(void)pthread_mutex_lock(&queue->mutex);
	count = queue->count;
	(void)pthread_mutex_unlock(&queue->mutex);
	return count;
}

int64_t
queue_dropped(struct queue *queue)
{
	int64_t dropped;

	(void)pthread_mutex_lock(&queue->mutex);
	dropped = queue->dropped;
	queue->dropped = 0;
	(void)pthread_mutex_unlock(&queue->mutex);
	return dropped;
}

struct deed
queue_deed(const struct waiting *queued)
{
	return (struct deed){ .address = queued->address,
		.kind = queued->kind,
		.at = queued->at,
		.source = queued->source,
		.key = queued->key[0] == '\0' ? NULL : queued->key,
		.detail = queued->detail[0] == '\0' ? NULL : queued->detail };
}
