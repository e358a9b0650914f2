#include "replay/clients.h"

#include <stdlib.h>

#include "base/table.h"

enum {
	FIRST_BANS = 64
};

struct replay_clients {
	struct table table; /* of struct replay_client */
	struct replay_ban *ban;
	size_t bans;
	size_t room; /* of `ban` */
};

struct replay_clients *
clients_new(void)
{
	struct replay_clients *clients = calloc(1, sizeof(*clients));

	if (clients != NULL) {
		table_init(&clients->table, sizeof(struct net),
		    sizeof(struct replay_client), 0);
	}
	return clients;
}

void
clients_free(struct replay_clients *clients)
{
	if (clients != NULL) {
		table_clear(&clients->table);
		free(clients->ban);
		free(clients);
	}
}

size_t
clients_count(const struct replay_clients *clients)
{
	return clients->table.rows;
}

struct replay_client *
clients_row(const struct replay_clients *clients, size_t number)
{
	return table_row(&clients->table, number);
}

size_t
clients_bans(const struct replay_clients *clients)
{
	return clients->bans;
}

struct replay_ban *
clients_ban(const struct replay_clients *clients, size_t number)
{
	return &clients->ban[number - 1];
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

const struct replay_client *
clients_of(const struct replay_clients *clients, const struct replay_ban *ban)
{
	return clients_row(clients, ban->client);
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

bool
clients_banned(const struct replay_clients *clients, const struct net *who)
{
	const struct replay_client *client = table_find(&clients->table, who);

	return client != NULL && client->newest != 0;
}

/* ---- once all is read ---- */

int64_t
client_accepted(const struct replay_client *client)
{
	return client->messages > 0 ? client->messages : 0;
}

int64_t
client_lost(const struct replay_ban *ban)
{
	return ban->lost > 0 ? ban->lost : 0;
}

bool
client_is_suspect(const struct replay_client *client)
{
	return client_accepted(client) > 0;
}

struct clients_sum
clients_sum(const struct replay_clients *clients)
{
	struct clients_sum sum = { .seen = (int64_t)clients->table.rows,
		.bans = (int64_t)clients->bans };

	for (size_t i = 0; i < clients->table.rows; i++) {
		const struct replay_client *client = clients_row(clients, i);
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
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare(const void *a, const void *b, void *to)
{
	const struct replay_ban *one = a;
	const struct replay_ban *other = b;
	int by = order(client_accepted(clients_of(to, other)),
	    client_accepted(clients_of(to, one)));

	if (by == 0) {
		by = order(one->ban.begins, other->ban.begins);
	}
	/* Clients in the order they were met; two reasons at once. */
	if (by == 0) {
		by = order(one->client, other->client);
	}
	return by != 0 ? by : order(one->ban.reason, other->ban.reason);
}

void
clients_sort_bans(struct replay_clients *clients)
{
	if (clients->bans > 1) {
		qsort_r(clients->ban, clients->bans, sizeof(*clients->ban),
		    compare, clients);
	}
}
