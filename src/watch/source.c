#include "watch/source.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "watch/journal.h"
#include "watch/tail.h"

enum {
	FRESH = 5 /* s since all was read, so that a line is new */
};

/* ---- the set ---- */

/* One more, which is a tail or a journal; false where there is neither. */
static bool
add(struct sources *sources, const char *name, struct tail *tail,
    struct journal *journal)
{
	struct source *source = &sources->source[sources->count++];

	*source = (struct source){
		.tail = tail, .journal = journal, .dry = true
	};
	(void)text_copy(source->name, sizeof(source->name), name);
	return tail != NULL || journal != NULL;
}

bool
sources_open(struct sources *sources, const struct conf *conf, bool once)
{
	const struct conf_list *files = &conf->watch.files;
	const char *journal = conf->watch.journal;
	bool fine = true;

	*sources = (struct sources){ .inotify = -1 };
	if (duplicate_sources(conf)) {
		return false;
	}
	if (strcmp(journal, "no") != 0) {
		fine = add(sources,
		    strcmp(journal, "yes") == 0 ? "journal" : journal, NULL,
		    journal_new(journal, &conf->watch.units));
	}
	for (size_t i = 0; fine && i < files->items; i++) {
		fine = add(sources, files->item[i],
		    tail_new(files->item[i], once, conf->watch.zone), NULL);
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

void
sources_use_key(
    struct sources *sources, const unsigned char key[static HASH_KEY_SIZE])
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		source->moved = true;
		if (source->tail != NULL) {
			memcpy(source->tail->key, key, HASH_KEY_SIZE);
		}
	}
}

/* ---- reading ---- */

bool
sources_look(struct sources *sources, int64_t now, int64_t ticks)
{
	bool any = false;

	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		if (source->dry && source->journal != NULL) {
			journal_look(source->journal, now);
			any |= journal_is_behind(source->journal);
		} else if (source->dry && tail_look(source->tail, now, ticks)) {
			source->moved = true;
			source->dry = false;
			any = true;
		}
	}
	return any;
}

bool
sources_are_restless(const struct sources *sources)
{
	bool any = false;

	for (size_t i = 0; i < sources->count; i++) {
		const struct tail *tail = sources->source[i].tail;

		any |= tail != NULL && tail_is_restless(tail);
	}
	return any;
}

bool
source_line(
    struct source *source, struct log_line *line, struct rules_clock **clock)
{
	bool more = source->tail != NULL ? tail_line(source->tail, line)
					 : journal_line(source->journal, line);

	*clock = source->tail != NULL ? &source->tail->clock : &source->clock;
	source->dry = !more;
	source->moved |= more;
	return more;
}

/* ---- positions ---- */

enum store_result
sources_start(struct sources *sources, struct store *store,
    const unsigned char key[static HASH_KEY_SIZE], enum conf_start start)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];
		struct position stored;
		const struct position *at;

		if (source->started) {
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

void
sources_put(const struct sources *sources, struct store *store, int64_t now)
{
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
	}
}

void
sources_stored(struct sources *sources, int64_t now)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		source->moved = false;
		health_stored(&source->health, now);
		/* Once all is read: what comes late is no other zone. */
		if (source->tail != NULL && source->dry) {
			health_tell_lag(&source->health, source->name,
			    &source->tail->clock, now);
		}
	}
}

void
sources_tell_unread(struct sources *sources, int64_t now)
{
	for (size_t i = 0; i < sources->count; i++) {
		health_tell_unread(
		    &sources->source[i].health, sources->source[i].name, now);
	}
}

void
source_count(struct source *source, const struct finding *finding, bool dropped,
    int64_t now)
{
	bool fresh = now - source->dry_at <= FRESH;

	health_line(&source->health, finding, dropped,
	    source->tail != NULL && source->tail->clock.local, fresh ? now : 0);
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
		struct text text;

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
		text_init(&text, path, sizeof(path));
		text_addf(&text, "/proc/self/fd/%d", tail->file.fd);
		(void)inotify_add_watch(sources->inotify, path, IN_MODIFY);
	}
}

void
sources_quiet(struct sources *sources)
{
	char events[4096];

	while (read(sources->inotify, events, sizeof(events)) > 0) {
	}
}
