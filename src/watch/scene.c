#include "watch/scene.h"

#include <errno.h>
#include <string.h>

#include "watch/reader.h"

/* Lengths come from the database: nothing else keeps them in bounds. */
static bool
in_bounds(const struct position *position)
{
	return position->offset > 0 && position->head_len >= 0 &&
	       position->head_len <= READER_HEAD_MAX &&
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

static enum logfile_result
look_at(const char *path, const unsigned char *key,
    const struct position *remembered, struct sight *sight)
{
	struct logfile file;
	enum logfile_result result = logfile_open(&file, path);

	if (result == LOGFILE_OPEN) {
		*sight = (struct sight){ .device = file.device,
			.inode = file.inode,
			.size = logfile_facts(&file).size };
		hash_marks(&file, key, remembered, sight);
		logfile_close(&file);
	}
	return result;
}

bool
scene_survey(struct scene *scene, const char *path,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered)
{
	size_t rotated = rotated_list(path, scene->rotated);
	enum logfile_result result;

	scene->path = path;
	scene->count = 0;
	for (size_t i = 0; i < rotated; i++) {
		result = look_at(scene->rotated[i].path, key, remembered,
		    &scene->sights[scene->count]);
		if (result == LOGFILE_MISSING) {
			return false;
		}
		if (result == LOGFILE_OPEN) {
			scene->rotated[scene->count++] = scene->rotated[i];
		}
	}
	scene->own = look_at(
	    path, key, remembered, &scene->sights[scene->count]);
	scene->error = errno;
	scene->live = scene->own == LOGFILE_OPEN;
	scene->count += scene->live;
	return scene->own != LOGFILE_UNREADABLE;
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
