/*
 * What `setup postfix` changed, kept so that it can be taken back: a file
 * "postfix.undo" beside the database, of steps in the order they were made.
 *
 * The services' user may write in that folder, and what is read here is written
 * into Postfix's files by root: a file that is not the caller's own, or that
 * others may write, is refused.
 */
#ifndef CTL_UNDO_H
#define CTL_UNDO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"

enum {
	UNDO_MAIN,   /* main.cf */
	UNDO_MASTER, /* master.cf */
	UNDO_FILES,
	UNDO_SETTINGS_MAX = 64,
	UNDO_STEPS_MAX = 32
};

/* Texts are the undo's, or borrowed in one that is added. */
struct undo_setting {
	const char *service; /* empty: of main.cf */
	const char *name;
	const char *before; /* NULL: it was not set */
	const char *after;
};

/* What one run changed in one folder of Postfix. */
struct undo_step {
	const char *folder;
	/* The files as they were and as they were left, whole. */
	const char *before[UNDO_FILES];
	const char *after[UNDO_FILES];
	struct undo_setting setting[UNDO_SETTINGS_MAX];
	size_t settings;
	size_t at; /* where it begins in the file */
};

struct undo {
	char *kept; /* the file as it is, and its texts; NULL: none */
	char *texts;
	struct undo_step step[UNDO_STEPS_MAX];
	size_t steps;
};

/* Read what was kept beside that database; one that is not there has no steps.
 * False with `why`.  Ended by undo_free() either way. */
bool undo_read(
    const char *database, struct undo *out, char why[static FILE_WHY_SIZE]);
void undo_free(struct undo *undo);

/* Keep one step more; false with `why`. */
bool undo_add(const char *database, const struct undo *undo,
    const struct undo_step *step, char why[static FILE_WHY_SIZE]);

/* Forget the steps from that one on. */
bool undo_cut(const char *database, const struct undo *undo, size_t step,
    char why[static FILE_WHY_SIZE]);

/* ---- Postfix's files in a folder, whole ---- */

/* The path of one; false where it does not fit. */
bool undo_file(const char *folder, int file, char path[static PATH_MAX]);

/* Read both, for the caller to free; false after a complaint. */
bool undo_files_read(const char *folder, char *text[static UNDO_FILES]);
void undo_files_free(char *text[static UNDO_FILES]);

/* Put a text in the place of one; false after a complaint. */
bool undo_file_write(const char *folder, int file, const char *text);
/* All as it was, which is said. */
void undo_files_put_back(
    const char *folder, char *const text[static UNDO_FILES]);

#endif
