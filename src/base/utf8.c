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
	size_t width = 0;

	for (size_t i = 0; i < len; width++) {
		size_t bytes = utf8_printable(text + i);

		i += bytes > 0 ? bytes : 1;
	}
	return width;
}
