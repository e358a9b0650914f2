#include "watch/health.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine.h"
#include "rules/line.h"

enum {
	HOUR = 3600,
	HALF = 1800,
	NEAR = 60,      /* s off a whole half hour that may pass till we read */
	FAR = 14 * HOUR /* no zone lies farther from Greenwich */
};

/* The sums, counted from DAILY_LINES on. */
enum {
	LINES,
	UNDERSTOOD = DAILY_UNDERSTOOD - DAILY_LINES,
	FINDINGS = DAILY_FINDINGS - DAILY_LINES,
	DROPPED = DAILY_DROPPED - DAILY_LINES
};

/* Whether an hour is over since it was so last. */
static bool
hour_over(int64_t *at, int64_t now)
{
	if (!engine_due(*at, now, HOUR)) {
		return false;
	}
	*at = now + HOUR;
	return true;
}

void
health_line(struct health *health, const struct finding *finding, bool dropped,
    int64_t read)
{
	int64_t ahead = finding->at - read;
	int64_t lag = (ahead + (ahead < 0 ? -HALF / 2 : HALF / 2)) / HALF;

	health->fresh[LINES]++;
	health->fresh[UNDERSTOOD] += finding->understood;
	health->fresh[FINDINGS] += finding->what == FINDING_OFFENCE;
	health->fresh[DROPPED] += dropped;
	if (read > 0 && finding->understood) {
		if (llabs(ahead - lag * HALF) > NEAR) {
			lag = 0;
		}
		health->lagging = lag == health->lag ? health->lagging + 1 : 1;
		health->lag = lag;
	}
}

void
health_put(const struct health *health, struct store *store, const char *source,
    int64_t now)
{
	for (size_t i = 0; i < HEALTH_SUMS; i++) {
		engine_sum(store, (enum daily)(DAILY_LINES + i), source,
		    health->fresh[i], now);
	}
}

void
health_stored(struct health *health, int64_t now)
{
	if (hour_over(&health->hour_at, now)) {
		memset(health->hour, 0, sizeof(health->hour));
	}
	for (size_t i = 0; i < HEALTH_SUMS; i++) {
		health->hour[i] += health->fresh[i];
		health->fresh[i] = 0;
	}
}

void
health_tell_unread(struct health *health, const char *source, int64_t now)
{
	int64_t lines = health->hour[LINES];
	int64_t understood = health->hour[UNDERSTOOD];

	if (lines >= HEALTH_LINES &&
	    understood * 100 < lines * HEALTH_PERCENT &&
	    hour_over(&health->unread_at, now)) {
		log_warn("%s: of %" PRId64 " lines %" PRId64 " were "
			 "understood: no rule knows their form or the programs "
			 "that write them, and nothing in them counts; see "
			 "videur-rules(5)",
		    source, lines, understood);
	}
}

void
health_tell_lag(struct health *health, const char *source,
    const struct rules_clock *clock, int64_t now)
{
	int64_t minutes = llabs(health->lag) * (HALF / 60);
	struct rules_clock copy = *clock;
	struct stamp stamp;
	time_t time = (time_t)now;
	struct tm tm;
	char text[32];
	int64_t at;
	int64_t east;

	/* What the clock takes for Greenwich's time is wrong by its zone. */
	if (health->lag == 0 || health->lagging < HEALTH_LAGGING ||
	    gmtime_r(&time, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S ", &tm) == 0 ||
	    !stamp_find(text, strlen(text), &stamp) ||
	    !stamp_read(text, &stamp, &copy, &at)) {
		return;
	}
	east = now - at + health->lag * HALF;
	if (llabs(east) <= FAR && hour_over(&health->lagging_at, now)) {
		log_warn("%s: the times in it are %" PRId64 ":%02" PRId64
			 " h %s this host's clock, and bans begin and end by "
			 "them: set watch { zone = \"%c%02lld:%02lld\" }, or "
			 "the name of its time zone",
		    source, minutes / 60, minutes % 60,
		    health->lag < 0 ? "behind" : "ahead of",
		    east < 0 ? '-' : '+', llabs(east) / HOUR,
		    llabs(east) / 60 % 60);
	}
}
