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
text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

void
text_add_quoted(struct text *to, const char *word)
{
	text_add_char(to, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'') {
			text_add(to, "'\\''");
		} else {
			text_add_char(to, *word);
		}
	}
	text_add_char(to, '\'');
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
text_add_grouped(struct text *text, int64_t value, const char *group)
{
	const bool grouped = text_is_grouped(value);
	char digits[24];
	struct text in;

	text_init(&in, digits, sizeof(digits));
	text_add_int(&in, value, 0);
	for (size_t i = 0; i < in.len; i++) {
		if (grouped && i > 0 && digits[i - 1] != '-' &&
		    (in.len - i) % 3 == 0) {
			text_add(text, group);
		}
		text_add_char(text, digits[i]);
	}
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
text_print(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf, size, format, args);
	va_end(args);
	return len >= 0 && (size_t)len < size;
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
	DAY = 24 * HOUR,
	WEEK = 7 * DAY,
	YEAR = 365 * DAY
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
	/* Read, but never written. */
	{ 'w', NULL, WEEK },
	{ 'y', NULL, YEAR },
};
enum {
	UNITS_READ = sizeof(units) / sizeof(units[0]),
	UNITS = 4
};

static const int64_t longest = INT64_C(36525) * DAY; /* 100 years */

bool
text_to_duration(const char *text, int64_t *seconds)
{
	int64_t sum = 0;

	do {
		int64_t number;
		size_t i = 0;

		if (!read_digits(&text, longest, &number)) {
			return false;
		}
		while (i < UNITS_READ && units[i].letter != *text) {
			i++;
		}
		if (i == UNITS_READ ||
		    number > (longest - sum) / units[i].seconds) {
			return false;
		}
		sum += number * units[i].seconds;
		text++;
	} while (*text != '\0');
	if (sum == 0) {
		return false;
	}
	*seconds = sum;
	return true;
}

char *
text_from_duration(int64_t seconds, char text[static DURATION_TEXT_SIZE])
{
	struct text out;
	size_t unit = 0;

	text_init(&out, text, DURATION_TEXT_SIZE);
	seconds = seconds < 0 ? 0 : seconds;
	while (unit + 1 < UNITS && seconds < units[unit].seconds) {
		unit++;
	}
	for (size_t i = unit; i < UNITS && i < unit + 2; i++) {
		if (i == unit || seconds >= units[i].seconds) {
			text_add_bytes(&out, " ", i > unit);
			text_add_int(&out, seconds / units[i].seconds, 0);
			text_add(&out, " ");
			text_add(&out, units[i].words);
		}
		seconds %= units[i].seconds;
	}
	return text;
}

char *
text_from_setting(int64_t seconds, char text[static DURATION_TEXT_SIZE])
{
	struct text out;

	text_init(&out, text, DURATION_TEXT_SIZE);
	for (size_t i = 0; i < UNITS; i++) {
		if (seconds >= units[i].seconds) {
			text_add_int(&out, seconds / units[i].seconds, 0);
			text_add_char(&out, units[i].letter);
			seconds %= units[i].seconds;
		}
	}
	if (out.len == 0) {
		text_add(&out, "0s");
	}
	return text;
}

/* ---- times ---- */

#define TIME_MAX INT64_C(253402300799) /* the end of 9999 */

/* A number in the text of a time. */
struct number {
	const char *before; /* one of these signs; NULL: none */
	int digits;
	int min, max;
};

static bool
read_char(const char **text, const char *any)
{
	if (**text == '\0' || strchr(any, **text) == NULL) {
		return false;
	}
	(*text)++;
	return true;
}

/* Read `count` numbers, one behind the other. */
static bool
read_numbers(const char **text, const struct number *form, int count, int *out)
{
	for (int i = 0; i < count; i++, form++) {
		int value = 0;

		if (form->before != NULL && !read_char(text, form->before)) {
			return false;
		}
		for (int digit = 0; digit < form->digits; digit++, (*text)++) {
			if (**text < '0' || **text > '9') {
				return false;
			}
			value = value * 10 + (**text - '0');
		}
		if (value < form->min || value > form->max) {
			return false;
		}
		out[i] = value;
	}
	return true;
}

/* "Z", "+01:00", "+0100" or "+01"; seconds east of UTC. */
static bool
read_zone(const char **text, int64_t *east)
{
	static const struct number hour = { NULL, 2, 0, 14 };
	static const struct number minute = { NULL, 2, 0, 59 };
	int hours;
	int minutes = 0;
	int sign;

	*east = 0;
	if (read_char(text, "Zz")) {
		return true;
	}
	sign = **text == '-' ? -1 : 1;
	if (!read_char(text, "+-") || !read_numbers(text, &hour, 1, &hours)) {
		return false;
	}
	if (**text != '\0') {
		(void)read_char(text, ":");
		if (!read_numbers(text, &minute, 1, &minutes)) {
			return false;
		}
	}
	*east = sign * (hours * (int64_t)HOUR + minutes * (int64_t)MINUTE);
	return true;
}

bool
text_to_time(const char *text, int64_t *at)
{
	static const struct number form[] = {
		{ NULL, 4, 1970, 9999 },
		{ "-", 2, 1, 12 },
		{ "-", 2, 1, 31 },
		{ "Tt ", 2, 0, 23 },
		{ ":", 2, 0, 59 },
		{ NULL, 2, 0, 60 },
	};
	int read[6] = { 0 };
	struct tm tm;
	int64_t east;

	if (*text == '@') {
		return text_to_int(text + 1, 0, TIME_MAX, at);
	}
	if (!read_numbers(&text, form, 5, read) ||
	    (read_char(&text, ":") &&
		!read_numbers(&text, &form[5], 1, &read[5])) ||
	    (read_char(&text, ".,") && !read_digits(&text, INT64_MAX, &east)) ||
	    !read_zone(&text, &east) || *text != '\0') {
		return false;
	}
	tm = (struct tm){ .tm_year = read[0] - 1900,
		.tm_mon = read[1] - 1,
		.tm_mday = read[2],
		.tm_hour = read[3],
		.tm_min = read[4],
		.tm_sec = read[5] };
	east = (int64_t)timegm(&tm) - east;
	/* timegm() turns 31 April into 1 May; only a leap second may do so. */
	if ((tm.tm_mday != read[2] && read[5] < 60) || east < 0) {
		return false;
	}
	*at = east;
	return true;
}

/* Before `end`. */
static void
put_digits(char *end, int value)
{
	for (; value > 0; value /= 10) {
		*--end = (char)('0' + value % 10);
	}
}

char *
text_from_time(int64_t at, char text[static TIME_TEXT_SIZE])
{
	static const char form[] = "0000-00-00T00:00:00Z";
	time_t when = (time_t)at;
	struct tm tm;

	if (at < 0 || at > TIME_MAX || gmtime_r(&when, &tm) == NULL) {
		return memcpy(text, "-", 2);
	}
	memcpy(text, form, sizeof(form));
	put_digits(text + 4, tm.tm_year + 1900);
	put_digits(text + 7, tm.tm_mon + 1);
	put_digits(text + 10, tm.tm_mday);
	put_digits(text + 13, tm.tm_hour);
	put_digits(text + 16, tm.tm_min);
	put_digits(text + 19, tm.tm_sec);
	return text;
}

/* ---- UTF-8 ---- */

/* Ranges of characters that are never sent to a terminal. */
static const struct range {
	uint32_t from;
	uint32_t to;
} hidden[] = {
	{ 0x0000, 0x001f }, /* C0 */
	{ 0x007f, 0x009f }, /* DEL and C1 */
	{ 0x061c, 0x061c }, /* direction marks, as those below */
	{ 0x200e, 0x200f },
	{ 0x2028, 0x202e }, /* line separators, overrides */
	{ 0x2066, 0x2069 },
	{ 0xfeff, 0xfeff },
};

/* The first byte says how many follow; `least` is the first character that
 * needs so many, so that no longer form passes. */
static const struct lead {
	uint8_t mask;
	uint8_t mark;
	size_t len;
	uint32_t least;
} leads[] = {
	{ 0x80, 0x00, 1, 0x0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

/* The character at the start of `text`; its length, or 0 for none. */
static size_t
decode(const char *text, uint32_t *code)
{
	const unsigned char *byte = (const unsigned char *)text;
	const struct lead *lead = leads;
	const struct lead *end = leads + sizeof(leads) / sizeof(leads[0]);

	while (lead < end && (byte[0] & lead->mask) != lead->mark) {
		lead++;
	}
	if (lead == end) {
		return 0;
	}
	*code = byte[0] & (uint8_t)~lead->mask;
	for (size_t i = 1; i < lead->len; i++) {
		/* The NUL at the end fails here as well. */
		if ((byte[i] & 0xc0) != 0x80) {
			return 0;
		}
		*code = *code << 6 | (byte[i] & 0x3f);
	}
	/* Halves of pairs are no characters. */
	return *code < lead->least || *code > 0x10ffff || *code >> 11 == 0x1b
		   ? 0
		   : lead->len;
}

size_t
utf8_length(const char *text)
{
	uint32_t code;

	return decode(text, &code);
}

size_t
utf8_printable(const char *text)
{
	uint32_t code;
	const size_t len = decode(text, &code);

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (len > 0 && hidden[i].from <= code && code <= hidden[i].to) {
			return 0;
		}
	}
	return len;
}

bool
utf8_is_plain(const char *text)
{
	while (*text != '\0') {
		size_t len = utf8_printable(text);

		if (len == 0) {
			return false;
		}
		text += len;
	}
	return true;
}

size_t
utf8_width(const char *text, size_t len)
{
	/* By Unicode's East Asian Width, W and F, as terminals do. */
	static const struct {
		uint32_t from;
		uint32_t to;
	} wide[] = { { 0x1100, 0x115f }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff },
		{ 0x20000, 0x3fffd } };
	size_t width = 0;
	size_t bytes;
	uint32_t code = 0;

	for (size_t i = 0; i < len; i += bytes, width++) {
		bytes = 1;
		if (text[i] >= ' ' && text[i] <= '~') {
			continue;
		}
		if (utf8_printable(text + i) == 0) {
			continue; /* shown as '?' */
		}
		bytes = decode(text + i, &code);
		for (size_t n = 0; n < sizeof(wide) / sizeof(wide[0]); n++) {
			width += wide[n].from <= code && code <= wide[n].to;
		}
		/* Combining marks stand on what is before them. */
		width -= code >= 0x300 && code <= 0x36f;
	}
	return width;
}

void
text_add_hex(struct text *text, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		text_addf(text, "%02x", bytes[i]);
	}
}

bool
text_read_hex(const char *hex, unsigned char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 2 * len; i++) {
		const char *digit = hex[i] != '\0' ? strchr(digits, hex[i])
						   : NULL;

		if (digit == NULL) {
			return false;
		}
		bytes[i / 2] = (unsigned char)((i % 2 == 0
						       ? 0
						       : bytes[i / 2] << 4) |
					       (digit - digits));
	}
	return hex[2 * len] == '\0';
}
