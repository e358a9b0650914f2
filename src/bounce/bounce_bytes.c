#include "bounce/bounce_bytes.h"

enum {
	SPACE_MAX = 100
};

bool
bytes_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

char
bytes_upper(char c)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (c < 'a' || c > 'z') {
		return c;
	}
	return capitals[c - 'a'];
}

bool
bytes_is_letter(char c)
{
	return bytes_upper(c) >= 'A' && bytes_upper(c) <= 'Z';
}

bool
bytes_is_word(char c)
{
	return bytes_is_digit(c) || bytes_is_letter(c) || c == '_';
}

bool
bytes_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char
bytes_peek(const struct bytes *in, size_t at)
{
	if (at >= in->len) {
		return ' ';
	}
	return in->text[at];
}

char
bytes_before(const struct bytes *in, size_t at)
{
	return bytes_peek(in, at > 0 ? at - 1 : in->len);
}

size_t
bytes_skip_space(const struct bytes *in, size_t at)
{
	size_t end = at;

	while (end < in->len && end - at < SPACE_MAX &&
	       bytes_is_space(in->text[end])) {
		end++;
	}
	return end;
}

bool
bytes_are_digits(const struct bytes *in, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!bytes_is_digit(bytes_peek(in, at + i))) {
			return false;
		}
	}
	return true;
}

/* Where one character of the words ends, `end` where it is not there. */
static size_t
pass(const struct bytes *in, size_t end, char word)
{
	if (word == ' ') {
		return bytes_skip_space(in, end);
	}
	return end < in->len && bytes_upper(in->text[end]) == bytes_upper(word)
		   ? end + 1
		   : end;
}

size_t
bytes_words(const struct bytes *in, size_t at, const char *words)
{
	size_t end = at;

	for (; *words != '\0'; words++) {
		size_t next = pass(in, end, *words);

		if (next == end) {
			return 0;
		}
		end = next;
	}
	return end - at;
}

size_t
bytes_whole_words(const struct bytes *in, size_t at, const char *words)
{
	size_t len = bytes_words(in, at, words);

	return bytes_is_word(bytes_peek(in, at + len)) ? 0 : len;
}

/* Where the ".7" at `at` ends, or 0. */
static size_t
pass_part(const struct bytes *in, size_t at)
{
	size_t end = at + 1;

	while (end - at < 4 && bytes_is_digit(bytes_peek(in, end))) {
		end++;
	}
	return bytes_peek(in, at) == '.' && end > at + 1 ? end : 0;
}

size_t
bytes_enhanced(const struct bytes *in, size_t at)
{
	size_t end = 0;

	if (bytes_peek(in, at) == '4' || bytes_peek(in, at) == '5') {
		end = pass_part(in, at + 1);
	}
	if (end > 0) {
		end = pass_part(in, end);
	}
	/* What goes on is an IP address or a version. */
	if (end == 0 || bytes_is_word(bytes_peek(in, end)) ||
	    (bytes_peek(in, end) == '.' &&
		bytes_is_digit(bytes_peek(in, end + 1)))) {
		return 0;
	}
	return end - at;
}
