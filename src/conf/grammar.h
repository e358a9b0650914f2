/*
 * What a file may say, as a table of keys.
 */
#ifndef CONF_GRAMMAR_H
#define CONF_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GRAMMAR_KEYS_MAX = 64,
	GRAMMAR_SECTION_MAX = 24,
	GRAMMAR_SECTIONS_MAX = 8
};

/* One key: where it stands, what it is by default, how it is read. */
struct key {
	const char *section; /* NULL at the top */
	const char *name;
	const char *def; /* as written, a list's items parted by commas */
	/* Read `value` into `field`.  NULL where it is fine, else a complaint
	 * that goes on from the key and its value: "must be ...".  For a list
	 * a NULL value empties it, and each item follows by itself. */
	const char *(*set)(
	    const struct key *key, void *field, const char *value);
	size_t offset; /* of the field in its struct */
	size_t size;   /* of the field, for texts */
	int64_t min;   /* for numbers */
	int64_t max;
	bool list;
	bool required; /* in a titled section */
};

/* What a section is besides its keys; one that is nothing needs none. */
struct section {
	const char *name;
	/* One with a title, which may be given many times, begins: gives back
	 * its struct, or NULL and in *wrong a complaint.  NULL for a section
	 * without title, whose keys are the target's. */
	void *(*begin)(void *target, const char *title, const char **wrong);
	/* It has ended; gets its struct, or the target, to check and complete
	 * it: NULL where it is fine, else a complaint.  May be NULL. */
	const char *(*end)(void *section);
};

/* At most GRAMMAR_KEYS_MAX keys, those of a section side by side, and at most
 * GRAMMAR_SECTION_MAX at the top or in one section. */
struct grammar {
	const struct key *keys;
	size_t count;
	const struct section *sections;
	size_t section_count;
	bool include; /* whether include("...") is understood */
};

/* The key of that name in that section (NULL: at the top), or NULL; where
 * `name` is NULL, the section's first. */
const struct key *grammar_find(
    const struct grammar *grammar, const char *section, const char *name);

/* A bit for each key, in the table's order. */
uint64_t grammar_bit(const struct grammar *grammar, const struct key *key);

/* What it is besides its keys, or NULL. */
const struct section *grammar_section(
    const struct grammar *grammar, const char *section);
bool grammar_is_titled(const struct grammar *grammar, const char *section);

/* Set every field of `target` to its default: those of the struct of `titled`,
 * a section with a title, or where it is NULL of all without. */
void grammar_defaults(
    const struct grammar *grammar, const char *titled, void *target);

#endif
