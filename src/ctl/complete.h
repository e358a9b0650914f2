/*
 * What a shell may complete: "videur complete WORD...", which no help tells of.
 */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H

#include "base/proc.h"

/*
 * Print what can stand in the place of the last of the words behind "videur",
 * a candidate a line, with a blank and what it is behind a tab; ":file" alone
 * where it is a path.  Addresses and refs are those of the database, some
 * hundred at most and within some 200 ms; where it cannot be read there are
 * none.  Nothing is said on standard error.
 */
enum exit_status complete(const char *file, char *const *argv);

#endif
