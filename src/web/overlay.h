/*
 * The files of the pages: those compiled in, and the owner's in their place.
 */
#ifndef WEB_OVERLAY_H
#define WEB_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	OVERLAY_FILES_MAX = 32,
	OVERLAY_PATH_SIZE = 320,
	OVERLAY_SIZE_MAX = 512 * 1024 /* of a file */
};

struct overlay_file {
	const char *name;
	const char *ours; /* compiled in */
	size_t ours_size;
	char *theirs; /* owned; NULL where the owner has none */
	size_t theirs_size;
	char path[OVERLAY_PATH_SIZE]; /* of the owner's */
};

struct overlay {
	struct overlay_file file[OVERLAY_FILES_MAX];
	size_t files;
};

/* Take all compiled-in files, and those of `folder` (empty for none) that
 * have their names; what cannot be read or has another name is logged. */
void overlay_load(struct overlay *overlay, const char *folder);
void overlay_clear(struct overlay *overlay);

/* Go back to the compiled-in one. */
void overlay_refuse(struct overlay_file *file);

/* Read a whole file of at most OVERLAY_SIZE_MAX bytes, NUL behind it; the
 * caller frees it.  NULL, after a line in the log, where that cannot be done;
 * no line where it is not there and `optional`. */
char *overlay_read(const char *path, bool optional, size_t *size);

#endif
