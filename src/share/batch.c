#include "share/batch.h"

#include <inttypes.h>
#include <stdlib.h>

/* One text of a list; NULL is null. */
static void
put(FILE *to, bool first, const char *text)
{
	if (!first) {
		(void)fputc(',', to);
	}
	if (text == NULL) {
		(void)fputs("NULL", to);
		return;
	}
	(void)fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			(void)fputc('\\', to);
		}
		(void)fputc(*text, to);
	}
	(void)fputc('"', to);
}

bool
batch_begin(struct batch *batch)
{
	*batch = (struct batch){ .count = 0 };
	for (size_t i = 0; i < BATCH_LISTS; i++) {
		batch->file[i] = open_memstream(
		    &batch->list[i], &batch->size[i]);
		if (batch->file[i] == NULL) {
			(void)batch_end(batch);
			batch_free(batch);
			return false;
		}
		(void)fputc('{', batch->file[i]);
	}
	return true;
}

void
batch_add(void *to, const struct share_entry *entry)
{
	struct batch *batch = to;
	const bool first = batch->count == 0;
	char keep[24];

	if (first) {
		batch->first = entry->seq;
	}
	(void)snprintf(keep, sizeof(keep), "%" PRId64, entry->keep);
	put(batch->file[BATCH_SORTS], first, entry->sort);
	put(batch->file[BATCH_KEYS], first, entry->key);
	put(batch->file[BATCH_KEEPS], first,
	    entry->keep == INT64_MAX ? NULL : keep);
	put(batch->file[BATCH_BODIES], first, entry->body);
	batch->count++;
}

bool
batch_end(struct batch *batch)
{
	bool fine = true;

	for (size_t i = 0; i < BATCH_LISTS; i++) {
		if (batch->file[i] != NULL) {
			(void)fputc('}', batch->file[i]);
			fine = ferror(batch->file[i]) == 0 && fine;
			fine = fclose(batch->file[i]) == 0 && fine;
			batch->file[i] = NULL;
		}
	}
	return fine;
}

void
batch_free(struct batch *batch)
{
	for (size_t i = 0; i < BATCH_LISTS; i++) {
		free(batch->list[i]);
		batch->list[i] = NULL;
	}
}
