#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void
text_init(struct text *text, char *buf, size_t size)
{
	*text = (struct text){ .buf = buf, .size = size };
	buf[0] = '\0';
}

void
text_add_bytes(struct text *text, const char *bytes, size_t len)
{
	size_t room = text->size - text->len - 1;

	if (len > room) {
		len = room;
		text->cut = true;
	}
	memcpy(text->buf + text->len, bytes, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

void
text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void
text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

void
text_add_int(struct text *text, int64_t value, int width)
{
	char digits[24];
	char *at = digits + sizeof(digits);
	const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint64_t rest = size;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0 ||
		 (digits + sizeof(digits) - at < width && at > digits + 1));
	if (value < 0) {
		*--at = '-';
	}
	text_add_bytes(text, at, (size_t)(digits + sizeof(digits) - at));
}

void
text_addf(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->buf + text->len, room, format, args);
	va_end(args);
	if (len < 0) {
		text->buf[text->len] = '\0';
		text->cut = true;
	} else if ((size_t)len >= room) {
		text->len = text->size - 1;
		text->cut = true;
	} else {
		text->len += (size_t)len;
	}
}

bool
text_copy(char *to, size_t size, const char *from)
{
	struct text text;

	text_init(&text, to, size);
	text_add(&text, from);
	return !text.cut;
}

const char *
text_after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

bool
text_is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~') {
			return false;
		}
	}
	return true;
}

/* ---- numbers ---- */

/* Read digits from *text, moving it behind them; false for none or where the
 * number would pass `max`. */
static bool
read_digits(const char **text, int64_t max, int64_t *out)
{
	const char *at = *text;
	int64_t value = 0;

	if (*at < '0' || *at > '9') {
		return false;
	}
	for (; *at >= '0' && *at <= '9'; at++) {
		int64_t digit = *at - '0';

		if (value > (max - digit) / 10) {
			return false;
		}
		value = value * 10 + digit;
	}
	*text = at;
	*out = value;
	return true;
}

bool
text_to_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool minus = *text == '-';
	int64_t value;

	text += minus;
	if (!read_digits(&text, INT64_MAX, &value) || *text != '\0') {
		return false;
	}
	value = minus ? -value : value;
	if (value < min || value > max) {
		return false;
	}
	*out = value;
	return true;
}

/* ---- durations ---- */

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR
};

static const struct {
	char letter;       /* in settings */
	const char *words; /* on screen */
	int64_t seconds;
} units[] = {
	{ 'd', "d", DAY },
	{ 'h', "h", HOUR },
	{ 'm', "min", MINUTE },
	{ 's', "s", 1 },
};
enum {
	UNITS = sizeof(units) / sizeof(units[0])
};

static const int64_t longest = INT64_C(36525) * DAY; /* 100 years */

static int64_t
unit_seconds(char letter)
{
	for (size_t i = 0; i < UNITS; i++) {
		if (units[i].letter == letter) {
			return units[i].seconds;
		}
	}
	return 0;
}

bool
text_to_duration(const char *text, int64_t *seconds)
{
	int64_t sum = 0;

	do {
		int64_t number;
		int64_t unit;

		if (!read_digits(&text, longest, &number)) {
			return false;
		}
		unit = unit_seconds(*text);
		if (unit == 0 || number > (longest - sum) / unit) {
			return false;
		}
		sum += number * unit;
		text++;
	} while (*text != '\0');
	if (sum == 0) {
		return false;
	}
	*seconds = sum;
	return true;
}

static void
add_units(struct text *out, int64_t seconds, size_t unit)
{
	text_add_int(out, seconds / units[unit].seconds, 0);
	text_add(out, " ");
	text_add(out, units[unit].words);
}

char *
text_from_duration(int64_t seconds, char text[static DURATION_TEXT_SIZE])
{
	struct text out;
	size_t unit = 0;

	text_init(&out, text, DURATION_TEXT_SIZE);
	if (seconds < 0) {
		seconds = 0;
	}
	while (unit + 1 < UNITS && seconds < units[unit].seconds) {
		unit++;
	}
	add_units(&out, seconds, unit);
	seconds %= units[unit].seconds;
	unit++;
	if (unit < UNITS && seconds >= units[unit].seconds) {
		text_add(&out, " ");
		add_units(&out, seconds, unit);
	}
	return text;
}

char *
text_from_setting(int64_t seconds, char text[static DURATION_TEXT_SIZE])
{
	struct text out;

	text_init(&out, text, DURATION_TEXT_SIZE);
	for (size_t i = 0; i < UNITS; i++) {
		int64_t whole = seconds / units[i].seconds;

		if (whole > 0) {
			text_addf(
			    &out, "%lld%c", (long long)whole, units[i].letter);
			seconds -= whole * units[i].seconds;
		}
	}
	if (out.len == 0) {
		text_add(&out, "0s");
	}
	return text;
}

/* ---- times ---- */

/* Read exactly `width` digits between `min` and `max`. */
static bool
read_field(const char **text, int width, int min, int max, int *out)
{
	int value = 0;

	for (int i = 0; i < width; i++, (*text)++) {
		if (**text < '0' || **text > '9') {
			return false;
		}
		value = value * 10 + (**text - '0');
	}
	*out = value;
	return value >= min && value <= max;
}

static bool
read_char(const char **text, const char *any)
{
	if (**text == '\0' || strchr(any, **text) == NULL) {
		return false;
	}
	(*text)++;
	return true;
}

/* "Z", "+01:00", "+0100" or "+01"; seconds east of UTC. */
static bool
read_zone(const char **text, int64_t *east)
{
	int hours;
	int minutes = 0;
	int sign;

	*east = 0;
	if (read_char(text, "Zz")) {
		return true;
	}
	sign = **text == '-' ? -1 : 1;
	if (!read_char(text, "+-") || !read_field(text, 2, 0, 14, &hours)) {
		return false;
	}
	if (**text != '\0') {
		(void)read_char(text, ":");
		if (!read_field(text, 2, 0, 59, &minutes)) {
			return false;
		}
	}
	*east = sign * (hours * (int64_t)HOUR + minutes * (int64_t)MINUTE);
	return true;
}

static bool
read_date(const char **text, struct tm *tm)
{
	int year;
	int month;

	if (!read_field(text, 4, 1970, 9999, &year) || !read_char(text, "-") ||
	    !read_field(text, 2, 1, 12, &month) || !read_char(text, "-") ||
	    !read_field(text, 2, 1, 31, &tm->tm_mday)) {
		return false;
	}
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return true;
}

static bool
read_clock(const char **text, struct tm *tm)
{
	int64_t fraction;

	if (!read_field(text, 2, 0, 23, &tm->tm_hour) ||
	    !read_char(text, ":") || !read_field(text, 2, 0, 59, &tm->tm_min)) {
		return false;
	}
	if (read_char(text, ":") && !read_field(text, 2, 0, 60, &tm->tm_sec)) {
		return false;
	}
	return !read_char(text, ".,") ||
	       read_digits(text, INT64_MAX, &fraction);
}

bool
text_to_time(const char *text, int64_t *at)
{
	struct tm tm = { 0 };
	struct tm given;
	int64_t east;

	if (*text == '@') {
		return text_to_int(text + 1, 0, INT64_C(253402300799), at);
	}
	if (!read_date(&text, &tm) || !read_char(&text, "Tt ") ||
	    !read_clock(&text, &tm) || !read_zone(&text, &east) ||
	    *text != '\0') {
		return false;
	}
	given = tm;
	east = (int64_t)timegm(&tm) - east;
	/* timegm() turns 31 April into 1 May; only a leap second may do so. */
	if ((tm.tm_mday != given.tm_mday && given.tm_sec < 60) || east < 0) {
		return false;
	}
	*at = east;
	return true;
}

static void
add_field(struct text *out, int value, int width, char end)
{
	text_add_int(out, value, width);
	text_add_char(out, end);
}

char *
text_from_time(int64_t at, char text[static TIME_TEXT_SIZE])
{
	time_t when = (time_t)at;
	struct tm tm;
	struct text out;

	text_init(&out, text, TIME_TEXT_SIZE);
	if (at < 0 || at > INT64_C(253402300799) ||
	    gmtime_r(&when, &tm) == NULL) {
		text_add(&out, "-");
		return text;
	}
	add_field(&out, tm.tm_year + 1900, 4, '-');
	add_field(&out, tm.tm_mon + 1, 2, '-');
	add_field(&out, tm.tm_mday, 2, 'T');
	add_field(&out, tm.tm_hour, 2, ':');
	add_field(&out, tm.tm_min, 2, ':');
	add_field(&out, tm.tm_sec, 2, 'Z');
	return text;
}
