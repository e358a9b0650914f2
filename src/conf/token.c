#include "conf/token.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors ---- */

enum {
	/* The longest, and the number of others behind it. */
	ONE_SIZE = ERRORS_WHAT_SIZE + 600
};

void
errors_init(struct errors *errors, char *buf, size_t size)
{
	*errors = (struct errors){ .found = 0 };
	text_init(&errors->text, buf, size);
}

char *
errors_read_file(const struct errors *errors, const char *path, size_t most,
    char why[static FILE_WHY_SIZE])
{
	return errors->draft_of != NULL && strcmp(errors->draft_of, path) == 0
		   ? strdup(errors->draft)
		   : file_read_text(path, most, why);
}

void
errors_say(struct errors *errors, enum errors_level level,
    const struct place *at, const char *format, ...)
{
	struct text *text = &errors->text;
	char what[ERRORS_WHAT_SIZE];
	va_list args;

	if (level == ERRORS_LOST && errors->lost) {
		return;
	}
	errors->lost |= level == ERRORS_LOST;
	errors->found += level != ERRORS_WARNING;
	if (errors->told == ERRORS_MAX || text->size - text->len < ONE_SIZE) {
		errors->untold++;
		return;
	}
	errors->told++;
	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	for (char *c = what; *c != '\0';) {
		const size_t len = utf8_printable(c);

		if (len == 0) {
			*c = '?';
		}
		c += len > 0 ? len : 1;
	}
	text_add(text, text->len > 0 ? "\n" : "");
	if (at != NULL && at->line > 0) {
		text_addf(text, "%s:%d:%d: ", at->file, at->line, at->column);
	} else if (at != NULL) {
		text_addf(text, "%s: ", at->file);
	}
	text_addf(
	    text, "%s%s", level == ERRORS_WARNING ? "warning: " : "", what);
}

void
errors_end(struct errors *errors, const char *file)
{
	if (errors->untold > 0) {
		text_addf(&errors->text, "\n%s: %d more errors", file,
		    errors->untold);
	}
	errors->told = errors->untold = 0;
	errors->lost = false;
}

/* ---- characters ---- */

/* Take one, counting lines and columns. */
static char
take(struct lexer *lexer)
{
	const char c = *lexer->at++;

	if (c == '\n') {
		lexer->line++;
		lexer->column = 1;
	} else {
		lexer->column += ((unsigned char)c & 0xc0) != 0x80;
	}
	return c;
}

static void
take_to(struct lexer *lexer, const char *end)
{
	while (lexer->at < end) {
		(void)take(lexer);
	}
}

/* Take blanks and comments; false where a comment is never closed, with `at`
 * at its beginning. */
static bool
take_blanks(struct lexer *lexer)
{
	for (;;) {
		const char *at = lexer->at;
		const size_t blanks = strspn(at, " \t\r\n");
		const char *end = at + blanks;

		if (blanks == 0 && (*at == '#' || strncmp(at, "//", 2) == 0)) {
			end = at + strcspn(at, "\n");
		} else if (blanks == 0 && strncmp(at, "/*", 2) == 0) {
			end = strstr(at + 2, "*/");
			if (end == NULL) {
				return false;
			}
			end += 2;
		}
		if (end == at) {
			return true;
		}
		take_to(lexer, end);
	}
}

/* ---- values ---- */

static void
wrong(struct lexer *lexer, const char *why)
{
	lexer->now.kind = TOKEN_WRONG;
	errors_lost(lexer->errors, &lexer->now.place, "%s", why);
}

/* Where ${NAME} or ${NAME:-otherwise} is at hand, take it and add what it
 * stands for. */
static bool
read_variable(struct lexer *lexer)
{
	const char *from = lexer->at + 2;
	const char *end = strncmp(lexer->at, "${", 2) == 0 ? strchr(from, '}')
							   : NULL;
	const char *otherwise;
	const char *value;
	char name[128];
	struct text text;

	if (end == NULL) {
		return false;
	}
	otherwise = memmem(from, (size_t)(end - from), ":-", 2);
	text_init(&text, name, sizeof(name));
	text_add_bytes(&text, from,
	    (size_t)((otherwise != NULL ? otherwise : end) - from));
	/* Nothing in these programs changes the environment. */
	value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
	if (value != NULL) {
		text_add(&lexer->text, value);
	} else if (otherwise != NULL) {
		text_add_bytes(
		    &lexer->text, otherwise + 2, (size_t)(end - otherwise) - 2);
	}
	take_to(lexer, end + 1);
	return true;
}

/* An escape by number, at `at`: its digits, at most `most`. */
static void
read_code(struct lexer *lexer, int base, size_t most)
{
	char digits[4] = "";
	char *end;
	unsigned long code;

	memcpy(digits, lexer->at, strnlen(lexer->at, most));
	code = strtoul(digits, &end, base);
	take_to(lexer, lexer->at + (end - digits));
	if (code == 0 || code > UCHAR_MAX ||
	    (base == 8 && isdigit((unsigned char)*lexer->at))) {
		wrong(lexer, "a number behind \\ is \\1 to \\377, or \\x01 to "
			     "\\xff");
	}
	text_add_char(&lexer->text, (char)code);
}

/* What a backslash of a text in quotes, taken, makes of what follows. */
static void
read_escape(struct lexer *lexer, char quote)
{
	static const char letters[] = "nrbfaetv";
	static const char codes[] = "\n\r\b\f\a\033\t\v";
	const char *letter;
	char c;

	if (quote == '"' && isdigit((unsigned char)*lexer->at)) {
		read_code(lexer, 8, 3);
		return;
	}
	c = take(lexer);
	letter = strchr(letters, c);
	if (c == '\n') {
		return; /* it goes on in the next line */
	}
	if (quote == '\'') {
		text_add(&lexer->text, c == '\\' || c == '\'' ? "" : "\\");
		text_add_char(&lexer->text, c);
	} else if (c == 'x' && isxdigit((unsigned char)*lexer->at)) {
		read_code(lexer, 16, 2);
	} else if (letter != NULL) {
		text_add_char(&lexer->text, codes[letter - letters]);
	} else if (strchr("\\\"'?$", c) != NULL) {
		text_add_char(&lexer->text, c);
	} else {
		wrong(lexer, "in double quotes a backslash is written twice; "
			     "in single ones it stands for itself");
	}
}

/* A text in quotes, whose first is at `at`. */
static void
read_quoted(struct lexer *lexer)
{
	const char *from = lexer->at;
	const char quote = take(lexer);

	while (*lexer->at != quote && *lexer->at != '\0') {
		if (quote == '"' && read_variable(lexer)) {
			continue;
		}
		if (*lexer->at != '\\' || lexer->at[1] == '\0') {
			text_add_char(&lexer->text, take(lexer));
		} else {
			(void)take(lexer);
			read_escape(lexer, quote);
		}
	}
	if (*lexer->at == '\0') {
		wrong(lexer, "a quote that begins here is never closed");
	} else {
		(void)take(lexer);
		/* Of several lines, with more right behind the last: the quote
		 * belongs to another text. */
		if (lexer->line == lexer->now.place.line ||
		    strchr(" \t\r\n,{})#", *lexer->at) != NULL) {
			return;
		}
		wrong(lexer, "this quote is not closed in its line");
	}
	/* Go on as if it were. */
	lexer->at = from + strcspn(from, "\n");
	lexer->line = lexer->now.place.line;
}

static void
read_text(struct lexer *lexer)
{
	text_init(&lexer->text, lexer->value, sizeof(lexer->value));
	lexer->now.kind = TOKEN_TEXT;
	if (*lexer->at == '"' || *lexer->at == '\'') {
		read_quoted(lexer);
	} else if (!read_variable(lexer)) {
		while (strchr(" \t\r\n#\"'={}()+,*", *lexer->at) == NULL &&
		       !iscntrl((unsigned char)*lexer->at)) {
			text_add_char(&lexer->text, take(lexer));
		}
	}
	if (lexer->text.cut) {
		wrong(lexer, "this text is longer than 16 KiB");
	}
}

/* ---- tokens ---- */

void
lexer_next(struct lexer *lexer)
{
	const int line = lexer->now.place.line > 0 ? lexer->line : 0;
	const bool closed = take_blanks(lexer);
	const char c = *lexer->at;

	lexer->now = (struct token){ TOKEN_END,
		{ lexer->file, lexer->line, lexer->column },
		lexer->line > line };
	if (!closed) {
		wrong(lexer, "a comment that begins here is never closed");
		lexer->at += strlen(lexer->at);
	} else if (c == '+' && lexer->at[1] == '=') {
		lexer->now.kind = '+';
		take_to(lexer, lexer->at + 2);
	} else if (c == '+' || c == '*') {
		wrong(lexer, "a text with + or * in it must stand in quotes");
		(void)take(lexer);
	} else if (c != '\0' && strchr("{}()=,", c) != NULL) {
		lexer->now.kind = take(lexer);
	} else if (c != '\0' && iscntrl((unsigned char)c)) {
		wrong(lexer, "a control character does not belong here");
		(void)take(lexer);
	} else if (c != '\0') {
		read_text(lexer);
	}
}

void
lexer_open(struct lexer *lexer, const char *file, const char *text,
    struct errors *errors)
{
	lexer->errors = errors;
	lexer->file = file;
	lexer->at = text;
	lexer->line = lexer->column = 1;
	lexer->now.place.line = 0;
	lexer_next(lexer);
}

char
lexer_peek(const struct lexer *lexer)
{
	return lexer->at[strspn(lexer->at, " \t\r\n")];
}

bool
lexer_skip(struct lexer *lexer, bool block)
{
	const struct token *now = &lexer->now;
	int depth = 0;

	while (now->kind != TOKEN_END) {
		if (depth == 0 && !block &&
		    (now->kind == '}' ||
			(now->kind == TOKEN_TEXT && now->leads))) {
			return true;
		}
		depth += now->kind == '{';
		depth -= now->kind == '}';
		lexer_next(lexer);
		if (depth == 0 && block) {
			return true;
		}
	}
	return false;
}
