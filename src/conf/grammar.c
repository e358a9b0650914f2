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

const struct grammar_section *
grammar_section(const struct grammar *grammar, const char *section)
{
	for (size_t i = 0; section != NULL && i < grammar->section_count; i++) {
		if (strcmp(grammar->sections[i].name, section) == 0) {
			return &grammar->sections[i];
		}
	}
	return NULL;
}

static size_t *
counter_of(const struct key *key, void *base)
{
	return (size_t *)(void *)((char *)base + key->count);
}

size_t
grammar_items(const struct key *key, const void *base)
{
	return *(const size_t *)(const void *)((const char *)base + key->count);
}

const char *
grammar_set(const struct key *key, void *base, const char *value)
{
	char *field = (char *)base + key->offset;
	const char *wrong;

	if (key->most == 0) {
		return key->set(key, field, value);
	}
	if (grammar_items(key, base) == key->most) {
		return "is one too many";
	}
	wrong = key->set(
	    key, field + grammar_items(key, base) * key->size, value);
	*counter_of(key, base) += wrong == NULL;
	return wrong;
}

void
grammar_empty(const struct key *key, void *base)
{
	if (key->most > 0) {
		*counter_of(key, base) = 0;
	} else {
		(void)key->set(key, (char *)base + key->offset, NULL);
	}
}

void
grammar_defaults(
    const struct grammar *grammar, const char *titled, void *target)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		const struct grammar_section *section = grammar_section(
		    grammar, key->section);
		const char *at = key->def;

		if (titled == NULL ? section != NULL && section->begin != NULL
				   : !same_section(key->section, titled)) {
			continue;
		}
		while (at != NULL) {
			size_t len = key->list ? strcspn(at, ",") : strlen(at);
			char item[DEFAULT_SIZE];
			struct text text;

			text_init(&text, item, sizeof(item));
			text_add_bytes(&text, at, len);
			(void)grammar_set(key, target, item);
			at = at[len] == ',' ? at + len + 1 : NULL;
		}
	}
}
