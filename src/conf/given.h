/*
 * What a text has given so far: which keys and sections, and the structs they
 * fill.  Refuses what is given twice, a titled section that lacks a key, and
 * what a section's own check refuses.  Knows the grammar and nothing of who
 * reads the text.
 */
#ifndef CONF_GIVEN_H
#define CONF_GIVEN_H

#include <stdbool.h>
#include <stdint.h>

struct grammar;
struct key;
struct section;
struct text;

/* All zero but for grammar and target to begin with. */
struct given {
	const struct grammar *grammar;
	void *target;
	uint64_t seen;   /* keys, by their bits */
	uint64_t closed; /* plain sections that ended, by their first key's */
	/* The titled section being read: its mark, what it is, its struct. */
	const void *mark;
	const struct section *section;
	void *titled;
};

/* Where in the text a key or an end stands; all of it is borrowed. */
struct given_place {
	const char *section; /* NULL at the top */
	const char *title;   /* where it has one */
	const void *mark;    /* tells one section of a name from another */
};

/* A section goes on or begins.  Here and below: false with what is wrong
 * added to `wrong`. */
bool given_enter(
    struct given *given, const struct given_place *place, struct text *wrong);

/* A key of the section entered last has a value, for a list its first or one
 * more.  A list that begins is emptied. */
bool given_note(
    struct given *given, const struct key *key, bool first, struct text *wrong);

/* Read the value into the key's field: NULL or the setter's complaint. */
const char *given_set(
    const struct given *given, const struct key *key, const char *value);

/* A section, entered before, has ended. */
bool given_end(
    struct given *given, const struct given_place *place, struct text *wrong);

#endif
