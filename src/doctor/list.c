#include "doctor/list.h"

#include <string.h>

#include "base/text.h"

#define BETWEEN ", \t\r\n"

bool
list_next(const char **at, char *item, size_t size)
{
	const char *from = *at + strspn(*at, BETWEEN);
	const char *to = from;
	size_t depth = 0;
	struct text text;

	while (*to != '\0' && (depth > 0 || strchr(BETWEEN, *to) == NULL)) {
		depth += *to == '{';
		depth -= *to == '}' && depth > 0;
		to++;
	}
	text_init(&text, item, size);
	text_add_bytes(&text, from, (size_t)(to - from));
	*at = to;
	return to > from;
}

void
list_pack(struct text *to, const char *list)
{
	char last = '{';

	while (*list != '\0') {
		size_t gap = strspn(list, BETWEEN);

		list += gap;
		/* Braces and '=' stand apart by themselves. */
		if (gap > 0 && strchr("{=", last) == NULL &&
		    strchr("}=", *list) == NULL) {
			text_add_char(to, ',');
		}
		if (*list != '\0') {
			text_add_char(to, *list);
			last = *list++;
		}
	}
}

void
list_quote(struct text *to, const char *word)
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
