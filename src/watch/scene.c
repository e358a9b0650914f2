#include "watch/scene.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "watch/reader.h"

enum {
	CALM = 20 /* ms, more than a tick of the file system's clock */
};

/* Lengths come from the database: nothing else keeps them in bounds. */
static bool
in_bounds(const struct position *position)
{
	return position->offset > 0 && position->head_len >= 0 &&
	       position->head_len <= READER_HEAD_MAX &&
	       position->head_len <= position->offset &&
	       position->line_len >= 0 &&
	       position->line_len <= READER_LINE_MAX &&
	       position->line_len <= position->offset;
}

/* Hash what the file has where the remembered bytes were.  A compressed one
 * is read up to the line only where its head is right: that takes time. */
static void
hash_marks(struct logfile *file, const unsigned char *key,
    const struct position *at, struct sight *sight)
{
	char bytes[READER_LINE_MAX];

	if (!in_bounds(at) ||
	    !logfile_read_all(file, 0, bytes, (size_t)at->head_len)) {
		return;
	}
	(void)hash_text(key, bytes, (size_t)at->head_len, sight->head_hash);
	if (strcmp(sight->head_hash, at->head_hash) == 0 &&
	    logfile_read_all(
		file, at->offset - at->line_len, bytes, (size_t)at->line_len)) {
		(void)hash_text(
		    key, bytes, (size_t)at->line_len, sight->line_hash);
	}
}

/* As far as it has to be known of one that is compressed. */
static int64_t
size_of(struct logfile *file)
{
	char byte;

	return file->gz != NULL && logfile_read(file, 0, &byte, 1) == 0
		   ? 0
		   : logfile_facts(file).size;
}

static enum logfile_result
look_at(const char *path, const unsigned char *key,
    const struct position *remembered, struct sight *sight)
{
	struct logfile file;
	enum logfile_result result = logfile_open(&file, path);

	if (result == LOGFILE_OPEN) {
		*sight = (struct sight){ .device = file.device,
			.inode = file.inode,
			.size = size_of(&file) };
		hash_marks(&file, key, remembered, sight);
		logfile_close(&file);
	}
	return result;
}

/* When something was last created, renamed or removed beside the log. */
static struct timespec
folder_changed(const char *path)
{
	char folder[CONF_PATH_SIZE];
	struct timespec never = { 0 };
	struct text text;
	struct stat st;

	text_init(&text, folder, sizeof(folder));
	text_add_bytes(&text, path, (size_t)(strrchr(path, '/') - path) + 1);
	return stat(folder, &st) == 0 ? st.st_mtim : never;
}

bool
scene_holds(const struct scene *scene)
{
	struct timespec now = folder_changed(scene->path);

	if (now.tv_sec != scene->changed.tv_sec ||
	    now.tv_nsec != scene->changed.tv_nsec) {
		return false;
	}
	for (size_t i = 0; i < scene->count - scene->live; i++) {
		if (!rotated_is_same(&scene->rotated[i])) {
			return false;
		}
	}
	return true;
}

/* A rotation is many steps, and a look at the files is, too: what was seen
 * counts only where nothing moved from its first glance to its last.  Times
 * of files go in ticks of some milliseconds, so a change just before the
 * first glance could hide another one. */
static bool
is_settled(const struct scene *scene)
{
	struct timespec now;
	int64_t age;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - scene->changed.tv_sec) * INT64_C(1000) +
	      (now.tv_nsec - scene->changed.tv_nsec) / 1000000;
	return (age < 0 || age >= CALM) && scene_holds(scene);
}

/* The files that `scene->rotated` lists, and the log itself; false where one
 * is not there any more. */
static bool
look_at_all(struct scene *scene, size_t rotated, const unsigned char *key,
    const struct position *remembered)
{
	scene->count = 0;
	for (size_t i = 0; i < rotated; i++) {
		enum logfile_result result = look_at(scene->rotated[i].path,
		    key, remembered, &scene->sights[scene->count]);

		if (result == LOGFILE_MISSING) {
			return false;
		}
		if (result == LOGFILE_OPEN) {
			scene->rotated[scene->count++] = scene->rotated[i];
		}
	}
	scene->own = look_at(
	    scene->path, key, remembered, &scene->sights[scene->count]);
	scene->error = errno;
	scene->live = scene->own == LOGFILE_OPEN;
	scene->count += scene->live;
	return true;
}

bool
scene_survey(struct scene *scene, const char *path,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered)
{
	size_t rotated;

	scene->path = path;
	scene->changed = folder_changed(path);
	rotated = rotated_list(path, scene->rotated);
	scene->moving = !look_at_all(scene, rotated, key, remembered) ||
			!is_settled(scene);
	return !scene->moving && scene->own != LOGFILE_UNREADABLE;
}

bool
scene_open(const struct scene *scene, size_t which, struct logfile *file)
{
	const struct sight *seen = &scene->sights[which];
	bool own = scene->live && which == scene->count - 1;

	if (logfile_open(
		file, own ? scene->path : scene->rotated[which].path) !=
	    LOGFILE_OPEN) {
		return false;
	}
	if (file->device == seen->device && file->inode == seen->inode) {
		return true;
	}
	logfile_close(file);
	return false;
}
