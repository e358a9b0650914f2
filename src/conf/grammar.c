#include "conf/grammar.h"

#include <string.h>

#include "base/text.h"

enum {
	DEFAULT_SIZE = 128 /* of one item */
};

static bool
same_section(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct key *
grammar_find(
    const struct grammar *grammar, const char *section, const char *name)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		if (same_section(key->section, section) &&
		    (name == NULL || strcmp(key->name, name) == 0)) {
			return key;
		}
	}
	return NULL;
}

uint64_t
grammar_bit(const struct grammar *grammar, const struct key *key)
{
	return UINT64_C(1) << (key - grammar->keys);
}

bool
grammar_is_titled(const struct grammar *grammar, const char *section)
{
	return section != NULL && same_section(section, grammar->titled);
}

static void
set_default(const struct key *key, void *field)
{
	char item[DEFAULT_SIZE];
	const char *at = key->def;

	while (at != NULL) {
		size_t len = key->list ? strcspn(at, ",") : strlen(at);
		struct text text;

		text_init(&text, item, sizeof(item));
		text_add_bytes(&text, at, len);
		(void)key->set(key, field, item);
		at = at[len] == ',' ? at + len + 1 : NULL;
	}
}

void
grammar_defaults(const struct grammar *grammar, bool titled, void *target)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		if (grammar_is_titled(grammar, key->section) == titled) {
			set_default(key, (char *)target + key->offset);
		}
	}
}
