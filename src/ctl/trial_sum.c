#include "ctl/trial.h"

#include <stdlib.h>

int64_t
trial_accepted(const struct roll_client *client)
{
	return client->messages > 0 ? client->messages : 0;
}

bool
trial_suspects(const struct roll_client *client)
{
	return trial_accepted(client) > 0;
}

int64_t
trial_lost(const struct trial_ban *ban)
{
	return ban->lost > 0 ? ban->lost : 0;
}

struct trial_sum
trial_sum(const struct trial *trial)
{
	struct trial_sum sum = { .bans = (int64_t)trial->bans };

	for (size_t i = 0; i < trial->roll.clients; i++) {
		const struct roll_client *client = &trial->roll.client[i];
		bool banned = client->newest != ROLL_NONE;

		sum.offenders += client->offended;
		sum.clients += banned;
		sum.suspects += banned && trial_suspects(client);
	}
	for (size_t i = 0; i < trial->bans; i++) {
		sum.refused += trial->ban[i].refused;
		sum.lost += trial_lost(&trial->ban[i]);
		sum.reason[trial->ban[i].ban.reason]++;
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
	const struct trial_ban *one = a;
	const struct trial_ban *other = b;
	const struct roll *roll = to;
	const struct roll_client *whose = &roll->client[one->client];
	const struct roll_client *others = &roll->client[other->client];
	int by = order(trial_accepted(others), trial_accepted(whose));

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
trial_sort(struct trial *trial)
{
	if (trial->bans > 1) {
		qsort_r(trial->ban, trial->bans, sizeof(struct trial_ban),
		    compare, &trial->roll);
	}
}
