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

const struct section *
grammar_section(const struct grammar *grammar, const char *section)
{
	for (size_t i = 0; section != NULL && i < grammar->section_count; i++) {
		if (strcmp(grammar->sections[i].name, section) == 0) {
			return &grammar->sections[i];
		}
	}
	return NULL;
}

bool
grammar_is_titled(const struct grammar *grammar, const char *section)
{
	const struct section *found = grammar_section(grammar, section);

	return found != NULL && found->begin != NULL;
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
grammar_defaults(
    const struct grammar *grammar, const char *titled, void *target)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		bool wanted = titled == NULL
				  ? !grammar_is_titled(grammar, key->section)
				  : same_section(key->section, titled);

		if (wanted) {
			set_default(key, (char *)target + key->offset);
		}
	}
}
