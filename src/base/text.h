/*
 * Bounded text, numbers, durations, times and UTF-8.
 *
 * struct text writes into the caller's buffer, always ends it with NUL and
 * remembers when something did not fit; nothing here allocates or reads a
 * clock.  Parsers return false and leave `out` alone where the text is not
 * wholly what they read.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	TIME_TEXT_SIZE = 24,    /* "2026-11-21T18:05:42Z" */
	DURATION_TEXT_SIZE = 32 /* "1 d 23 h", "90s" */
};

/* ASCII's, for strspn(). */
#define TEXT_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TEXT_ALNUM   TEXT_LETTERS "0123456789"

struct text {
	char *buf;   /* borrowed */
	size_t size; /* of buf, at least 1 */
	size_t len;  /* without the NUL */
	bool cut;    /* something did not fit */
};

void text_init(struct text *text, char *buf, size_t size);

/* A page is some thousand of these: where they are called they stand. */
static inline void
text_add_bytes(struct text *text, const char *bytes, size_t len)
{
	const size_t room = text->size - text->len - 1;

	if (len > room) {
		len = room;
		text->cut = true;
	}
	memcpy(text->buf + text->len, bytes, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

static inline void
text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char c);
/* A word so that a shell takes it as one. */
void text_add_quoted(struct text *to, const char *word);
/* A decimal number, with zeros before it up to `width` digits; several times
 * faster than text_addf(). */
void text_add_int(struct text *text, int64_t value, int width);
/* Whether a number for people has groups of three digits: as SI has it, from
 * five digits on. */
static inline bool
text_is_grouped(int64_t value)
{
	return value >= 10000 || value <= -10000;
}
/* And then with `group` between them. */
void text_add_grouped(struct text *text, int64_t value, const char *group);
void text_addf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* All of a text at once, cut where it does not fit; false then. */
bool text_print(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copy `from` into a buffer of `size`; false where it was cut. */
bool text_copy(char *to, size_t size, const char *from);

/* Bytes as two hexadecimal digits each; and from exactly so many: false where
 * it is not that. */
void text_add_hex(struct text *text, const unsigned char *bytes, size_t len);
bool text_read_hex(const char *hex, unsigned char *bytes, size_t len);

/* A whole decimal number from `min` to `max`, no sign but '-', no blanks. */
bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* "90s", "10m", "2h", "7d", "2w", "1y" (365 days), and sums of them ("1h30m");
 * seconds, from 1 s to 100 years.  A number without a unit is refused. */
bool text_to_duration(const char *text, int64_t *seconds);

/* ISO 8601 with a zone ("2026-11-21T18:05:42Z", "...+01:00", a fraction is
 * cut off), or "@1795284342"; seconds since the epoch. */
bool text_to_time(const char *text, int64_t *at);

/* Write "2026-11-21T18:05:42Z"; returns `text`. */
char *text_from_time(int64_t at, char text[static TIME_TEXT_SIZE]);

/* Write the two largest units, "1 h 42 min", "3 d", "12 s"; returns `text`.
 * Negative counts as 0. */
char *text_from_duration(int64_t seconds, char text[static DURATION_TEXT_SIZE]);

/* Write the form the configuration uses, "90s", "10m", "2h", "1d12h". */
char *text_from_setting(int64_t seconds, char text[static DURATION_TEXT_SIZE]);

/* What follows `prefix` at the start of `text`, or NULL where it does not
 * begin with it. */
const char *text_after(const char *text, const char *prefix);

/* Whether every byte is printable ASCII (blank included). */
bool text_is_plain(const char *text);

/* ---- UTF-8, as far as a terminal or a page needs it ---- */

/* How many bytes the character at the start of `text` takes; 0 where what
 * stands there is not valid UTF-8 (RFC 3629).  `text` is not at its end. */
size_t utf8_length(const char *text);

/* The same where it may be shown: 0 as well for a control character, or one
 * that turns the direction of writing and so could make a line read as
 * another. */
size_t utf8_printable(const char *text);

/* Whether all of it may be shown. */
bool utf8_is_plain(const char *text);

/* How many columns of a terminal the first `len` bytes take; a byte of what may
 * not be shown takes one. */
size_t utf8_width(const char *text, size_t len);

#endif
