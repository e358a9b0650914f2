#include "base/utf8.h"

#include <stdint.h>

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
	{ 0xd800, 0xdfff }, /* halves of pairs: not characters */
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

static bool
is_hidden(uint32_t code)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (hidden[i].from <= code && code <= hidden[i].to) {
			return true;
		}
	}
	return code > 0x10ffff;
}

static size_t
printable_after(const struct lead *lead, const unsigned char *byte)
{
	uint32_t code = byte[0] & (uint8_t)~lead->mask;

	for (size_t i = 1; i < lead->len; i++) {
		/* The NUL at the end fails here as well. */
		if ((byte[i] & 0xc0) != 0x80) {
			return 0;
		}
		code = code << 6 | (byte[i] & 0x3f);
	}
	return code < lead->least || is_hidden(code) ? 0 : lead->len;
}

size_t
utf8_printable(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if ((byte[0] & leads[i].mask) == leads[i].mark) {
			return printable_after(&leads[i], byte);
		}
	}
	return 0;
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
utf8_width(const char *text)
{
	size_t width = 0;

	while (*text != '\0') {
		size_t len = utf8_printable(text);

		text += len > 0 ? len : 1;
		width++;
	}
	return width;
}
