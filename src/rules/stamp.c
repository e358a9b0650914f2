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

/* The forms of a time but TAI64N: its separators ('.' is any byte), how many
 * bytes name its hour, and how strptime(3) reads those. */
static const struct form {
	const char *shape;
	size_t hour;
	const char *reads;
} forms[] = {
	{ "... .. ..:..:..", 9, "%b %d %H" },
	{ "....-..-..T..:..:..", 13, "%Y-%m-%dT%H" },
	{ "....-..-.. ..:..:..", 13, "%Y-%m-%d %H" },
};

struct rules_clock
rules_clock(int64_t reference, const char *zone)
{
	return (struct rules_clock){ .reference = reference, .zone = zone };
}

/* ---- where a time ends ---- */

/* The form of what a text begins with, or NULL. */
static const struct form *
form_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *shape = forms[i].shape;
		size_t at = 0;

		while (at < len && shape[at] != '\0' &&
		       (shape[at] == '.' || shape[at] == text[at])) {
			at++;
		}
		if (shape[at] == '\0') {
			return &forms[i];
		}
	}
	return NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many bytes are one of `first` and the digits and colons behind it. */
static size_t
number_span(const char *text, size_t len, const char *first, size_t most)
{
	size_t span = 1;

	if (len == 0 || text[0] == '\0' || strchr(first, text[0]) == NULL) {
		return 0;
	}
	while (span < len && span < most &&
	       (is_digit(text[span]) || text[span] == ':')) {
		span++;
	}
	return span;
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

size_t
stamp_span(const char *text, size_t len)
{
	const struct form *form = form_of(text, len);
	size_t span = TAI_SPAN;
	int64_t at;

	if (form == NULL) {
		return len > span && text[0] == '@' && text[span] == ' ' &&
			       tai_time(text, &at)
			   ? span
			   : 0;
	}
	span = strlen(form->shape);
	span += number_span(text + span, len - span, ".,", FRACTION_MAX);
	if (form != forms) {
		/* With a blank before the time there is one before the zone
		 * too, if any. */
		bool apart = form->shape[10] == ' ' && span < len &&
			     text[span] == ' ';
		size_t zone = number_span(
		    text + span + apart, len - span - apart, "+-Z", ZONE_MAX);

		span += zone > 0 ? zone + apart : 0;
	}
	return span < len && text[span] == ' ' ? span : 0;
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
	struct hour hour = { .has_year = form > forms };
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
		(void)text_copy(clock->prefix, sizeof(clock->prefix), key);
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
stamp_read(
    const char *text, size_t span, struct rules_clock *clock, int64_t *at)
{
	const struct form *form = form_of(text, span);
	char key[sizeof(clock->prefix)] = ""; /* the hour and the zone */
	size_t zone;
	int minute;
	int second;
	bool fine = true;

	clock->local = false;
	if (form == NULL) {
		return tai_time(text, at);
	}
	zone = strlen(form->shape);
	zone += number_span(text + zone, span - zone, ".,", FRACTION_MAX);
	clock->local = zone == span;
	zone += zone < span && text[zone] == ' ';
	memcpy(key, text, form->hour);
	memcpy(key + form->hour, text + zone, span - zone);
	minute = two_digits(text + form->hour + 1);
	second = two_digits(text + form->hour + 4);
	/* 60 is a leap second. */
	if (minute < 0 || minute > LAST_MINUTE || second < 0 || second > 60) {
		return false;
	}
	if (strcmp(clock->prefix, key) == 0) {
		*at = clock->at + (int64_t)minute * MINUTE;
	} else if (clock->zone == NULL || clock->zone[0] == '\0') {
		fine = find_hour(clock, form, key, minute, at);
	} else {
		fine = find_in_zone(clock, form, key, minute, at);
	}
	*at += fine ? second : 0;
	return fine;
}
