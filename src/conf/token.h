/*
 * The words and signs of a configuration file, and what is wrong with it.
 *
 * Texts stand in "..." (with C's escapes and ${NAME}) or '...', or without
 * quotes where they hold no blank and none of # " ' = { } ( ) + , *.  Comments
 * run from # or // to the end of the line, or as in C.  Knows nothing of keys.
 */
#ifndef CONF_TOKEN_H
#define CONF_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "base/text.h"

/* ---- what is wrong: a line "FILE:LINE:COLUMN: what" for each ---- */

enum {
	ERRORS_MAX = 20,        /* of a file are told; of more their number */
	ERRORS_WHAT_SIZE = 512, /* of one without its place */
	ERRORS_FILES_MAX = 64,  /* that one file includes */
	ERRORS_PATH_SIZE = 256
};

struct errors {
	struct text text; /* the lines; the caller's buffer */
	int found;        /* without warnings */
	int told;         /* of this file, warnings too */
	int untold;
	bool lost;
	/* Names of included files, which places borrow. */
	char file[ERRORS_FILES_MAX][ERRORS_PATH_SIZE];
	int files;
	/* A file, and the text that is read in its place; or NULL. */
	const char *draft_of;
	const char *draft;
};

struct place {
	const char *file; /* borrowed */
	int line;         /* 0: the file as a whole */
	int column;       /* in characters, from 1 */
};

enum errors_level {
	ERRORS_PLAIN,
	/* Something does not stand where it must, so what follows may not
	 * either: told only as the first of its kind, until the reader clears
	 * `lost` because it found its way again. */
	ERRORS_LOST,
	ERRORS_WARNING /* has "warning: " before it, and is not found */
};

void errors_init(struct errors *errors, char *buf, size_t size);

/* file_read_text(), or the draft. */
char *errors_read_file(const struct errors *errors, const char *path,
    size_t most, char why[static FILE_WHY_SIZE]);

/* Add one; `at` may be NULL.  What was read and cannot be shown, as control
 * characters and halves of letters, is '?'. */
void errors_say(struct errors *errors, enum errors_level level,
    const struct place *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define errors_add(errors, ...)  errors_say(errors, ERRORS_PLAIN, __VA_ARGS__)
#define errors_lost(errors, ...) errors_say(errors, ERRORS_LOST, __VA_ARGS__)
#define errors_warn(errors, ...) errors_say(errors, ERRORS_WARNING, __VA_ARGS__)

/* Behind the last of a file: say how many were not told. */
void errors_end(struct errors *errors, const char *file);

/* ---- tokens ---- */

enum {
	TOKEN_TEXT_SIZE = 16384
};

/* A sign is its own kind; "+=" is '+'. */
enum {
	TOKEN_END = '\0',
	TOKEN_TEXT = 'a',
	TOKEN_WRONG = '?' /* it was told */
};

struct token {
	char kind;
	struct place place;
	bool leads; /* it is the first of its line */
};

/* A text being read. */
struct lexer {
	struct errors *errors;
	const char *file; /* its name, borrowed */
	const char *at;
	int line;
	int column;
	struct token now;
	struct text text; /* its value where it is a text */
	char value[TOKEN_TEXT_SIZE];
};

/* Begin to read the text of `file`; all borrowed.  Its first token is in
 * `now`. */
void lexer_open(struct lexer *lexer, const char *file, const char *text,
    struct errors *errors);

/* Go on to the next token.  Behind the last it is TOKEN_END again. */
void lexer_next(struct lexer *lexer);

/* The first character behind the token at hand that is no blank. */
char lexer_peek(const struct lexer *lexer);

/* Go on behind the block whose brace is at hand; else with the next line that
 * begins with a text, or before the brace that closes what is open.  False
 * where the end comes first. */
bool lexer_skip(struct lexer *lexer, bool block);

#endif
