/*
 * The site's own time zone, by the host's tz database.
 *
 * One process has one zone, set before it has threads: libc keeps it where
 * all of them look.
 */
#ifndef WEB_ZONE_H
#define WEB_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct tm;

/* "Europe/Paris"; empty for none.  False, and then there is none, where the
 * host does not know it. */
bool zone_set(const char *name);

/* The time there, its abbreviation in tm_zone; false where no zone is set. */
bool zone_local(int64_t at, struct tm *tm);

/* As it was set, or empty. */
const char *zone_name(void);

#endif
