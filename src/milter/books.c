#include "milter/books.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"

enum {
	OPEN_PATIENCE = 200, /* ms, for each handle */
	QUIET = 1000,        /* ms without an attempt to write */
	BEGUN_MAX = 16       /* bans that may begin in one transaction */
};

/* ---- opening ---- */

/* A database that cannot be written now may still be read: a full disk, a
 * read-only one.  One that cannot be read either is not for us. */
static bool
usable(struct books *books, char *error)
{
	char why[STORE_ERROR_SIZE];

	switch (handle_mend(&books->write, books->path, OPEN_PATIENCE, error)) {
	case STORE_OK:
		return true;
	case STORE_NONE:
	case STORE_BUSY:
		trouble_say(&books->trouble, "%s; trying again", error);
		return true;
	case STORE_FAILED:
		break;
	}
	if (handle_mend(&books->read, books->path, OPEN_PATIENCE, why) !=
	    STORE_OK) {
		return false;
	}
	trouble_say(&books->trouble, "%s; trying again", error);
	return true;
}

/* Once a policy had limits, who comes is remembered. */
static void
note_limits(struct books *books, const struct conf *conf)
{
	for (int i = 0; i < LIMIT_KINDS; i++) {
		if (limit_is_set(&conf->policy.limit[i])) {
			throng_use(books->throng);
		}
	}
}

bool
books_open(
    struct books *books, struct conf *conf, char error[static STORE_ERROR_SIZE])
{
	*books = (struct books){ .conf = conf };
	(void)text_copy(books->path, sizeof(books->path), conf->database);
	(void)pthread_mutex_init(&books->conf_mutex, NULL);
	(void)pthread_mutex_init(&books->secret_mutex, NULL);
	trouble_init(&books->trouble);
	glance_init(&books->glance);
	handle_init(&books->write, STORE_SERVE);
	handle_init(&books->read, STORE_READ);
	handle_init(&books->checkpoint, STORE_SERVE);
	books->queue = queue_new();
	books->pending = pending_new();
	books->throng = throng_new(books->pending);
	if (books->queue == NULL || books->pending == NULL ||
	    books->throng == NULL) {
		(void)text_copy(error, STORE_ERROR_SIZE, "out of memory");
	} else if (usable(books, error)) {
		note_limits(books, conf);
		books_mend(books);
		return true;
	}
	books->conf = NULL;
	books_close(books);
	return false;
}

void
books_close(struct books *books)
{
	handle_clear(&books->read);
	handle_clear(&books->checkpoint);
	/* The last to go moves the log into the main file. */
	handle_clear(&books->write);
	queue_free(books->queue);
	throng_free(books->throng);
	pending_free(books->pending);
	trouble_clear(&books->trouble);
	(void)pthread_mutex_destroy(&books->conf_mutex);
	(void)pthread_mutex_destroy(&books->secret_mutex);
	if (books->conf != NULL) {
		conf_drop(books->conf);
	}
}

/* Whether the file was deleted or replaced.  Only upkeep uses this handle. */
static bool
moved(struct books *books)
{
	return books->checkpoint.store != NULL &&
	       store_moved(books->checkpoint.store);
}

/* Whether what could only be read can be written by now. */
static bool
unlocked(struct books *books)
{
	bool read_only;

	(void)pthread_mutex_lock(&books->write.mutex);
	read_only = books->write.read_only;
	(void)pthread_mutex_unlock(&books->write.mutex);
	return read_only && access(books->path, W_OK) == 0;
}

static void
drop_all(struct handle *const handles[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		handle_drop(handles[i]);
	}
}

static void
forget_secret(struct books *books)
{
	(void)pthread_mutex_lock(&books->secret_mutex);
	books->has_secret = false;
	(void)pthread_mutex_unlock(&books->secret_mutex);
}

void
books_mend(struct books *books)
{
	struct handle *handles[] = { &books->write, &books->read,
		&books->checkpoint };
	const size_t count = sizeof(handles) / sizeof(handles[0]);
	char error[STORE_ERROR_SIZE];

	if (moved(books)) {
		trouble_say(&books->trouble,
		    "%s: the file is another one, opening it anew",
		    books->path);
		/* All of the old ones first: two files must not share one
		 * set of side files. */
		drop_all(handles, count);
		forget_secret(books);
	} else if (unlocked(books)) {
		drop_all(handles, count);
	}
	for (size_t i = 0; i < count; i++) {
		if (handle_mend(handles[i], books->path, OPEN_PATIENCE,
			error) != STORE_OK) {
			trouble_say(&books->trouble, "%s; trying again", error);
		}
	}
}

/* ---- configuration ---- */

struct conf *
books_conf(struct books *books)
{
	struct conf *conf;

	(void)pthread_mutex_lock(&books->conf_mutex);
	conf = conf_hold(books->conf);
	(void)pthread_mutex_unlock(&books->conf_mutex);
	return conf;
}

void
books_reload(struct books *books, struct conf *conf)
{
	struct conf *old;

	if (strcmp(conf->database, books->path) != 0) {
		log_warn("the database stays %s until a restart", books->path);
	}
	note_limits(books, conf);
	(void)pthread_mutex_lock(&books->conf_mutex);
	old = books->conf;
	books->conf = conf;
	(void)pthread_mutex_unlock(&books->conf_mutex);
	conf_drop(old);
}

/* ---- the secret ---- */

bool
books_secret(
    struct books *books, unsigned char secret[static STORE_SECRET_SIZE])
{
	bool has_secret;

	(void)pthread_mutex_lock(&books->secret_mutex);
	has_secret = books->has_secret;
	memcpy(secret, books->secret, STORE_SECRET_SIZE);
	(void)pthread_mutex_unlock(&books->secret_mutex);
	return has_secret;
}

void
books_keep_secret(
    struct books *books, const unsigned char secret[static STORE_SECRET_SIZE])
{
	(void)pthread_mutex_lock(&books->secret_mutex);
	books->has_secret = true;
	memcpy(books->secret, secret, STORE_SECRET_SIZE);
	(void)pthread_mutex_unlock(&books->secret_mutex);
}

/* ---- writing ---- */

/* Bans that begin in one transaction. */
struct begun {
	struct ban ban[BEGUN_MAX];
	size_t bans;
	bool braked; /* one of them put the brake on */
};

static void
log_begun(const struct conf *conf, const struct begun *begun)
{
	for (size_t i = 0; i < begun->bans; i++) {
		engine_log_ban(&begun->ban[i]);
	}
	if (begun->braked) {
		engine_log_brake(conf);
	}
}

static enum store_result
record_one(struct books *books, const struct conf *conf,
    const struct deed *deed, int64_t now, struct begun *begun)
{
	struct net client = engine_client(conf, &deed->address);
	struct tally unflushed = pending_sum(books->pending, &client);
	struct outcome outcome = { .stored = false };
	enum store_result result;

	result = engine_observe(
	    books->write.store, conf, deed, &unflushed, now, &outcome);
	for (size_t i = 0; result == STORE_OK && i < outcome.bans; i++) {
		begun->ban[begun->bans++] = outcome.ban[i];
	}
	begun->braked |= result == STORE_OK && outcome.braked;
	return result;
}

enum store_result
books_record(struct books *books, const struct conf *conf,
    const struct deed *deeds, size_t *count, int64_t now)
{
	struct store *store = books->write.store;
	struct begun begun = { .bans = 0 };
	enum store_result result;
	size_t done = 0;

	if (store == NULL) {
		*count = 0;
		return STORE_FAILED;
	}
	result = store_begin(store);
	while (result == STORE_OK && done < *count &&
	       begun.bans + ENGINE_BANS_MAX <= BEGUN_MAX) {
		result = record_one(books, conf, &deeds[done++], now, &begun);
	}
	if (result == STORE_OK) {
		result = store_commit(store);
	}
	if (result != STORE_OK) {
		result = books_write_trouble(books, result);
		store_rollback(store);
		*count = 0;
		return result;
	}
	*count = done;
	glance_void(&books->glance); /* a ban acts at the next command */
	log_begun(conf, &begun);
	return STORE_OK;
}

enum store_result
books_write_trouble(struct books *books, enum store_result result)
{
	atomic_store(&books->quiet_until, proc_ticks() + QUIET);
	if (books->write.store == NULL) {
		return result;
	}
	books->write.failed |= result == STORE_FAILED;
	books->write.read_only |= store_read_only(books->write.store);
	trouble_say(&books->trouble,
	    "cannot write to the database: %s; what was seen waits",
	    store_error(books->write.store));
	return result;
}
