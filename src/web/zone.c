#include "web/zone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static char zone[65];

/* A name of the database, and no path out of it. */
static bool
is_known(const char *name)
{
	char path[128];
	struct text out;

	text_init(&out, path, sizeof(path));
	text_addf(&out, "/usr/share/zoneinfo/%s", name);
	return name[0] != '/' && strstr(name, "..") == NULL && !out.cut &&
	       access(path, R_OK) == 0;
}

bool
zone_set(const char *name)
{
	zone[0] = '\0';
	if (name[0] == '\0') {
		return true;
	}
	if (!is_known(name) || !text_copy(zone, sizeof(zone), name) ||
	    setenv("TZ", name, 1) != 0) { /* NOLINT(concurrency-mt-unsafe) */
		zone[0] = '\0';
		return false;
	}
	tzset();
	return true;
}

bool
zone_local(int64_t at, struct tm *tm)
{
	time_t when = (time_t)at;

	return zone[0] != '\0' && localtime_r(&when, tm) != NULL;
}

const char *
zone_name(void)
{
	return zone;
}
