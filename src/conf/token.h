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

#include "base/text.h"

/* ---- what is wrong: a line "FILE:LINE:COLUMN: what" for each ---- */

enum {
	ERRORS_MAX = 20,       /* of a file are told; of more their number */
	ERRORS_WHAT_SIZE = 512 /* of one without its place */
};

struct errors {
	struct text text; /* the lines; the caller's buffer */
	int found;
	int told;
	int untold;
	bool lost; /* see errors_add_lost() */
};

struct place {
	const char *file; /* borrowed */
	int line;         /* 0: the file as a whole */
	int column;
};

/* Add one; `at` may be NULL.  What was read and cannot be shown, as control
 * characters and halves of letters, is '?'. */
void errors_add(struct errors *errors, const struct place *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Add a warning, which does not count as found. */
void errors_warn(struct errors *errors, const struct place *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `what` is given at two places. */
void errors_add_twice(struct errors *errors, const struct place *at,
    const char *what, const struct place *first);

/* Something does not stand where it must, so what follows may not either:
 * this is told only as the first of its kind, until the reader clears `lost`
 * because it found its way again. */
void errors_add_lost(struct errors *errors, const struct place *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A text to write them into. */
void errors_init(struct errors *errors, char *buf, size_t size);

/* Behind the last of a file: say how many were not told. */
void errors_end(struct errors *errors, const char *file);

/* ---- tokens ---- */

enum token_kind {
	TOKEN_END,
	TOKEN_TEXT,
	TOKEN_OPEN,   /* { */
	TOKEN_CLOSE,  /* } */
	TOKEN_PAREN,  /* ( */
	TOKEN_ENDING, /* ) */
	TOKEN_EQUAL,  /* = */
	TOKEN_ADD,    /* += */
	TOKEN_COMMA,
	TOKEN_WRONG /* `text` says why */
};

struct token {
	enum token_kind kind;
	const char *text;   /* its value; good until the next token */
	const char *from;   /* where it begins */
	struct place place; /* columns are counted in characters, from 1 */
	bool leads;         /* it is the first of its line */
	bool runaway; /* in quotes over several lines, with more right behind
		       * the last: its own closing quote may be missing */
};

/* A text being read. */
struct lexer {
	const char *file; /* its name, borrowed */
	const char *at;
	int line;
	const char *counted; /* in `column`, up to here */
	int column;
	struct token now;
	struct token before; /* the one before it; its text is gone */
	char *buf;           /* owned: the value */
	size_t len, room;
};

/* Begin to read the text of `file`, both borrowed; its first token is in `now`. */
void lexer_open(struct lexer *lexer, const char *file, const char *text);
void lexer_close(struct lexer *lexer);

/* Go on to the next token.  Behind the last it is TOKEN_END again. */
void lexer_next(struct lexer *lexer);

/* The first character behind the token at hand that is no blank. */
char lexer_peek(const struct lexer *lexer);

/* Go on with the next line that begins with a text, or before the brace that
 * closes what is open. */
void lexer_skip_statement(struct lexer *lexer);

/* Go on behind the block whose brace is at hand; false where that is never
 * closed. */
bool lexer_skip_block(struct lexer *lexer);

/* Go on behind the line in which `token` begins, as if its quotes ended
 * there. */
void lexer_skip_line(struct lexer *lexer, const struct token *token);

#endif
