#include "watch/twice.h"

#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "watch/journal.h"
#include "watch/logfile.h"

enum {
	END_SIZE = 65536, /* bytes of a file's end that are compared */
	ENTRIES = 64,     /* of the journal */
	LINE_MIN = 24     /* a shorter line says too little */
};

/* The end of a file, and whether the journal knows a line of it. */
struct ending {
	char bytes[END_SIZE];
	size_t len;
	bool found;
};

static bool
compare(void *to, const char *line)
{
	struct ending *ending = to;
	size_t len = strlen(line);
	const char *at = ending->bytes;
	const char *end = ending->bytes + ending->len;

	if (len < LINE_MIN) {
		return true;
	}
	while ((at = memmem(at, (size_t)(end - at), line, len)) != NULL) {
		bool begins = at == ending->bytes || at[-1] == ' ';

		at += len;
		if (begins && (at == end || *at == '\n')) {
			ending->found = true;
			return false;
		}
	}
	return true;
}

static bool
read_end(struct ending *ending, const char *path)
{
	struct logfile file;
	int64_t size;

	if (logfile_open(&file, path) != LOGFILE_OPEN) {
		return false;
	}
	size = logfile_facts(&file).size;
	ending->len = logfile_read(&file, size > END_SIZE ? size - END_SIZE : 0,
	    ending->bytes, sizeof(ending->bytes));
	ending->found = false;
	logfile_close(&file);
	return ending->len > 0;
}

static bool
in_journal(const struct conf *conf, const char *path)
{
	static struct ending ending; /* too large for the stack */

	if (strcmp(conf->watch.journal, "no") == 0 ||
	    !read_end(&ending, path)) {
		return false;
	}
	journal_newest(
	    conf->watch.journal, &conf->watch.units, ENTRIES, compare, &ending);
	return ending.found;
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
twice_counted(const struct conf *conf, char error[static TWICE_ERROR_SIZE])
{
	const struct conf_list *files = &conf->watch.files;
	struct text text;

	text_init(&text, error, TWICE_ERROR_SIZE);
	for (size_t i = 0; i < files->items; i++) {
		const char *same = earlier(files, i);

		if (same != NULL) {
			text_addf(&text,
			    "watch: files names %s twice, also as %s",
			    files->item[i], same);
			return true;
		}
		if (in_journal(conf, files->item[i])) {
			text_addf(&text,
			    "watch: %s is written from the journal, which is "
			    "followed as well: every line would count twice; "
			    "set journal = no, or take it out of files",
			    files->item[i]);
			return true;
		}
	}
	return false;
}
