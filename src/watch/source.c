#include "watch/source.h"

#include <string.h>

#include "base/text.h"
#include "watch/bell.h"
#include "watch/journal.h"
#include "watch/tail.h"

static bool
init(struct source *source, const char *name)
{
	source->dry = true;
	(void)text_copy(source->name, sizeof(source->name), name);
	return source->tail != NULL || source->journal != NULL;
}

bool
source_file(struct source *source, const char *path, bool once)
{
	*source = (struct source){ .tail = tail_new(path, once) };
	return init(source, path);
}

bool
source_journal(struct source *source, const struct conf *conf)
{
	const char *where = conf->watch.journal;

	*source = (struct source){ .journal = journal_new(
				       where, &conf->watch.units) };
	return init(source, strcmp(where, "yes") == 0 ? "journal" : where);
}

void
source_close(struct source *source)
{
	tail_free(source->tail);
	journal_free(source->journal);
	*source = (struct source){ .dry = true };
}

void
source_start(struct source *source,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *position, enum conf_start start)
{
	if (source->tail != NULL) {
		tail_start(source->tail, key, position, start);
	} else {
		journal_start(source->journal, position, start);
	}
	source->started = true;
	/* Where it begins is remembered as well. */
	source->moved = position == NULL;
}

void
source_key(struct source *source, const unsigned char key[static HASH_KEY_SIZE])
{
	if (source->tail != NULL) {
		memcpy(source->tail->key, key, HASH_KEY_SIZE);
	}
}

bool
source_look(struct source *source, int64_t now, int64_t ticks)
{
	bool turned;

	if (!source->dry) {
		return false;
	}
	if (source->journal != NULL) {
		journal_look(source->journal, now);
		return false;
	}
	turned = tail_look(source->tail, now, ticks);
	source->moved |= turned;
	source->dry = !turned;
	return turned;
}

bool
source_is_restless(const struct source *source)
{
	return source->tail != NULL && tail_is_restless(source->tail);
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

bool
source_position(const struct source *source, struct position *position)
{
	return source->tail != NULL
		   ? tail_position(source->tail, position)
		   : journal_position(source->journal, position);
}

void
source_listen(struct source *source, struct bell *bell)
{
	unsigned turns;
	int fd;

	if (source->tail != NULL) {
		bell_folder(bell, source->tail->path);
		fd = source->tail->reader.file.fd;
		turns = source->tail->turns;
	} else {
		fd = journal_fd(source->journal, &turns);
	}
	if (turns == source->turns || fd < 0) {
		return;
	}
	source->turns = turns;
	if (source->tail != NULL) {
		bell_file(bell, fd);
	} else {
		bell_descriptor(bell, fd);
	}
}

/* ---- the set ---- */

bool
sources_open(struct sources *sources, const struct conf *conf, bool once)
{
	const struct conf_list *files = &conf->watch.files;

	sources->count = 0;
	if (strcmp(conf->watch.journal, "no") != 0 &&
	    !source_journal(&sources->source[sources->count++], conf)) {
		return false;
	}
	for (size_t i = 0; i < files->items; i++) {
		if (!source_file(&sources->source[sources->count++],
			files->item[i], once)) {
			return false;
		}
	}
	return true;
}

static struct source *
find_file(struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		if (source->tail != NULL && strcmp(source->name, path) == 0) {
			return source;
		}
	}
	return NULL;
}

void
sources_take_over(struct sources *sources, struct sources *old)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];
		struct source *was = source->tail != NULL
					 ? find_file(old, source->name)
					 : NULL;

		if (was != NULL) {
			struct source swapped = *source;

			*source = *was;
			*was = swapped;
		}
	}
}

/* Where it stands the store does not know: nothing was read yet. */
static enum store_result
start_stored(struct source *source, struct store *store,
    const unsigned char key[static HASH_KEY_SIZE], enum conf_start start)
{
	struct position position;
	enum store_result result = store_position_get(
	    store, source->name, &position);

	if (result != STORE_OK && result != STORE_NONE) {
		return result;
	}
	source_start(source, key, result == STORE_OK ? &position : NULL, start);
	return STORE_OK;
}

enum store_result
sources_start(struct sources *sources, struct store *store,
    const unsigned char key[static HASH_KEY_SIZE], enum conf_start start)
{
	enum store_result result = STORE_OK;

	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->source[i];

		if (result == STORE_OK && !source->started) {
			result = start_stored(source, store, key, start);
		}
	}
	return result;
}

enum store_result
sources_put(const struct sources *sources, struct store *store)
{
	enum store_result result = STORE_OK;

	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->source[i];
		struct position position;

		if (result == STORE_OK && source->moved &&
		    source_position(source, &position)) {
			result = store_position_put(
			    store, source->name, &position);
		}
	}
	return result;
}

void
sources_close(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		source_close(&sources->source[i]);
	}
	sources->count = 0;
}
