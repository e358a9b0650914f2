/*
 * Less than the user could do: what a server that only reads has no use for
 * is given up for good, so that a fault in it is nobody's tool.
 */
#ifndef WEB_CONFINE_H
#define WEB_CONFINE_H

#include <stdbool.h>

/*
 * From now on this thread, and those it starts, can make, change and remove
 * files only in the folder of the database, where SQLite keeps a file for
 * its readers' locks; remove them also in the folder of each of the `sockets`
 * ("unix:PATH", or anything else); and start no program.  Reading stays as it
 * was.  Where the kernel knows no Landlock (before 5.13, or switched off) only
 * gaining rights by a program is given up.  False, with errno set, where it
 * should have worked and did not.
 */
bool confine(const char *database, const char *const *sockets, int count);

#endif
