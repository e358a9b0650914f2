/*
 * What lies on disk of one log, seen with what is remembered of it.
 */
#ifndef WATCH_SCENE_H
#define WATCH_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/hash.h"
#include "store/store.h"
#include "watch/logfile.h"
#include "watch/plan.h"
#include "watch/rotated.h"

struct scene {
	const char *path;                     /* the log's own, borrowed */
	struct rotated rotated[ROTATED_MAX];  /* the oldest first */
	struct sight sights[ROTATED_MAX + 1]; /* and the log itself, if live */
	size_t count;                         /* of sights */
	bool live;                            /* the log itself is there */
	struct timespec changed;              /* the folder, before the look */
	bool moving; /* files were moved or written while it was looked at */
	enum logfile_result own; /* how opening it went */
	int error;               /* and its errno */
};

/* Look around for `remembered`, whose hashes have `key`.  False where files
 * were moved meanwhile (`moving`), or the log itself is there and cannot be
 * read: look again later. */
bool scene_survey(struct scene *scene, const char *path,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *remembered);

/* Open a file of it; false where it is not the one that was seen any more. */
bool scene_open(const struct scene *scene, size_t which, struct logfile *file);

/* Whether no file was moved, created, removed or written to since it was
 * surveyed, but for the log itself: then what was opened under a name is what
 * was seen there. */
bool scene_holds(const struct scene *scene);

#endif
