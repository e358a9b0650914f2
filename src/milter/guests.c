#include "milter/guests.h"

#include <stdlib.h>

#include "milter/bucket.h"

enum {
	ROOM_FIRST = 64,
	LOOKS_MAX = 64, /* for one that may give way */
	HOUR = 3600
};

void
guests_init(struct guests *guests, struct pending *pending, size_t most)
{
	guests->pending = pending;
	guests->seed = bucket_seed();
	guests->most = most;
}

void
guests_clear(struct guests *guests)
{
	free(guests->guest);
}

static uint32_t *
bucket_of(struct guests *guests, const struct net *client)
{
	return &guests->first[bucket_of_client(guests->seed, client) &
			      (GUESTS_BUCKETS - 1)];
}

struct guest *
guests_find(struct guests *guests, const struct net *client)
{
	uint32_t at = *bucket_of(guests, client);

	while (at != 0) {
		struct guest *guest = &guests->guest[at - 1];

		if (net_equal(&guest->client, client)) {
			guest->met = true;
			return guest;
		}
		at = guest->next;
	}
	return NULL;
}

static bool
grow(struct guests *guests)
{
	size_t room = guests->room == 0 ? ROOM_FIRST : guests->room * 2;
	struct guest *guest;

	if (guests->used < guests->room) {
		return true;
	}
	if (guests->room == guests->most) {
		return false;
	}
	guest = realloc(guests->guest, room * sizeof(*guest));
	if (guest == NULL) {
		return false;
	}
	guests->guest = guest;
	guests->room = room;
	return true;
}

static void
unlink_guest(struct guests *guests, const struct guest *guest)
{
	uint32_t self = (uint32_t)(guest - guests->guest) + 1;
	uint32_t *link = bucket_of(guests, &guest->client);

	while (*link != self) {
		link = &guests->guest[*link - 1].next;
	}
	*link = guest->next;
}

/* One without a slot, if possible one that was not met since the hand came
 * by; NULL where only holders of slots were found. */
static struct guest *
give_way(struct guests *guests)
{
	struct guest *chosen = NULL;

	for (int looks = 0; looks < LOOKS_MAX && guests->used > 0; looks++) {
		struct guest *guest = &guests->guest[guests->hand];

		guests->hand = (guests->hand + 1) % guests->used;
		if (guest->slots == 0) {
			chosen = guest;
			if (!guest->met) {
				break;
			}
		}
		guest->met = false;
	}
	if (chosen != NULL) {
		unlink_guest(guests, chosen);
	}
	return chosen;
}

struct guest *
guests_make(struct guests *guests, const struct net *client, int64_t hour)
{
	struct guest *guest = guests_find(guests, client);
	uint32_t *first = bucket_of(guests, client);

	if (guest != NULL) {
		return guest;
	}
	guest = grow(guests) ? &guests->guest[guests->used++]
			     : give_way(guests);
	if (guest == NULL) {
		return NULL;
	}
	*guest = (struct guest){ .client = *client,
		.next = *first,
		.met = true,
		.reputation = REPUTATION_NEUTRAL,
		.hour = hour,
		.sessions = pending_sessions(guests->pending, client, hour),
		.before = pending_sessions(
		    guests->pending, client, hour - HOUR) };
	*first = (uint32_t)(guest - guests->guest) + 1;
	return guest;
}

void
guest_roll(struct guest *guest, int64_t hour)
{
	if (hour <= guest->hour) {
		return;
	}
	guest->before = hour == guest->hour + HOUR ? guest->sessions : 0;
	guest->sessions = 0;
	guest->hour = hour;
	guest->known = false;
}

void
guest_add_sessions(struct guest *guest, int64_t hour, int64_t more)
{
	guest_roll(guest, hour);
	if (hour == guest->hour) {
		guest->sessions += more;
	} else if (hour == guest->hour - HOUR) {
		guest->before += more;
	}
}
