#include "watch/source.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/engine.h"
#include "watch/journal.h"
#include "watch/tail.h"

enum {
	FRESH = 30,      /* s since a log was written that is written now */
	END_SIZE = 65536 /* bytes of a file's end looked for in the journal */
};

/* ---- the set ---- */

/* Whether a file has an earlier name, or its last lines are entries of the
 * journal. */
static bool
is_twice(const struct conf *conf, size_t which)
{
	const struct conf_list *files = &conf->watch.files;
	const char *path = files->item[which];
	static char end[END_SIZE];
	struct log_file file;
	struct stat mine;
	struct stat other;
	bool there = stat(path, &mine) == 0;
	int64_t size;
	size_t len;

	for (size_t i = 0; i < which; i++) {
		if (strcmp(files->item[i], path) == 0 ||
		    (there && stat(files->item[i], &other) == 0 &&
			mine.st_dev == other.st_dev &&
			mine.st_ino == other.st_ino)) {
			log_warn("watch: files names %s twice, also as %s",
			    path, files->item[i]);
			return true;
		}
	}
	if (strcmp(conf->watch.journal, "no") == 0 ||
	    log_file_open(&file, path, LOG_FILE_PLAIN) != LOG_FILE_OPEN) {
		return false;
	}
	size = log_file_stat(&file).size;
	len = log_file_read(
	    &file, size > END_SIZE ? size - END_SIZE : 0, end, sizeof(end));
	log_file_close(&file);
	if (!journal_wrote(conf->watch.journal, &conf->watch.units, end, len)) {
		return false;
	}
	log_warn("watch: %s is written from the journal, which is followed as "
		 "well: every line would count twice; set journal = no, or "
		 "take it out of files",
	    path);
	return true;
}

bool
sources_open(struct sources *sources, const struct conf *conf, bool once)
{
	const struct conf_list *files = &conf->watch.files;
	const char *journal = conf->watch.journal;
	bool first = strcmp(journal, "no") != 0; /* the journal */
	bool fine = true;

	*sources = (struct sources){ .inotify = -1 };
	for (size_t i = 0; i < files->items; i++) {
		if (is_twice(conf, i)) {
			return false;
		}
	}
	sources->count = files->items + first;
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];
		const char *name = strcmp(journal, "yes") == 0 ? "journal"
							       : journal;

		source->dry = true;
		if (i < first) {
			source->journal = journal_new(
			    journal, &conf->watch.units);
		} else {
			name = files->item[i - first];
			source->tail = tail_new(name, once, conf->watch.zone);
		}
		(void)text_copy(source->name, sizeof(source->name), name);
		fine = fine &&
		       (source->tail != NULL || source->journal != NULL);
	}
	if (!fine) {
		log_warn("out of memory");
		sources_close(sources);
		return false;
	}
	sources->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (sources->inotify < 0) {
		log_warn("no inotify: logs are looked at every now and then");
	}
	return true;
}

void
sources_close(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		tail_free(sources->source[i].tail);
		journal_free(sources->source[i].journal);
	}
	if (sources->inotify >= 0) {
		(void)close(sources->inotify);
	}
	*sources = (struct sources){ .inotify = -1 };
}

void
sources_take_over(
    struct sources *sources, struct sources *old, const char *zone)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		for (size_t n = 0; n < old->count; n++) {
			struct source was = old->source[n];

			if (source->tail != NULL && was.tail != NULL &&
			    strcmp(source->name, was.name) == 0) {
				old->source[n] = *source;
				*source = was;
				source->turns = 0;
				tail_use(source->tail, zone);
				break;
			}
		}
	}
}

/* ---- reading ---- */

enum sources_look
sources_look(struct sources *sources, int64_t now, int64_t ticks)
{
	enum sources_look found = SOURCES_DRY;
	char events[4096];

	/* What is found now needs no wake-up. */
	while (read(sources->inotify, events, sizeof(events)) > 0) {
	}
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];
		struct tail *tail = source->tail;
		bool more = false;

		if (source->dry && tail == NULL) {
			journal_look(source->journal, now);
		} else if (source->dry && tail_look(tail, now, ticks)) {
			source->moved = more = true;
			source->dry = false;
		}
		if (more) {
			found = SOURCES_MORE;
		} else if (tail != NULL && tail->leave_at != 0 &&
			   found == SOURCES_DRY) {
			found = SOURCES_SOON;
		}
	}
	return found;
}

bool
source_line(
    struct source *source, struct log_line *line, struct rules_clock **clock)
{
	bool behind = false;
	bool more = source->tail != NULL
			? tail_line(source->tail, line)
			: journal_line(source->journal, line, &behind);

	*clock = source->tail != NULL ? &source->tail->clock : &source->clock;
	source->dry = !more && !behind;
	source->moved |= more;
	return more;
}

/* ---- positions ---- */

enum store_result
sources_start(struct sources *sources, struct store *store,
    const unsigned char key[static HASH_KEY_SIZE], bool anew,
    enum conf_start start)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];
		struct position stored;
		const struct position *at;

		if (source->started) {
			source->moved |= anew;
			if (source->tail != NULL) {
				memcpy(source->tail->key, key, HASH_KEY_SIZE);
			}
			continue;
		}
		at = store_position_find(store, source->name, &stored) ? &stored
								       : NULL;
		if (store_status(store) != STORE_OK) {
			return store_status(store);
		}
		if (source->tail != NULL) {
			tail_start(source->tail, key, at, start);
		} else {
			journal_start(source->journal, at, start);
		}
		source->started = true;
		/* Where it begins is remembered as well. */
		source->moved = at == NULL;
	}
	return STORE_OK;
}

static int64_t *
gaps_of(const struct source *source)
{
	return source->tail != NULL ? &source->tail->gaps
				    : journal_gaps(source->journal);
}

void
sources_put(const struct sources *sources, struct store *store, int64_t now)
{
	struct losses lost = { .number = { 0 } };

	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->source[i];
		struct position at;

		/* A journal moves past entries that are not asked for, too. */
		if ((source->moved || source->journal != NULL) &&
		    (source->tail != NULL
			    ? tail_position(source->tail, &at)
			    : journal_position(source->journal, &at))) {
			store_record(store,
			    &(struct store_record){
				.source = source->name, .position = &at });
			health_put(&source->health, store, source->name, now);
		}
		lost.number[LOSS_GAPS] += *gaps_of(source);
	}
	engine_lose(store, &lost, now);
}

void
sources_stored(struct sources *sources, bool all, int64_t now)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		source->moved = false;
		*gaps_of(source) = 0;
		health_stored(&source->health, now);
		if (all) {
			health_tell_unread(&source->health, source->name, now);
		}
		/* Once all is read of a file that is written now: what comes
		 * late, or was read late, is of no other zone. */
		if (source->tail != NULL && source->dry &&
		    source->tail->file.fd >= 0 &&
		    now - log_file_stat(&source->tail->file).written <= FRESH) {
			health_tell_lag(&source->health, source->name,
			    &source->tail->clock, now);
		}
	}
}

/* ---- waiting ---- */

void
sources_listen(struct sources *sources, int fds[static 2])
{
	fds[0] = sources->inotify;
	fds[1] = -1;
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];
		const struct tail *tail = source->tail;
		char path[CONF_PATH_SIZE];

		if (tail == NULL) {
			fds[1] = journal_fd(source->journal);
			continue;
		}
		/* The folder may be another one by now. */
		(void)file_folder(source->name, path, sizeof(path));
		(void)inotify_add_watch(sources->inotify, path,
		    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
			IN_ONLYDIR);
		if (tail->turns == source->turns || tail->file.fd < 0) {
			continue;
		}
		/* By its descriptor, since its name may be another's by now.
		 * The watch goes with the inode; that of a rotated file hurts
		 * nobody until then. */
		source->turns = tail->turns;
		(void)text_print(
		    path, sizeof(path), "/proc/self/fd/%d", tail->file.fd);
		(void)inotify_add_watch(sources->inotify, path, IN_MODIFY);
	}
}
