#include "rules/stamp.h"

#include <string.h>
#include <time.h>

#include "rules/rules.h"

enum {
	BSD_SPAN = 15,     /* "Nov 21 23:44:51" */
	BSD_HOUR = 9,      /* "Nov 21 23" */
	ISO_SPAN = 19,     /* "2026-11-21T23:44:51" */
	ISO_HOUR = 13,     /* "2026-11-21T23" */
	FRACTION_MAX = 10, /* point and nanoseconds */
	ZONE_MAX = 6,      /* "+01:00" */
	YEARS_BACK = 8,    /* far enough to meet a 29th of February */
	HOUR = 3600,
	MINUTE = 60,
	LAST_MINUTE = 59,
	DAY = 86400
};

struct rules_clock
rules_clock(int64_t reference)
{
	return (struct rules_clock){ .reference = reference };
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- where it ends ---- */

static size_t
fraction_span(const char *text, size_t len)
{
	size_t span = 1;

	if (len == 0 || (text[0] != '.' && text[0] != ',')) {
		return 0;
	}
	while (span < len && span < FRACTION_MAX && is_digit(text[span])) {
		span++;
	}
	return span;
}

static size_t
zone_span(const char *text, size_t len)
{
	size_t span = 1;

	if (len > 0 && text[0] == 'Z') {
		return 1;
	}
	if (len == 0 || (text[0] != '+' && text[0] != '-')) {
		return 0;
	}
	while (span < len && span < ZONE_MAX &&
	       (is_digit(text[span]) || text[span] == ':')) {
		span++;
	}
	return span;
}

static size_t
iso_span(const char *text, size_t len)
{
	size_t span = ISO_SPAN;
	size_t zone;

	span += fraction_span(text + span, len - span);
	zone = zone_span(text + span, len - span);
	/* With a blank before the time there is one before the zone too. */
	if (zone == 0 && text[10] == ' ' && len > span && text[span] == ' ') {
		zone = zone_span(text + span + 1, len - span - 1);
		zone += zone > 0;
	}
	span += zone;
	return span < len && text[span] == ' ' ? span : 0;
}

size_t
stamp_span(const char *text, size_t len)
{
	if (len <= BSD_SPAN) {
		return 0;
	}
	if (text[3] == ' ' && text[6] == ' ' && text[9] == ':' &&
	    text[12] == ':') {
		return text[BSD_SPAN] == ' ' ? BSD_SPAN : 0;
	}
	if (len > ISO_SPAN && text[4] == '-' && text[7] == '-' &&
	    (text[10] == 'T' || text[10] == ' ') && text[13] == ':' &&
	    text[16] == ':') {
		return iso_span(text, len);
	}
	return 0;
}

/* ---- what it means ---- */

/* A number of `digits` digits from `min` to `max`; a blank may stand for a
 * leading zero.  False where it is none. */
static bool
number(const char *text, int digits, int min, int max, int *out)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (!is_digit(text[i]) && (i > 0 || text[i] != ' ')) {
			return false;
		}
		value = value * 10 + (text[i] == ' ' ? 0 : text[i] - '0');
	}
	*out = value;
	return value >= min && value <= max;
}

static bool
month_number(const char *text, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*month = 0; *month < 12; (*month)++) {
		if (memcmp(names + (size_t)*month * 3, text, 3) == 0) {
			return true;
		}
	}
	return false;
}

static bool
same_moment(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour &&
	       a->tm_min == b->tm_min;
}

/*
 * The latest moment, not after `limit`, that this host's clock shows as
 * `wanted`: two when it is put back, none when it is put forward.
 */
static bool
local_moment(const struct tm *wanted, int64_t limit, int64_t *at)
{
	bool found = false;

	for (int dst = 0; dst <= 1; dst++) {
		struct tm tm = *wanted;
		struct tm shown;
		time_t time;

		tm.tm_isdst = dst;
		time = mktime(&tm);
		if (localtime_r(&time, &shown) != NULL &&
		    same_moment(&shown, wanted) && time <= limit &&
		    (!found || time > *at)) {
			*at = time;
			found = true;
		}
	}
	return found;
}

/* "Nov 21 23", and a minute of it */
static bool
bsd_minute(const char *text, int minute, int64_t reference, int64_t *at)
{
	struct tm tm = { .tm_min = minute };
	struct tm now;
	time_t time = (time_t)reference;
	int year;

	if (!month_number(text, &tm.tm_mon) ||
	    !number(text + 4, 2, 1, 31, &tm.tm_mday) ||
	    !number(text + 7, 2, 0, 23, &tm.tm_hour) ||
	    localtime_r(&time, &now) == NULL) {
		return false;
	}
	/* On the last of December a day later is next year already. */
	year = now.tm_year + (now.tm_mon == 11 && now.tm_mday == 31);
	for (int i = 0; i <= YEARS_BACK; i++) {
		tm.tm_year = year - i;
		if (local_moment(&tm, reference + DAY, at)) {
			return true;
		}
	}
	return false;
}

/* "Z", "+01:00", "+0100", "+01"; seconds east. */
static bool
zone_offset(const char *text, size_t len, int64_t *offset)
{
	int hours = 0;
	int minutes = 0;
	size_t rest = 3;

	if (len == 1 && text[0] == 'Z') {
		*offset = 0;
		return true;
	}
	if (len < 3 || !number(text + 1, 2, 0, 14, &hours)) {
		return false;
	}
	rest += len > 3 && text[3] == ':';
	if (len > 3 &&
	    (len != rest + 2 || !number(text + rest, 2, 0, 59, &minutes))) {
		return false;
	}
	*offset = (int64_t)(hours * 3600 + minutes * 60) *
		  (text[0] == '-' ? -1 : 1);
	return true;
}

/* "2026-11-21T23", a minute of it, and its zone or none */
static bool
iso_minute(const char *text, int minute, const char *zone, size_t zone_len,
    int64_t *at)
{
	struct tm tm = { .tm_min = minute };
	struct tm shown;
	int64_t offset;

	if (!number(text, 4, 1970, 9999, &tm.tm_year) ||
	    !number(text + 5, 2, 1, 12, &tm.tm_mon) ||
	    !number(text + 8, 2, 1, 31, &tm.tm_mday) ||
	    !number(text + 11, 2, 0, 23, &tm.tm_hour)) {
		return false;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (zone_len == 0) {
		return local_moment(&tm, INT64_MAX, at);
	}
	shown = tm;
	*at = timegm(&shown);
	if (!same_moment(&shown, &tm) ||
	    !zone_offset(zone, zone_len, &offset)) {
		return false; /* a 30th of February, a zone that is none */
	}
	*at -= offset;
	return true;
}

/* ---- with the last hour at hand ---- */

/* A time in its parts: `key` is its hour and its zone. */
struct parted {
	const char *text;
	const char *minutes; /* "44:51" */
	const char *zone;    /* NULL in the form that has none */
	size_t zone_len;
	char key[sizeof((struct rules_clock){ 0 }.prefix)];
};

static struct parted
part(const char *text, size_t span)
{
	struct parted parted = { .text = text };
	size_t zone;

	if (span == BSD_SPAN) {
		parted.minutes = text + BSD_HOUR + 1;
		memcpy(parted.key, text, BSD_HOUR);
		return parted;
	}
	zone = ISO_SPAN + fraction_span(text + ISO_SPAN, span - ISO_SPAN);
	zone += zone < span && text[zone] == ' ';
	parted.minutes = text + ISO_HOUR + 1;
	parted.zone = text + zone;
	parted.zone_len = span - zone;
	memcpy(parted.key, text, ISO_HOUR);
	memcpy(parted.key + ISO_HOUR, parted.zone, parted.zone_len);
	return parted;
}

static bool
resolve(const struct parted *parted, int minute,
    const struct rules_clock *clock, int64_t *at)
{
	if (parted->zone == NULL) {
		return bsd_minute(parted->text, minute, clock->reference, at);
	}
	return iso_minute(
	    parted->text, minute, parted->zone, parted->zone_len, at);
}

/* Keep the time's hour, unless the clock is put forward or back in it. */
static void
keep_hour(const struct parted *parted, struct rules_clock *clock)
{
	int64_t first;
	int64_t last;

	if (resolve(parted, 0, clock, &first) &&
	    resolve(parted, LAST_MINUTE, clock, &last) &&
	    last - first == HOUR - MINUTE) {
		memcpy(clock->prefix, parted->key, sizeof(parted->key));
		clock->at = first;
	}
}

bool
stamp_read(
    const char *text, size_t span, struct rules_clock *clock, int64_t *at)
{
	struct parted parted = part(text, span);
	int minute;
	int second;

	/* 60 is a leap second. */
	if (!number(parted.minutes, 2, 0, LAST_MINUTE, &minute) ||
	    !number(parted.minutes + 3, 2, 0, 60, &second)) {
		return false;
	}
	if (memcmp(clock->prefix, parted.key, sizeof(parted.key)) == 0) {
		*at = clock->at + (int64_t)minute * MINUTE + second;
		return true;
	}
	if (!resolve(&parted, minute, clock, at)) {
		return false;
	}
	*at += second;
	keep_hour(&parted, clock);
	return true;
}
