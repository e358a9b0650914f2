#include "web/seats.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct seat {
	TAILQ_ENTRY(seat) entry;
	int socket;
	bool hung_up; /* waits only to be closed, and is in no queue */
	int64_t since;
};

struct seats {
	pthread_mutex_t lock;
	TAILQ_HEAD(seat_queue, seat) waiting; /* the longest first */
	unsigned taken;
	unsigned crowded;
	int64_t hung_up[SEATS_CAUSES];
};

struct seats *
seats_new(unsigned crowded)
{
	struct seats *seats = calloc(1, sizeof(*seats));

	if (seats != NULL && pthread_mutex_init(&seats->lock, NULL) != 0) {
		free(seats);
		seats = NULL;
	}
	if (seats != NULL) {
		TAILQ_INIT(&seats->waiting);
		seats->crowded = crowded;
	}
	return seats;
}

void
seats_free(struct seats *seats)
{
	if (seats != NULL) {
		(void)pthread_mutex_destroy(&seats->lock);
		free(seats);
	}
}

static void
hang_up(struct seats *seats, struct seat *seat, enum seats_cause cause)
{
	TAILQ_REMOVE(&seats->waiting, seat, entry);
	seat->hung_up = true;
	seats->hung_up[cause]++;
	(void)shutdown(seat->socket, SHUT_RDWR);
}

struct seat *
seats_take(struct seats *seats, int socket, int64_t ticks)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	if (seat == NULL) {
		return NULL;
	}
	seat->socket = socket;
	seat->since = ticks;
	(void)pthread_mutex_lock(&seats->lock);
	if (seats->taken >= seats->crowded && !TAILQ_EMPTY(&seats->waiting)) {
		hang_up(seats, TAILQ_FIRST(&seats->waiting), SEATS_FULL);
	}
	TAILQ_INSERT_TAIL(&seats->waiting, seat, entry);
	seats->taken++;
	(void)pthread_mutex_unlock(&seats->lock);
	return seat;
}

void
seats_served(struct seats *seats, struct seat *seat, int64_t ticks)
{
	(void)pthread_mutex_lock(&seats->lock);
	seat->since = ticks;
	if (!seat->hung_up) {
		TAILQ_REMOVE(&seats->waiting, seat, entry);
		TAILQ_INSERT_TAIL(&seats->waiting, seat, entry);
	}
	(void)pthread_mutex_unlock(&seats->lock);
}

void
seats_leave(struct seats *seats, struct seat *seat)
{
	(void)pthread_mutex_lock(&seats->lock);
	if (!seat->hung_up) {
		TAILQ_REMOVE(&seats->waiting, seat, entry);
	}
	seats->taken--;
	(void)pthread_mutex_unlock(&seats->lock);
	free(seat);
}

void
seats_sweep(struct seats *seats, int64_t ticks)
{
	struct seat *seat;

	(void)pthread_mutex_lock(&seats->lock);
	while ((seat = TAILQ_FIRST(&seats->waiting)) != NULL &&
	       ticks - seat->since >= SEATS_SECONDS * INT64_C(1000)) {
		hang_up(seats, seat, SEATS_SLOW);
	}
	(void)pthread_mutex_unlock(&seats->lock);
}

int64_t
seats_hung_up(struct seats *seats, enum seats_cause cause)
{
	int64_t count;

	(void)pthread_mutex_lock(&seats->lock);
	count = seats->hung_up[cause];
	(void)pthread_mutex_unlock(&seats->lock);
	return count;
}
