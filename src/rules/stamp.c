#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "rules/line.h"

enum {
	TAI_SPAN = 25,     /* "@4000000065..." */
	TAI_SECONDS = 17,  /* "@" and the seconds, the rest is nanoseconds */
	FRACTION_MAX = 10, /* point and nanoseconds */
	ZONE_MAX = 6,      /* "+01:00" */
	YEARS_BACK = 8,    /* far enough to meet a 29th of February */
	HOUR = 3600,
	MINUTE = 60,
	LAST_MINUTE = 59,
	DAY = 86400,
	ZONE_FAR = 15 * HOUR
};

/* The forms of a time but TAI64N: how many bytes they are without a fraction
 * and a zone, how many of them name the hour, and how strptime(3) reads it. */
static const struct form {
	size_t span;
	size_t hour;
	const char *reads;
} forms[] = {
	{ 15, 9, "%b %d %H" },     /* "Nov 21 23:44:51" */
	{ 19, 13, "%Y-%m-%dT%H" }, /* "2026-11-21T23:44:51" */
	{ 19, 13, "%Y-%m-%d %H" }, /* "2026-11-21 23:44:51" */
};

struct rules_clock
rules_clock(int64_t reference, const char *zone)
{
	return (struct rules_clock){ .reference = reference, .zone = zone };
}

/* ---- where a time ends ---- */

/* The form of what a text begins with, judged by its separators, or NULL. */
static const struct form *
form_of(const char *text, size_t len)
{
	if (len > forms[0].span && text[3] == ' ' && text[6] == ' ' &&
	    text[9] == ':' && text[12] == ':') {
		return &forms[0];
	}
	if (len <= forms[1].span || text[4] != '-' || text[7] != '-' ||
	    (text[10] != 'T' && text[10] != ' ') || text[13] != ':' ||
	    text[16] != ':') {
		return NULL;
	}
	return &forms[text[10] == 'T' ? 1 : 2];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where digits and colons from `at` on end, `most` of them read. */
static size_t
digits_end(const char *text, size_t len, size_t at, size_t most)
{
	size_t end = at + most < len ? at + most : len;

	while (at < end && (is_digit(text[at]) || text[at] == ':')) {
		at++;
	}
	return at;
}

/* The time of TAI64N, as daemontools counts it: 10 s ahead of Unix, and no
 * leap seconds since.  False where it is none. */
static bool
tai_time(const char *text, int64_t *at)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t seconds = 0;

	for (int i = 1; i < TAI_SPAN; i++) {
		const char *digit = text[i] != '\0' ? strchr(digits, text[i])
						    : NULL;

		if (digit == NULL) {
			return false;
		}
		if (i < TAI_SECONDS) {
			seconds = seconds << 4 | (uint64_t)(digit - digits);
		}
	}
	*at = (int64_t)(seconds - (UINT64_C(1) << 62) - 10);
	return *at >= 0 && *at <= UINT32_MAX;
}

bool
stamp_find(const char *text, size_t len, struct stamp *stamp)
{
	const struct form *form = form_of(text, len);
	size_t at = TAI_SPAN;
	int64_t time;

	*stamp = (struct stamp){ .span = at };
	if (form == NULL) {
		return len > at && text[0] == '@' && text[at] == ' ' &&
		       tai_time(text, &time);
	}
	at = form->span;
	if (text[at] == '.' || text[at] == ',') {
		at = digits_end(text, len, at + 1, FRACTION_MAX - 1);
	}
	if (form != forms) {
		/* With a blank before the time there is one before the zone
		 * too, if any. */
		stamp->zone = at + (form == &forms[2] && at < len &&
				       text[at] == ' ');
		if (stamp->zone < len &&
		    (text[stamp->zone] == '+' || text[stamp->zone] == '-' ||
			text[stamp->zone] == 'Z')) {
			at = digits_end(
			    text, len, stamp->zone + 1, ZONE_MAX - 1);
			stamp->zone_len = at - stamp->zone;
		}
	}
	stamp->span = at;
	return at < len && text[at] == ' ';
}

/* ---- what a time means ---- */

/* An hour as a line names it. */
struct hour {
	struct tm tm;
	bool has_year;
	bool has_zone;
};

static bool
same_moment(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour &&
	       a->tm_min == b->tm_min;
}

/*
 * The latest moment, not after `limit`, that a clock shows as `wanted`: two
 * when it is put back, none when it is put forward.
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

/* When a minute of the hour began; false where there is none. */
static bool
resolve(const struct hour *hour, int minute, int64_t reference, int64_t *at)
{
	struct tm tm = hour->tm;
	struct tm shown;
	time_t now = (time_t)reference;
	int year;

	tm.tm_min = minute;
	if (hour->has_zone) {
		shown = tm;
		*at = timegm(&shown) - hour->tm.tm_gmtoff;
		return same_moment(&shown, &tm); /* no 30th of February */
	}
	if (hour->has_year) {
		return local_moment(&tm, INT64_MAX, at);
	}
	if (localtime_r(&now, &shown) == NULL) {
		return false;
	}
	/* On the last of December a day later is next year already. */
	year = shown.tm_year + (shown.tm_mon == 11 && shown.tm_mday == 31);
	for (int back = 0; back <= YEARS_BACK; back++) {
		tm.tm_year = year - back;
		if (local_moment(&tm, reference + DAY, at)) {
			return true;
		}
	}
	return false;
}

/* When a minute of the hour `key` began, which may have its zone behind it.
 * The hour is kept, unless the clock is put forward or back in it. */
static bool
find_hour(struct rules_clock *clock, const struct form *form, const char *key,
    int minute, int64_t *at)
{
	struct hour hour = { .has_year = form != forms };
	const char *zone = strptime(key, form->reads, &hour.tm);
	int64_t first;
	int64_t last;

	hour.has_zone = zone != NULL && *zone != '\0';
	if (hour.has_zone) {
		zone = strptime(zone, "%z", &hour.tm);
	}
	if (zone == NULL || *zone != '\0' ||
	    labs(hour.tm.tm_gmtoff) > ZONE_FAR ||
	    !resolve(&hour, minute, clock->reference, at) || *at < 0) {
		return false;
	}
	if (resolve(&hour, 0, clock->reference, &first) &&
	    resolve(&hour, LAST_MINUTE, clock->reference, &last) &&
	    last - first == HOUR - MINUTE) {
		memcpy(clock->prefix, key, sizeof(clock->prefix));
		clock->at = first;
	}
	return true;
}

/* The same in the clock's zone.  libc has one for the process. */
static bool
find_in_zone(struct rules_clock *clock, const struct form *form,
    const char *key, int minute, int64_t *at)
{
	/* One thread, says the header.
	 * NOLINTBEGIN(concurrency-mt-unsafe) */
	const char *host = getenv("TZ");
	char *kept = host != NULL ? strdup(host) : NULL;
	char name[80];
	struct text zone;
	bool found = false;

	text_init(&zone, name, sizeof(name));
	if (clock->zone[0] == '+' || clock->zone[0] == '-') {
		/* TZ says how far the clock has to go to be in Greenwich. */
		text_addf(&zone, "UTC%c%s", clock->zone[0] == '+' ? '-' : '+',
		    clock->zone + 1);
	} else {
		text_add(&zone, clock->zone);
	}
	if ((host == NULL) == (kept == NULL) && setenv("TZ", name, 1) == 0) {
		tzset();
		found = find_hour(clock, form, key, minute, at);
		(void)(kept != NULL ? setenv("TZ", kept, 1) : unsetenv("TZ"));
		tzset();
	}
	free(kept);
	return found;
	/* NOLINTEND(concurrency-mt-unsafe) */
}

/* Two digits, or -1. */
static int
two_digits(const char *text)
{
	return is_digit(text[0]) && is_digit(text[1])
		   ? (text[0] - '0') * 10 + (text[1] - '0')
		   : -1;
}

bool
stamp_read(const char *text, const struct stamp *stamp,
    struct rules_clock *clock, int64_t *at)
{
	const struct form *form = form_of(text, stamp->span + 1);
	char key[sizeof(clock->prefix)] = ""; /* the hour and the zone */
	int minute;
	int second;
	bool fine = true;

	clock->local = form != NULL && stamp->zone_len == 0;
	if (form == NULL) {
		return tai_time(text, at);
	}
	memcpy(key, text, form->hour);
	memcpy(key + form->hour, text + stamp->zone, stamp->zone_len);
	minute = two_digits(text + form->hour + 1);
	second = two_digits(text + form->hour + 4);
	/* 60 is a leap second. */
	if (minute < 0 || minute > LAST_MINUTE || second < 0 || second > 60) {
		return false;
	}
	if (memcmp(clock->prefix, key, sizeof(key)) == 0) {
		*at = clock->at + (int64_t)minute * MINUTE;
	} else if (clock->zone == NULL || clock->zone[0] == '\0') {
		fine = find_hour(clock, form, key, minute, at);
	} else {
		fine = find_in_zone(clock, form, key, minute, at);
	}
	*at += fine ? second : 0;
	return fine;
}
