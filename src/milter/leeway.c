#include "milter/leeway.h"

#include <stdlib.h>

#include "base/table.h"

enum {
	CLIENTS_MAX = 16384
};

/* Of one client; a row of the table, which begins with its key. */
struct known {
	struct net client;
	struct leeway_event newest; /* that was written */
	struct leeway_told told;    /* of it */
	int64_t waiting;            /* events that are not written */
};

struct leeway {
	struct table table;
};

struct leeway *
leeway_new(void)
{
	struct leeway *leeway = calloc(1, sizeof(*leeway));

	if (leeway != NULL) {
		table_init(&leeway->table, sizeof(struct net),
		    sizeof(struct known), CLIENTS_MAX);
	}
	return leeway;
}

void
leeway_free(struct leeway *leeway)
{
	if (leeway != NULL) {
		table_clear(&leeway->table);
		free(leeway);
	}
}

/* Remove all of whom nothing waits. */
static void
make_room(struct leeway *leeway)
{
	for (size_t i = leeway->table.rows; i > 0; i--) {
		struct known *known = table_row(&leeway->table, i - 1);

		if (known->waiting == 0) {
			table_remove(&leeway->table, known);
		}
	}
}

bool
leeway_ask(struct leeway *leeway, struct leeway_event *event, int64_t state)
{
	struct known *known;
	bool fine;

	if (leeway->table.rows == CLIENTS_MAX) {
		make_room(leeway);
	}
	known = table_add(&leeway->table, &event->client, NULL);
	event->noted = known != NULL;
	if (known == NULL) {
		return false;
	}
	fine = known->told.state == state && state >= 0 &&
	       known->waiting < known->told.events &&
	       known->newest.conf == event->conf &&
	       known->newest.kind == event->kind &&
	       known->newest.at <= event->at && event->at < known->told.ends;
	known->waiting++;
	return fine;
}

void
leeway_tell(struct leeway *leeway, const struct leeway_event *event,
    const struct leeway_told *told)
{
	struct known *known = event->noted
				  ? table_find(&leeway->table, &event->client)
				  : NULL;

	if (known != NULL) {
		known->waiting--;
		known->newest = *event;
		known->told = *told;
	}
}

void
leeway_forget(struct leeway *leeway)
{
	for (size_t i = 0; i < leeway->table.rows; i++) {
		struct known *known = table_row(&leeway->table, i);

		known->told.events = 0;
	}
}
