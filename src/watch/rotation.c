#include "watch/rotation.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"

enum {
	SUFFIX_MAX = 32,    /* of a rotated name */
	NUMBER_MAX = 99999, /* a larger one is a date */
	CALM = 20 /* ms, more than a tick of the file system's clock */
};

/* ---- names and order ---- */

bool
rotation_name(const char *log, const char *name, struct rotation_file *file)
{
	size_t log_len = strlen(log);
	char suffix[SUFFIX_MAX];
	size_t len;

	if (strncmp(name, log, log_len) != 0 ||
	    (name[log_len] != '.' && name[log_len] != '-') ||
	    !text_copy(suffix, sizeof(suffix), name + log_len + 1)) {
		return false;
	}
	len = strlen(suffix);
	file->compressed = len > 3 && strcmp(suffix + len - 3, ".gz") == 0;
	if (file->compressed) {
		suffix[len - 3] = '\0';
	}
	if (suffix[0] < '0' || suffix[0] > '9' ||
	    suffix[strspn(suffix, "0123456789-_.:T")] != '\0') {
		return false;
	}
	if (name[log_len] != '.' ||
	    !text_to_int(suffix, 0, NUMBER_MAX, &file->number)) {
		file->number = -1;
	}
	return true;
}

/*
 * When a plain file was written to last tells the order, whether a scheme
 * counts up or down.  Of a compressed one that time may be when it was
 * compressed: there the name tells, as logrotate gives it.
 */
int
rotation_compare(const struct rotation_file *a, const struct rotation_file *b)
{
	int by_time = (a->written > b->written) - (a->written < b->written);
	int by_name = a->number >= 0 && b->number >= 0
			  ? (int)(b->number - a->number)
		      : a->number < 0 && b->number < 0
			  ? strcmp(a->path, b->path)
			  : 0;

	if (a->compressed || b->compressed) {
		return by_name != 0 ? by_name : by_time;
	}
	return by_time != 0 ? by_time : by_name;
}

/* ---- which file to go on with ---- */

static bool
has_inode(const struct position *remembered, const struct rotation_file *file)
{
	return remembered->inode != 0 && remembered->inode == file->inode &&
	       remembered->device == file->device;
}

/* Where no line was ever taken there is only the inode to go by, and no harm
 * in reading from the start. */
static bool
fits(const struct position *remembered, const struct rotation_file *file)
{
	return remembered->offset == 0 ? has_inode(remembered, file)
				       : file->match == ROTATION_BOTH;
}

/* What has the inode and not the marks was written after what is remembered:
 * in the file whose place it took, or in one no line was taken from.  That is
 * not so of a file that was compressed. */
static bool
is_newer(const struct position *remembered, const struct rotation_file *file)
{
	return has_inode(remembered, file) && file->size >= 0 &&
	       file->match != ROTATION_BOTH;
}

typedef bool is_wanted(
    const struct position *remembered, const struct rotation_file *file);

/* The newest, or `count`. */
static size_t
find(is_wanted *wanted, const struct rotation *rotation,
    const struct position *remembered)
{
	for (size_t i = rotation->count; i > 0; i--) {
		if (wanted(remembered, &rotation->file[i - 1])) {
			return i - 1;
		}
	}
	return rotation->count;
}

/* The newest that fits is it: while a log is copied before it is truncated,
 * both it and the copy do. */
struct rotation_next
rotation_resume(
    const struct rotation *rotation, const struct position *remembered)
{
	size_t found = find(fits, rotation, remembered);
	size_t newer = find(is_newer, rotation, remembered);
	size_t last = rotation->count - 1;
	bool cut;

	if (found < rotation->count) {
		return (struct rotation_next){ ROTATION_CONTINUE, found };
	}
	/* A crash of the host can take the end of a log with it.  What is left
	 * was taken before. */
	cut = rotation->live && rotation->file[last].match == ROTATION_HEAD &&
	      rotation->file[last].size >= 0 &&
	      rotation->file[last].size < remembered->offset;
	if (newer < rotation->count && !(cut && newer == last)) {
		return (struct rotation_next){ ROTATION_LOST, newer };
	}
	if (!rotation->live) {
		return (struct rotation_next){ ROTATION_WAIT, 0 };
	}
	if (cut) {
		return (struct rotation_next){ ROTATION_CUT, last };
	}
	/* Where there was no file at all nothing is lost. */
	if (remembered->offset == 0 && remembered->inode == 0) {
		return (struct rotation_next){ ROTATION_BEGIN, last };
	}
	return (struct rotation_next){ ROTATION_LOST, last };
}

struct rotation_next
rotation_follow(const struct rotation *rotation,
    const struct position *remembered, bool untouched)
{
	size_t count = rotation->count;
	size_t found = find(fits, rotation, remembered);
	size_t open = untouched ? find(has_inode, rotation, remembered) : count;

	/* It is open, so its inode is its own.  Where it was compressed since,
	 * it comes again behind the file that was read before it. */
	if (open < count && (found == count || open > found)) {
		found = open;
	}
	/* What was read was removed: whether the rotated ones came before the
	 * log or after nobody knows. */
	if (found == count && rotation->live &&
	    rotation->file[count - 1].size != 0) {
		return (struct rotation_next){
			count > 1 ? ROTATION_LOST : ROTATION_BEGIN, count - 1
		};
	}
	/* It goes by the log's own name again. */
	if (rotation->live && found == count - 1 && found != open) {
		return (struct rotation_next){ ROTATION_CONTINUE, found };
	}
	for (size_t i = found + 1; i < count; i++) {
		if (rotation->file[i].size != 0) {
			return (struct rotation_next){ ROTATION_BEGIN, i };
		}
	}
	return (struct rotation_next){ ROTATION_WAIT, 0 };
}

/* ---- on disk ---- */

static int64_t
in_nanoseconds(const struct timespec *time)
{
	return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

static bool
stat_file(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode);
}

/* Fill in a rotated file of that name.  One that is there plain and
 * compressed, since it is being compressed, is taken plain. */
static bool
examine(const char *log, const char *name, struct rotation_file *file)
{
	struct stat st;
	size_t len;

	if (!rotation_name(strrchr(log, '/') + 1, name, file) ||
	    !file_beside(log, name, file->path, sizeof(file->path))) {
		return false;
	}
	if (file->compressed) {
		len = strlen(file->path) - 3;
		file->path[len] = '\0';
		if (stat_file(file->path, &st)) {
			return false;
		}
		file->path[len] = '.';
	}
	if (!stat_file(file->path, &st)) {
		return false;
	}
	file->written = in_nanoseconds(&st.st_mtim);
	file->inode = (int64_t)st.st_ino;
	file->bytes = (int64_t)st.st_size;
	return true;
}

/* Put it in order; where there is no room any more, the oldest goes. */
static void
keep(struct rotation *rotation, const struct rotation_file *file)
{
	struct rotation_file *files = rotation->file;
	size_t at = rotation->count;

	while (at > 0 && rotation_compare(file, &files[at - 1]) < 0) {
		at--;
	}
	if (rotation->count < ROTATION_MAX) {
		memmove(files + at + 1, files + at,
		    (rotation->count - at) * sizeof(*files));
		files[at] = *file;
		rotation->count++;
	} else if (at > 0) {
		memmove(files, files + 1, (at - 1) * sizeof(*files));
		files[at - 1] = *file;
	}
}

/* When something was last created, renamed or removed in that folder. */
static int64_t
folder_changed(const char *folder)
{
	struct stat st;

	return stat(folder, &st) == 0 ? in_nanoseconds(&st.st_mtim) : 0;
}

/* Whether a file has bytes with that hash at `offset`. */
static bool
has_bytes(struct log_file *file, const unsigned char *key, int64_t offset,
    int64_t len, const char *want)
{
	char bytes[ROTATION_LINE_MAX];
	char hash[HASH_TEXT_SIZE];

	return log_file_read_all(file, offset, bytes, (size_t)len) &&
	       strcmp(hash_text(key, bytes, (size_t)len, hash), want) == 0;
}

/* A compressed file is read up to the line only where its head is right: that
 * takes time. */
enum rotation_match
rotation_match(struct log_file *file,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered)
{
	const struct position *at = remembered;

	/* Lengths come from the database: nothing else keeps them in bounds. */
	if (at->head_len <= 0 || at->head_len > ROTATION_HEAD_MAX ||
	    at->head_len > at->offset || at->line_len < 0 ||
	    at->line_len > ROTATION_LINE_MAX || at->line_len > at->offset ||
	    !has_bytes(file, key, 0, at->head_len, at->head_hash)) {
		return ROTATION_OTHER;
	}
	return has_bytes(file, key, at->offset - at->line_len, at->line_len,
		   at->line_hash)
		   ? ROTATION_BOTH
		   : ROTATION_HEAD;
}

static enum log_file_kind
kind_of(const struct rotation_file *file)
{
	return file->compressed ? LOG_FILE_PACKED : LOG_FILE_PLAIN;
}

/* What is in a file.  Of a compressed one it has to be known only whether it
 * is empty. */
static enum log_file_result
look_into(struct rotation_file *file, const unsigned char *key,
    const struct position *remembered)
{
	struct log_file open;
	enum log_file_result result = log_file_open(
	    &open, file->path, kind_of(file));
	char byte;

	if (result == LOG_FILE_OPEN) {
		file->device = open.device;
		file->inode = open.inode;
		file->size = log_file_stat(&open).size;
		if (file->size < 0 && log_file_read(&open, 0, &byte, 1) == 0) {
			file->size = 0;
		}
		file->match = rotation_match(&open, key, remembered);
		log_file_close(&open);
	}
	return result;
}

/* The rotated files that are there, and the log itself; false where one went
 * meanwhile. */
static bool
look_around(struct rotation *rotation, const char *path,
    const unsigned char *key, const struct position *remembered)
{
	struct rotation_file file = { .number = -1 };
	const struct dirent *entry;
	DIR *dir = opendir(rotation->folder);
	size_t listed;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this stream is ours alone */
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (examine(path, entry->d_name, &file)) {
			keep(rotation, &file);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	listed = rotation->count;
	rotation->count = 0;
	for (size_t i = 0; i < listed; i++) {
		enum log_file_result result;

		file = rotation->file[i];
		result = look_into(&file, key, remembered);
		if (result == LOG_FILE_MISSING) {
			return false;
		}
		if (result == LOG_FILE_OPEN) {
			rotation->file[rotation->count++] = file;
		}
	}
	file = (struct rotation_file){ .number = -1 };
	(void)text_copy(file.path, sizeof(file.path), path);
	rotation->own = look_into(&file, key, remembered);
	rotation->error = errno;
	rotation->live = rotation->own == LOG_FILE_OPEN;
	rotation->file[rotation->count] = file;
	rotation->count += rotation->live;
	return true;
}

bool
rotation_holds(const struct rotation *rotation)
{
	if (folder_changed(rotation->folder) != rotation->changed) {
		return false;
	}
	for (size_t i = 0; i < rotation->count - rotation->live; i++) {
		const struct rotation_file *file = &rotation->file[i];
		struct stat st;

		if (stat(file->path, &st) != 0 ||
		    (int64_t)st.st_ino != file->inode ||
		    (int64_t)st.st_size != file->bytes ||
		    in_nanoseconds(&st.st_mtim) != file->written) {
			return false;
		}
	}
	return true;
}

/* A rotation is many steps, and a look at the files is, too: what was seen
 * counts only where nothing moved from its first glance to its last.  Times
 * of files go in ticks of some milliseconds, so a change just before the
 * first glance could hide another one. */
bool
rotation_look(struct rotation *rotation, const char *path,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered)
{
	struct timespec now;
	int64_t age;

	rotation->count = 0;
	rotation->live = false;
	rotation->own = LOG_FILE_OPEN;
	(void)file_folder(path, rotation->folder, sizeof(rotation->folder));
	rotation->changed = folder_changed(rotation->folder);
	rotation->moving = !look_around(rotation, path, key, remembered);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	age = in_nanoseconds(&now) - rotation->changed;
	rotation->moving |= (age >= 0 && age < CALM) ||
			    !rotation_holds(rotation);
	return !rotation->moving && rotation->own != LOG_FILE_UNREADABLE;
}

bool
rotation_open(
    const struct rotation *rotation, size_t which, struct log_file *file)
{
	const struct rotation_file *seen = &rotation->file[which];

	if (log_file_open(file, seen->path, kind_of(seen)) != LOG_FILE_OPEN) {
		return false;
	}
	if (file->device == seen->device && file->inode == seen->inode) {
		return true;
	}
	log_file_close(file);
	return false;
}
