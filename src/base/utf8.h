/*
 * UTF-8 as far as a terminal or a page needs it: where a character ends, and
 * whether it may be shown.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character at the start of `text` takes; 0 where what
 * stands there is not valid UTF-8 (RFC 3629).  `text` is not at its end. */
size_t utf8_length(const char *text);

/*
 * The same where it may be shown; 0 where what
 * stands there is not valid UTF-8 or is nothing to print: a control character,
 * or one that turns the direction of writing and so could make a line read
 * as another.  `text` is not at its end.
 */
size_t utf8_printable(const char *text);

/* Whether all of it may be shown. */
bool utf8_is_plain(const char *text);

/* How many characters the first `len` bytes are; one that may not be shown
 * is a byte. */
size_t utf8_width(const char *text, size_t len);

#endif
