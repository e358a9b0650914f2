#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "store/store.h"
#include "web/lookup.h"

enum {
	TIMEOUT_MS = 200,
	HOUR_MS = 3600 * 1000,
	SHARE = 1000 /* of the time, one part at most */
};

static const int64_t never = INT64_MAX; /* is due: one goes on */

void
inspection_init(struct inspection *inspection)
{
	(void)pthread_mutex_init(&inspection->lock, NULL);
	(void)pthread_cond_init(&inspection->ended, NULL);
}

static void
take_complaint(void *to, const char *complaint)
{
	char *first = to;

	if (first[0] == '\0') {
		/* What follows "*** in database main ***\n". */
		const char *line = strrchr(complaint, '\n');

		(void)text_copy(first, STORE_ERROR_SIZE,
		    line != NULL ? line + 1 : complaint);
	}
}

/* False where it could not be done, with nothing known. */
static bool
look(struct inspection *inspection, char damage[static STORE_ERROR_SIZE])
{
	char error[STORE_ERROR_SIZE];
	struct store *store;

	if (store_open(&store, inspection->path, STORE_READ, TIMEOUT_MS,
		error) != STORE_OK) {
		return false; /* each look-up says so */
	}
	store_check(store, 0, &inspection->leave, take_complaint, damage);
	if (store_status(store) == STORE_FAILED) {
		take_complaint(damage, store_error(store));
	}
	store_close(store);
	return !atomic_load(&inspection->leave);
}

static void *
inspect(void *of)
{
	struct inspection *inspection = of;
	const int64_t begun = proc_ticks();
	char damage[STORE_ERROR_SIZE] = "";
	const bool done = look(inspection, damage);
	const int64_t next = (proc_ticks() - begun) * SHARE;
	bool of_this;

	(void)pthread_mutex_lock(&inspection->lock);
	of_this = done && inspection->at == never;
	if (of_this) {
		inspection->known = true;
		inspection->damaged = damage[0] != '\0';
	}
	/* What could not be done is tried again at the next tick, as is that of
	 * another file. */
	inspection->at = of_this ? begun + (next > HOUR_MS ? next : HOUR_MS)
				 : 0;
	if (of_this && damage[0] != '\0') {
		log_warn("%s is damaged: %s; videur rescue saves what can be "
			 "read",
		    inspection->path, damage);
	}
	inspection->goes_on = false;
	(void)pthread_cond_broadcast(&inspection->ended);
	(void)pthread_mutex_unlock(&inspection->lock);
	return NULL;
}

void
inspection_tick(struct inspection *inspection, const char *database)
{
	bool due;

	(void)pthread_mutex_lock(&inspection->lock);
	due = !inspection->goes_on && proc_ticks() >= inspection->at;
	(void)pthread_mutex_unlock(&inspection->lock);
	if (!due) {
		return;
	}
	if (inspection->begun) {
		(void)pthread_join(inspection->thread, NULL);
	}
	/* Nobody else is there: what another thread does is tell that the file
	 * changed, of which this one begins with the new one. */
	(void)text_copy(inspection->path, sizeof(inspection->path), database);
	(void)pthread_mutex_lock(&inspection->lock);
	inspection->at = never;
	inspection->goes_on = true;
	inspection->begun = pthread_create(&inspection->thread, NULL, inspect,
				inspection) == 0;
	if (!inspection->begun) {
		inspection->at = 0;
		inspection->goes_on = false;
	}
	(void)pthread_mutex_unlock(&inspection->lock);
}

void
inspection_again(struct inspection *inspection)
{
	(void)pthread_mutex_lock(&inspection->lock);
	inspection->at = 0;
	(void)pthread_mutex_unlock(&inspection->lock);
}

void
inspection_wait(struct inspection *inspection)
{
	(void)pthread_mutex_lock(&inspection->lock);
	while (inspection->goes_on) {
		(void)pthread_cond_wait(&inspection->ended, &inspection->lock);
	}
	(void)pthread_mutex_unlock(&inspection->lock);
}

bool
inspection_is_awaited(struct inspection *inspection)
{
	bool awaited;

	(void)pthread_mutex_lock(&inspection->lock);
	awaited = inspection->goes_on && !inspection->known;
	(void)pthread_mutex_unlock(&inspection->lock);
	return awaited;
}

bool
inspection_found_damage(struct inspection *inspection)
{
	bool damaged;

	(void)pthread_mutex_lock(&inspection->lock);
	damaged = inspection->damaged;
	(void)pthread_mutex_unlock(&inspection->lock);
	return damaged;
}

void
inspection_end(struct inspection *inspection)
{
	atomic_store(&inspection->leave, true);
	if (inspection->begun) {
		(void)pthread_join(inspection->thread, NULL);
		inspection->begun = false;
	}
}
