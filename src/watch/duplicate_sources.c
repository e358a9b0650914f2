#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "logs/log_file.h"
#include "watch/journal.h"
#include "watch/source.h"

enum {
	END_SIZE = 65536, /* bytes of a file's end that are compared */
	ENTRIES = 64,     /* of the journal */
	LINE_MIN = 24     /* a shorter line says too little */
};

/* The end of a file, and whether the journal knows a line of it. */
struct file_end {
	char bytes[END_SIZE];
	size_t len;
	bool found;
};

static bool
compare(void *to, const char *line)
{
	struct file_end *end = to;
	size_t len = strlen(line);
	const char *at = end->bytes;
	const char *stop = end->bytes + end->len;

	if (len < LINE_MIN) {
		return true;
	}
	while ((at = memmem(at, (size_t)(stop - at), line, len)) != NULL) {
		bool begins = at == end->bytes || at[-1] == ' ';

		at += len;
		if (begins && (at == stop || *at == '\n')) {
			end->found = true;
			return false;
		}
	}
	return true;
}

static bool
in_journal(const struct conf *conf, const char *path)
{
	struct file_end end = { .found = false };
	struct log_file file;
	int64_t size;

	if (strcmp(conf->watch.journal, "no") == 0 ||
	    log_file_open(&file, path, false) != LOG_FILE_OPEN) {
		return false;
	}
	size = log_file_stat(&file).size;
	end.len = log_file_read(&file, size > END_SIZE ? size - END_SIZE : 0,
	    end.bytes, sizeof(end.bytes));
	log_file_close(&file);
	journal_newest(
	    conf->watch.journal, &conf->watch.units, ENTRIES, compare, &end);
	return end.found;
}

/* An earlier name of the same file, or NULL. */
static const char *
earlier(const struct conf_list *files, size_t which)
{
	struct stat mine;
	struct stat other;
	bool there = stat(files->item[which], &mine) == 0;

	for (size_t i = 0; i < which; i++) {
		if (strcmp(files->item[i], files->item[which]) == 0 ||
		    (there && stat(files->item[i], &other) == 0 &&
			mine.st_dev == other.st_dev &&
			mine.st_ino == other.st_ino)) {
			return files->item[i];
		}
	}
	return NULL;
}

bool
duplicate_sources(const struct conf *conf)
{
	const struct conf_list *files = &conf->watch.files;

	for (size_t i = 0; i < files->items; i++) {
		const char *same = earlier(files, i);

		if (same != NULL) {
			log_warn("watch: files names %s twice, also as %s",
			    files->item[i], same);
			return true;
		}
		if (in_journal(conf, files->item[i])) {
			log_warn("watch: %s is written from the journal, "
				 "which is followed as well: every line would "
				 "count twice; set journal = no, or take it "
				 "out of files",
			    files->item[i]);
			return true;
		}
	}
	return false;
}
