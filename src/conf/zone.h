/*
 * Names of time zones, as the system's tz database has them.
 */
#ifndef CONF_ZONE_H
#define CONF_ZONE_H

/* Where the system keeps it. */
#define ZONE_FOLDER "/usr/share/zoneinfo"

/*
 * Whether `name` ("Europe/Paris") is a zone of the database in `folder`: NULL,
 * or a complaint that goes on from key and value.  Where there is no such
 * folder only the name's form is looked at.
 */
const char *zone_check(const char *folder, const char *name);

#endif
