/*
 * What a file may say, as a table of keys: where each stands, what it is by
 * default, how its value is read.  One table drives parsing, defaults and
 * checks.
 *
 *	file    = { setting | section | include }
 *	setting = KEY ("=" | "+=") (TEXT | "{" [TEXT { "," TEXT } [","]] "}")
 *	section = NAME [TITLE] "{" { setting } "}"
 *	include = "include" "(" FILE ")"
 *
 * Each value is handed to its key's setter.  A key, a plain section or a title
 * is given once; "+=" adds to a list or its default.
 */
#ifndef CONF_GRAMMAR_H
#define CONF_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/words.h"
#include "conf/token.h"

enum {
	GRAMMAR_KEYS_MAX = 128,
	GRAMMAR_FILE_MAX = 1024 * 1024 /* bytes of a file */
};

struct key;
struct text;

/* Read `value` into the key's `field`.  NULL where it is fine, else a
 * complaint that goes on from the key and its value: "must be ...", with the
 * field left as it was; or one that begins with GRAMMAR_WARNING, and the value
 * was taken. */
#define GRAMMAR_WARNING "warning: "
typedef const char *key_setter(
    const struct key *key, void *field, const char *value);

struct key {
	const char *section; /* NULL at the top */
	const char *name;
	const char *def; /* as written, a list's items parted by commas */
	key_setter *set;
	size_t offset; /* of the field in its struct */
	size_t size;   /* of the field, or of each item of an array */
	int64_t min;   /* for numbers */
	int64_t max;
	/* The only values there are, or NULL. */
	const struct words *words;
	bool required; /* in a titled section */
	/* Many values.  With `most` the field is an array of so many items
	 * and `count` the offset of the size_t that says how many there are;
	 * the setter gets one item.  Without, the setter gets the field: a
	 * NULL value empties it, and each item follows by itself. */
	bool list;
	size_t most;
	size_t count;
};

/* What a section is besides its keys; one that is nothing needs none. */
struct grammar_section {
	const char *name;
	/* One with a title, which may be given many times, begins: gives back
	 * its struct, or NULL and in *wrong a complaint.  NULL for a section
	 * without title, whose keys are the target's. */
	void *(*begin)(void *target, const char *title, const char **wrong);
	/* It has ended; gets its struct, or the target, to check and complete
	 * it: NULL where it is fine, else a complaint or warning.  May be
	 * NULL. */
	const char *(*end)(void *section);
};

/* char[key->size]: printable ASCII, empty only where key->min is 0; UTF-8 that
 * may be shown, in one line or in any number. */
key_setter field_text, field_words, field_prose;

/* char[key->size]: a path from the root, empty only where key->min is 0; a
 * user or group; a mail address; an http(s) URL that a reply can carry; a
 * header, "Name: value". */
key_setter field_path, field_account, field_mail, field_url, field_header;

/* char[key->size]: where a filter listens, in libmilter's words; where a web
 * server does, HOST:PORT, [v6]:PORT or unix:PATH, empty where it does not by
 * default. */
key_setter field_milter_listen, field_web_listen;

/* unsigned (by key->size) or int64_t, from key->min to key->max; int64_t, a
 * duration in seconds, 0 where it is the word that key->words has; unsigned, a file's mode in octal, "0660". */
key_setter field_int, field_duration, field_mode;

/* uint16_t, a port. */
key_setter field_port;

/* struct net; an enum by the place of its word in key->words; uint32_t, a bit
 * by the place of each word, many values without `most`. */
key_setter field_net, field_word, field_bits;

/* At most GRAMMAR_KEYS_MAX keys. */
struct grammar {
	const struct key *keys;
	size_t count;
	const struct grammar_section *sections;
	size_t section_count;
	bool include; /* whether include("...") is understood */
	bool adds;    /* "=" leaves in a list what is in it */
	/* The key of a name that is one of many like it, or NULL; it stands
	 * behind `keys` once it was asked for.  May be NULL. */
	const struct key *(*more)(const char *section, const char *name);
	/* Gets the target behind all of it, as that of a section does. */
	const char *(*end)(void *target);
};

/* Whether it is one of that section, or where that is NULL of the top. */
bool key_is_of(const struct key *key, const char *section);

/* The key of that name in that section (NULL: at the top), or NULL; where
 * `name` is NULL, the section's first. */
const struct key *grammar_find(
    const struct grammar *grammar, const char *section, const char *name);

/* What it is besides its keys, or NULL. */
const struct grammar_section *grammar_section(
    const struct grammar *grammar, const char *section);

/* Read one value into its field of the struct at `base`, a list's as one
 * item more; NULL, or what the setter, the list's room or the key's words
 * refuse. */
extern const char grammar_full[];
extern const char grammar_no_word[];
const char *grammar_set(const struct key *key, void *base, const char *value);

/* Write the value of a key in the struct at `base` as a file has it:
 * "text", word, 10m, {one, two}. */
void grammar_write(const struct key *key, const void *base, struct text *out);

/* Empty a list. */
void grammar_empty(const struct key *key, void *base);

/*
 * Read `text` into `target`, which holds the defaults; `file` is the name that
 * messages and includes go by.  Reading goes on behind an error, so that all
 * of them are told; false where there were any, while warnings may be told
 * either way.  `seen` (of GRAMMAR_KEYS_MAX, or NULL) is where each key's value
 * is, as far as it was given.
 */
bool grammar_read(const struct grammar *grammar, void *target, const char *file,
    const char *text, struct place *seen, struct errors *errors);

/* Set every field of `target` to its default: those of the struct of `titled`,
 * a section with a title, or where it is NULL of all without. */
void grammar_defaults(
    const struct grammar *grammar, const char *titled, void *target);

/* ---- the tables there are ---- */

/* The keys of videur.conf, one for each kind of event among them.  For one
 * thread at a time. */
const struct grammar *keys_of_conf(void);

/* Those of policy files, over struct policy, its rules and its limits; and of
 * scanner files, which add to lists of struct conf. */
extern const struct grammar keys_of_policy;
extern const struct grammar keys_of_scanner;

/*
 * Whether `name` ("Europe/Paris") is a time zone of the database in `folder`:
 * NULL, or a complaint that goes on from key and value.  Where there is no
 * such folder only the name's form is looked at.
 */
const char *keys_check_zone(const char *folder, const char *name);

#endif
