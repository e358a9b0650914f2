#include "rules/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	DESCRIPTION_SIZE = 2048
};

void
tags_clear(struct tags *tags)
{
	while (tags->items > 0) {
		free(tags->item[--tags->items]);
	}
}

const char *
tags_add(struct tags *tags, const char *value)
{
	const char *star = strchr(value, '*');

	if (value[0] == '\0' || strpbrk(value, " \t\r\n:[]") != NULL) {
		return "is no daemon's tag, which holds no blank, ':' or "
		       "bracket";
	}
	if (star != NULL && strchr(star + 1, '*') != NULL) {
		return "may hold one '*' only";
	}
	if (tags->items == TAGS_MAX) {
		return "is one too many: 24 are the most";
	}
	tags->item[tags->items] = strdup(value);
	if (tags->item[tags->items] == NULL) {
		return "out of memory";
	}
	tags->items++;
	return NULL;
}

static bool
fits(const char *wanted, const char *tag, size_t len)
{
	const char *star = strchr(wanted, '*');
	size_t wanted_len = strlen(wanted);
	size_t before;
	size_t behind;

	if (star == NULL) {
		return len == wanted_len && memcmp(tag, wanted, len) == 0;
	}
	before = (size_t)(star - wanted);
	behind = wanted_len - before - 1;
	return len >= before + behind && memcmp(tag, wanted, before) == 0 &&
	       memcmp(tag + len - behind, star + 1, behind) == 0;
}

bool
tags_fit(const struct tags *tags, const char *tag, size_t len)
{
	for (size_t i = 0; i < tags->items; i++) {
		if (fits(tags->item[i], tag, len)) {
			return true;
		}
	}
	return false;
}

static void
add_all(struct text *text, const struct tags *tags, const char *between)
{
	for (size_t i = 0; i < tags->items; i++) {
		text_addf(text, "%s%s", i == 0 ? "" : between, tags->item[i]);
	}
}

char *
tags_describe(const struct tags *wanted, const struct tags *unwanted)
{
	char buf[DESCRIPTION_SIZE];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	add_all(&text, wanted, ", ");
	if (unwanted->items > 0) {
		text_add(&text, ", but not ");
		add_all(&text, unwanted, " or ");
	}
	return strdup(buf);
}
