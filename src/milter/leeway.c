#include "milter/leeway.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/table.h"
#include "milter/database.h"

enum {
	CLIENTS_MAX = 8192
};

/* Of one client; a row of the table, which begins with its key. */
struct known {
	struct net client;
	enum kind kind; /* for events of it, from then on: */
	int64_t at;
	const struct conf *conf; /* judged by that; compared only */
	int64_t others;          /* database_others() */
	struct leeway_found found;
	int64_t waiting; /* events that are not written */
};

struct leeway {
	struct database *database;
	pthread_mutex_t mutex;
	struct table table; /* with that held, as the next */
	int64_t tells;
};

struct leeway *
leeway_new(struct database *database)
{
	struct leeway *leeway = calloc(1, sizeof(*leeway));

	if (leeway != NULL) {
		leeway->database = database;
		(void)pthread_mutex_init(&leeway->mutex, NULL);
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
		(void)pthread_mutex_destroy(&leeway->mutex);
		free(leeway);
	}
}

/* ---- the table, with the mutex held ---- */

/* The row of an event's client; NULL where there is no room.  All of whom
 * nothing waits make some. */
static struct known *
obtain(struct leeway *leeway, const struct writer_event *event)
{
	const struct net client = engine_client(event->conf, &event->address);
	struct table *table = &leeway->table;

	for (size_t i = table->rows == CLIENTS_MAX ? table->rows : 0; i > 0;
	     i--) {
		struct known *known = table_row(table, i - 1);

		if (known->waiting == 0) {
			table_remove(table, known);
		}
	}
	return table_add(table, &client, NULL);
}

static bool
holds(
    const struct known *known, const struct writer_event *event, int64_t others)
{
	return others >= 0 && known->others == others &&
	       known->conf == event->conf && known->kind == event->kind &&
	       known->at <= event->at && event->at < known->found.ends;
}

static void
learn(struct known *known, const struct writer_event *event,
    const struct leeway_found *found, int64_t others)
{
	known->kind = event->kind;
	known->at = event->at;
	known->conf = event->conf;
	known->others = others;
	known->found = *found;
}

/* ---- asking and telling ---- */

void
leeway_look(
    struct leeway *leeway, const struct writer_event *event, int64_t *left)
{
	const int64_t others = database_others(leeway->database);
	struct leeway_found found;
	struct known *known;
	struct store *store;
	int64_t tells;
	bool fine;

	(void)pthread_mutex_lock(&leeway->mutex);
	known = obtain(leeway, event);
	fine = known != NULL && holds(known, event, others);
	tells = leeway->tells;
	(void)pthread_mutex_unlock(&leeway->mutex);
	store = fine || others < 0 || *left == 0
		    ? NULL
		    : database_read(leeway->database, left);
	if (store == NULL) {
		return;
	}
	found = engine_leeway(
	    store, event->conf, &event->address, event->kind, event->at);
	fine = database_read_end(leeway->database, left,
	    "sessions wait until what they do is written");
	(void)pthread_mutex_lock(&leeway->mutex);
	/* What was written meanwhile neither waits nor was read. */
	known = fine && tells == leeway->tells ? obtain(leeway, event) : NULL;
	if (known != NULL) {
		learn(known, event, &found, others);
	}
	(void)pthread_mutex_unlock(&leeway->mutex);
}

bool
leeway_ask(struct leeway *leeway, const struct writer_event *event, bool *noted)
{
	const int64_t others = database_others(leeway->database);
	struct known *known;
	bool fine;

	(void)pthread_mutex_lock(&leeway->mutex);
	known = obtain(leeway, event);
	*noted = known != NULL;
	fine = known != NULL && known->waiting++ < known->found.events &&
	       holds(known, event, others);
	(void)pthread_mutex_unlock(&leeway->mutex);
	return fine;
}

void
leeway_tell(struct leeway *leeway, const struct writer_event *event,
    const struct leeway_found *found, int64_t changes)
{
	struct known *known;

	(void)pthread_mutex_lock(&leeway->mutex);
	leeway->tells++;
	known = obtain(leeway, event);
	if (known != NULL) {
		known->waiting--;
		learn(known, event, found, changes);
	}
	(void)pthread_mutex_unlock(&leeway->mutex);
}

void
leeway_forget(struct leeway *leeway)
{
	(void)pthread_mutex_lock(&leeway->mutex);
	for (size_t i = 0; i < leeway->table.rows; i++) {
		struct known *known = table_row(&leeway->table, i);

		known->found.events = 0;
	}
	(void)pthread_mutex_unlock(&leeway->mutex);
}
