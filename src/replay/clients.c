#include "replay/clients.h"

#include <stdlib.h>

enum {
	FIRST_BANS = 64
};

void
clients_init(struct replay_clients *clients)
{
	*clients = (struct replay_clients){ .bans = 0 };
	table_init(&clients->table, sizeof(struct net),
	    sizeof(struct replay_client), 0);
}

void
clients_clear(struct replay_clients *clients)
{
	table_clear(&clients->table);
	free(clients->ban);
}

struct replay_client *
clients_at(struct replay_clients *clients, const struct net *who)
{
	bool added;
	struct replay_client *client = table_add(&clients->table, who, &added);

	if (client != NULL && added) {
		client->set_off = INT64_MIN;
	}
	return client;
}

bool
clients_add_ban(struct replay_clients *clients, struct replay_client *client,
    const struct ban *ban)
{
	if (clients->bans == clients->room) {
		size_t room = clients->room > 0 ? clients->room * 2
						: FIRST_BANS;
		struct replay_ban *more = NULL;

		if (room < UINT32_MAX) {
			more = reallocarray(clients->ban, room, sizeof(*more));
		}
		if (more == NULL) {
			return false;
		}
		clients->ban = more;
		clients->room = room;
	}
	clients->ban[clients->bans++] = (struct replay_ban){
		.ban = *ban,
		.client = (uint32_t)table_number(&clients->table, client),
		.before = client->newest,
	};
	client->newest = (uint32_t)clients->bans;
	return true;
}

struct clients_sum
clients_sum(const struct replay_clients *clients)
{
	struct clients_sum sum = { .seen = (int64_t)clients->table.rows,
		.bans = (int64_t)clients->bans };

	for (size_t i = 0; i < clients->table.rows; i++) {
		const struct replay_client *client = table_row(
		    &clients->table, i);
		bool banned = client->newest != 0;

		sum.offenders += client->offended;
		sum.banned += banned;
		sum.suspects += banned && client_is_suspect(client);
	}
	for (size_t i = 0; i < clients->bans; i++) {
		sum.refused += clients->ban[i].refused;
		sum.lost += client_lost(&clients->ban[i]);
		sum.reason[clients->ban[i].ban.reason]++;
	}
	return sum;
}

static int
compare(const void *a, const void *b, void *to)
{
	const struct replay_clients *clients = to;
	const struct replay_ban *one = a;
	const struct replay_ban *other = b;
	const struct replay_client *its = table_row(
	    &clients->table, one->client);
	const struct replay_client *others = table_row(
	    &clients->table, other->client);
	/* The clients in the order they were met; two reasons at once. */
	const int64_t by[][2] = {
		{ client_accepted(others), client_accepted(its) },
		{ one->ban.begins, other->ban.begins },
		{ one->client, other->client },
		{ one->ban.reason, other->ban.reason },
	};
	size_t i = 0;

	while (i + 1 < sizeof(by) / sizeof(by[0]) && by[i][0] == by[i][1]) {
		i++;
	}
	return (by[i][0] > by[i][1]) - (by[i][0] < by[i][1]);
}

void
clients_sort_bans(struct replay_clients *clients)
{
	if (clients->bans > 1) {
		qsort_r(clients->ban, clients->bans, sizeof(*clients->ban),
		    compare, clients);
	}
}
