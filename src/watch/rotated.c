#include "watch/rotated.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

enum {
	TAIL_MAX = 32,     /* of a rotated name */
	NUMBER_MAX = 99999 /* a larger one is a date */
};

bool
rotated_name(const char *log, const char *name, struct rotated *file)
{
	size_t log_len = strlen(log);
	char tail[TAIL_MAX];
	size_t len;

	if (strncmp(name, log, log_len) != 0 ||
	    (name[log_len] != '.' && name[log_len] != '-') ||
	    !text_copy(tail, sizeof(tail), name + log_len + 1)) {
		return false;
	}
	len = strlen(tail);
	file->compressed = len > 3 && strcmp(tail + len - 3, ".gz") == 0;
	if (file->compressed) {
		len -= 3;
		tail[len] = '\0';
	}
	if (tail[0] < '0' || tail[0] > '9' ||
	    tail[strspn(tail, "0123456789-_.:T")] != '\0') {
		return false;
	}
	if (name[log_len] != '.' ||
	    !text_to_int(tail, 0, NUMBER_MAX, &file->number)) {
		file->number = -1;
	}
	return true;
}

static int
compare_int(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/*
 * When a plain file was written to last tells the order, whether a scheme
 * counts up or down.  Of a compressed one that time may be when it was
 * compressed: there the name tells, as logrotate gives it.
 */
int
rotated_compare(const struct rotated *a, const struct rotated *b)
{
	int by_time = compare_int(a->written, b->written);
	int by_name = a->number >= 0 && b->number >= 0
			  ? compare_int(b->number, a->number)
		      : a->number < 0 && b->number < 0
			  ? strcmp(a->path, b->path)
			  : 0;

	if (by_time == 0) {
		by_time = compare_int(a->written_ns, b->written_ns);
	}
	if (a->compressed || b->compressed) {
		return by_name != 0 ? by_name : by_time;
	}
	return by_time != 0 ? by_time : by_name;
}

static int
compare(const void *a, const void *b)
{
	return rotated_compare(a, b);
}

/* Keep one; where there is no room any more, instead of the oldest. */
static size_t
keep(struct rotated *files, size_t count, const struct rotated *file)
{
	size_t oldest = 0;

	if (count < ROTATED_MAX) {
		files[count] = *file;
		return count + 1;
	}
	for (size_t i = 1; i < count; i++) {
		if (rotated_compare(&files[i], &files[oldest]) < 0) {
			oldest = i;
		}
	}
	if (rotated_compare(&files[oldest], file) < 0) {
		files[oldest] = *file;
	}
	return count;
}

static bool
examine(const char *folder, const char *name, struct rotated *file)
{
	struct text path;
	struct stat st;

	text_init(&path, file->path, sizeof(file->path));
	text_addf(&path, "%s/%s", folder, name);
	if (path.cut || stat(file->path, &st) != 0 || !S_ISREG(st.st_mode)) {
		return false;
	}
	file->written = st.st_mtim.tv_sec;
	file->written_ns = st.st_mtim.tv_nsec;
	file->inode = (int64_t)st.st_ino;
	file->bytes = (int64_t)st.st_size;
	return true;
}

bool
rotated_is_same(const struct rotated *file)
{
	struct stat st;

	return stat(file->path, &st) == 0 &&
	       (int64_t)st.st_ino == file->inode &&
	       (int64_t)st.st_size == file->bytes &&
	       st.st_mtim.tv_sec == file->written &&
	       st.st_mtim.tv_nsec == file->written_ns;
}

/* Whether the compressed file `file` is there plain as well. */
static bool
is_plain_too(
    const struct rotated *files, size_t count, const struct rotated *file)
{
	size_t len = strlen(file->path) - 3;

	for (size_t i = 0; i < count; i++) {
		if (strlen(files[i].path) == len &&
		    memcmp(files[i].path, file->path, len) == 0) {
			return true;
		}
	}
	return false;
}

static size_t
drop_doubles(struct rotated *files, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (!files[i].compressed ||
		    !is_plain_too(files, count, &files[i])) {
			files[kept++] = files[i];
		}
	}
	return kept;
}

size_t
rotated_list(const char *path, struct rotated files[static ROTATED_MAX])
{
	const char *log = strrchr(path, '/') + 1;
	char folder[CONF_PATH_SIZE];
	struct text text;
	const struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	text_init(&text, folder, sizeof(folder));
	text_add_bytes(&text, path, (size_t)(log - path));
	dir = opendir(folder);
	if (dir == NULL) {
		return 0;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this stream is ours alone */
	while ((entry = readdir(dir)) != NULL) {
		struct rotated file;

		if (rotated_name(log, entry->d_name, &file) &&
		    examine(folder, entry->d_name, &file)) {
			count = keep(files, count, &file);
		}
	}
	(void)closedir(dir);
	count = drop_doubles(files, count);
	qsort(files, count, sizeof(files[0]), compare);
	return count;
}
