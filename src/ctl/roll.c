#include "ctl/roll.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_SLOTS = 1024
};

void
roll_init(struct roll *roll, const unsigned char key[static HASH_KEY_SIZE])
{
	*roll = (struct roll){ .clients = 0 };
	memcpy(roll->key, key, sizeof(roll->key));
}

void
roll_clear(struct roll *roll)
{
	free(roll->client);
	free(roll->slot);
	*roll = (struct roll){ .clients = 0 };
}

/* Where it is, or where it would be put.  There is always a free slot. */
static size_t
slot_of(const struct roll *roll, const struct net *who)
{
	unsigned char bytes[sizeof(who->addr.byte) + 1];
	size_t i;

	memcpy(bytes, who->addr.byte, sizeof(who->addr.byte));
	bytes[sizeof(who->addr.byte)] = who->bits;
	i = hash_bytes(roll->key, bytes, sizeof(bytes)) & (roll->slots - 1);
	while (roll->slot[i] != 0 &&
	       !net_equal(&roll->client[roll->slot[i] - 1].who, who)) {
		i = (i + 1) & (roll->slots - 1);
	}
	return i;
}

/* Make room for one more; at most half the slots are taken. */
static bool
grow(struct roll *roll)
{
	size_t room = roll->slots == 0 ? FIRST_SLOTS / 2 : roll->slots;
	struct roll_client *client;

	if (roll->clients < roll->room) {
		return true;
	}
	if (room >= ROLL_NONE / 2) {
		return false;
	}
	client = reallocarray(roll->client, room, sizeof(*client));
	if (client == NULL) {
		return false;
	}
	roll->client = client;
	free(roll->slot);
	roll->slot = calloc(room * 2, sizeof(*roll->slot));
	if (roll->slot == NULL) {
		roll->slots = 0;
		return false;
	}
	roll->room = room;
	roll->slots = room * 2;
	for (size_t i = 0; i < roll->clients; i++) {
		roll->slot[slot_of(roll, &client[i].who)] = (uint32_t)i + 1;
	}
	return true;
}

struct roll_client *
roll_at(struct roll *roll, const struct net *who)
{
	size_t slot;

	if (!grow(roll)) {
		return NULL;
	}
	slot = slot_of(roll, who);
	if (roll->slot[slot] == 0) {
		roll->client[roll->clients++] = (struct roll_client){
			.who = *who,
			.newest = ROLL_NONE,
			.set_off = INT64_MIN,
		};
		roll->slot[slot] = (uint32_t)roll->clients;
	}
	return &roll->client[roll->slot[slot] - 1];
}

const struct roll_client *
roll_find(const struct roll *roll, const struct net *who)
{
	uint32_t found = roll->slots > 0 ? roll->slot[slot_of(roll, who)] : 0;

	return found != 0 ? &roll->client[found - 1] : NULL;
}
