#include "conf/given.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "conf/grammar.h"

static bool
is_titled(const struct given *given, const char *section)
{
	return grammar_is_titled(given->grammar, section);
}

static bool
is_seen(const struct given *given, const struct key *key)
{
	return (given->seen & grammar_bit(given->grammar, key)) != 0;
}

static bool
is_of(const struct key *key, const char *section)
{
	return key->section != NULL && strcmp(key->section, section) == 0;
}

/* The bit of a section that has no title: its first key's. */
static uint64_t
section_bit(const struct given *given, const char *section)
{
	return grammar_bit(
	    given->grammar, grammar_find(given->grammar, section, NULL));
}

/* ---- keys ---- */

const char *
given_set(const struct given *given, const struct key *key, const char *value)
{
	char *base = is_titled(given, key->section) ? given->titled
						    : given->target;

	return key->set(key, base + key->offset, value);
}

bool
given_note(
    struct given *given, const struct key *key, bool first, struct text *wrong)
{
	if (first && is_seen(given, key)) {
		text_addf(wrong, "%s is given twice", key->name);
		return false;
	}
	given->seen |= grammar_bit(given->grammar, key);
	if (first && key->list) {
		(void)given_set(given, key, NULL);
	}
	return true;
}

/* ---- sections ---- */

static bool
begin_titled(
    struct given *given, const struct given_place *place, struct text *wrong)
{
	const struct grammar *grammar = given->grammar;
	const char *complaint = NULL;

	for (size_t i = 0; i < grammar->count; i++) {
		if (is_of(&grammar->keys[i], place->section)) {
			given->seen &= ~grammar_bit(grammar, &grammar->keys[i]);
		}
	}
	given->mark = place->mark;
	given->section = grammar_section(grammar, place->section);
	given->titled = given->section->begin(
	    given->target, place->title, &complaint);
	if (given->titled == NULL) {
		text_add(wrong, complaint);
	}
	return given->titled != NULL;
}

bool
given_enter(
    struct given *given, const struct given_place *place, struct text *wrong)
{
	if (place->section == NULL) {
		return true;
	}
	if (is_titled(given, place->section)) {
		return given->mark == place->mark ||
		       begin_titled(given, place, wrong);
	}
	if (given->closed & section_bit(given, place->section)) {
		text_addf(wrong, "section %s is given twice", place->section);
		return false;
	}
	return true;
}

static bool
has_all_keys(const struct given *given, const struct given_place *place,
    struct text *wrong)
{
	const struct grammar *grammar = given->grammar;

	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		if (is_of(key, place->section) && key->required &&
		    !is_seen(given, key)) {
			text_addf(wrong, "%s \"%s\" has no %s", place->section,
			    place->title, key->name);
			return false;
		}
	}
	return true;
}

bool
given_end(
    struct given *given, const struct given_place *place, struct text *wrong)
{
	const struct section *section = grammar_section(
	    given->grammar, place->section);
	const bool titled = is_titled(given, place->section);
	const char *complaint = NULL;

	if (!titled) {
		given->closed |= section_bit(given, place->section);
	} else if (!has_all_keys(given, place, wrong)) {
		return false;
	}
	if (section != NULL && section->end != NULL) {
		complaint = section->end(
		    titled ? given->titled : given->target);
	}
	if (complaint == NULL) {
		return true;
	}
	if (titled) {
		text_addf(wrong, "%s \"%s\": %s", place->section, place->title,
		    complaint);
	} else {
		text_addf(wrong, "section %s: %s", place->section, complaint);
	}
	return false;
}
