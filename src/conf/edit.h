/*
 * Changing one setting of videur.conf as a person would: everything else in the
 * file, comments and blanks too, stays as it is.
 */
#ifndef CONF_EDIT_H
#define CONF_EDIT_H

#include <stdbool.h>

#include "conf/conf.h"

struct conf_edit {
	char file[CONF_PATH_SIZE]; /* the one it stands in, or is put into */
	int line;                  /* of it, as the file will be */
	char *before;              /* the file; NULL: there is none */
	char *after;
	/* That line as it was, empty where there was none, and as it is. */
	char was[CONF_TEXT_SIZE];
	char is[CONF_TEXT_SIZE];
};

/*
 * Prepare the mode's change.  Where it is given its value changes, in whichever
 * file that is; else its commented line becomes a setting, or it stands behind
 * policy or database, or at the end.  What `path` names (NULL: the default file)
 * is checked as a whole, with the change in it.  False with `error`, as of
 * conf_load().  Ended by conf_edit_free() either way.
 */
bool conf_edit_mode(const char *path, enum conf_mode mode,
    struct conf_edit *out, char error[static CONF_ERROR_SIZE]);

/* Do it at once; the file's owner and mode stay.  False with `error`, and where
 * the file is no longer what it was. */
bool conf_edit_write(
    const struct conf_edit *edit, char error[static CONF_ERROR_SIZE]);

void conf_edit_free(struct conf_edit *edit);

#endif
