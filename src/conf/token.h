/*
 * The words and signs of a configuration file.
 *
 * Texts stand in "..." (with C's escapes and ${NAME}) or '...', or without
 * quotes where they hold no blank and none of # " ' = { } ( ) + , *.  Comments
 * run from # or // to the end of the line, or as in C.  Knows nothing of keys.
 */
#ifndef CONF_TOKEN_H
#define CONF_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/errors.h"

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
