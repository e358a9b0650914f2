#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "ctl/print.h"
#include "ctl/replay_say.h"
#include "replay/simulate.h"

enum {
	NUMBER_SIZE = 24,
	WHAT_SIZE = 24,
	COLUMNS = 3
};

typedef const struct simulation *const pair[2];

/* ---- clients that only one of them bans ---- */

/* Call `each` for who is banned by `trial` and not by the other. */
static void
each_only(const struct simulation *simulation, const struct simulation *other,
    void (*each)(void *to, const struct replay_client *client), void *to)
{
	for (size_t i = 0; i < clients_count(simulation->clients); i++) {
		const struct replay_client *client = clients_row(
		    simulation->clients, i);

		if (client->newest != 0 &&
		    !clients_banned(other->clients, &client->who)) {
			each(to, client);
		}
	}
}

/* ---- for people ---- */

static void
put_row(struct table *table, const char *what, int64_t one, int64_t other)
{
	char numbers[2][NUMBER_SIZE];

	(void)snprintf(numbers[0], NUMBER_SIZE, "%" PRId64, one);
	(void)snprintf(numbers[1], NUMBER_SIZE, "%" PRId64, other);
	table_row(table, (const char *const[]){ what, numbers[0], numbers[1] });
}

static void
put_rows(struct table *table, const struct clients_sum sum[static 2])
{
	put_row(table, "bans", sum[0].bans, sum[1].bans);
	for (int i = 0; i < REASON_COUNT; i++) {
		char what[WHAT_SIZE];

		(void)snprintf(what, sizeof(what), "  for %s",
		    reason_name((enum reason)i));
		if (sum[0].reason[i] > 0 || sum[1].reason[i] > 0) {
			put_row(
			    table, what, sum[0].reason[i], sum[1].reason[i]);
		}
	}
	put_row(table, "clients", sum[0].banned, sum[1].banned);
	put_row(table, "  suspects", sum[0].suspects, sum[1].suspects);
	put_row(table, "refused attempts", sum[0].refused, sum[1].refused);
	put_row(table, "  accepted messages", sum[0].lost, sum[1].lost);
}

static void
say_only_client(void *to, const struct replay_client *client)
{
	char who[NET_TEXT_SIZE];
	int64_t *said = to;

	(*said)++;
	print_line("  %s%s", net_format(&client->who, who),
	    client_is_suspect(client) ? "  suspect" : "");
}

static void
count_client(void *to, const struct replay_client *client)
{
	int64_t *count = to;

	(void)client;
	(*count)++;
}

static void
say_only(const struct simulation *simulation, const struct simulation *other)
{
	int64_t count = 0;
	int64_t said = 0;
	char clients[PRINT_COUNT_SIZE];

	each_only(simulation, other, count_client, &count);
	putchar('\n');
	print_line("banned by %s only: %s", simulation->conf->policy.name,
	    print_count(count, "client", "clients", clients));
	each_only(simulation, other, say_only_client, &said);
}

void
replay_compare(pair simulation, const struct replay_input *input)
{
	const struct clients_sum sum[2] = { clients_sum(simulation[0]->clients),
		clients_sum(simulation[1]->clients) };
	const char *const head[COLUMNS] = { "",
		simulation[0]->conf->policy.name,
		simulation[1]->conf->policy.name };
	char lines[PRINT_COUNT_SIZE];
	struct table table;

	table_init(&table, head, COLUMNS, 1U << 1 | 1U << 2, "");
	put_rows(&table, sum);
	table_print(&table);
	put_rows(&table, sum);
	say_only(simulation[0], simulation[1]);
	say_only(simulation[1], simulation[0]);
	putchar('\n');
	print_line("%s", print_count(input->lines, "line", "lines", lines));
}

/* ---- for programs ---- */

static void
say_only_json(void *to, const struct replay_client *client)
{
	char who[NET_TEXT_SIZE];

	json_string(to, NULL, net_format(&client->who, who));
}

static void
say_policy_json(struct json *json, const struct simulation *simulation,
    const struct simulation *other)
{
	const struct clients_sum sum = clients_sum(simulation->clients);

	json_object(json, NULL);
	json_string(json, "policy", simulation->conf->policy.name);
	json_int(json, "bans", sum.bans);
	json_int(json, "clients", sum.banned);
	json_int(json, "suspects", sum.suspects);
	json_int(json, "refused", sum.refused);
	json_int(json, "lost", sum.lost);
	json_object(json, "reasons");
	for (int i = 0; i < REASON_COUNT; i++) {
		json_int(json, reason_name((enum reason)i), sum.reason[i]);
	}
	json_object_end(json);
	json_array(json, "only");
	each_only(simulation, other, say_only_json, json);
	json_array_end(json);
	json_object_end(json);
}

void
replay_compare_json(pair simulation, const struct replay_input *input)
{
	struct json json;

	print_json_begin(&json);
	json_object(&json, NULL);
	json_int(&json, "lines", input->lines);
	json_array(&json, "policies");
	say_policy_json(&json, simulation[0], simulation[1]);
	say_policy_json(&json, simulation[1], simulation[0]);
	json_array_end(&json);
	json_object_end(&json);
	print_json_end(&json);
}
