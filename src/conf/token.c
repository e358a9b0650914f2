#include "conf/token.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- errors ---- */

enum {
	/* The longest, and the number of others behind it. */
	ONE_SIZE = ERRORS_WHAT_SIZE + 600
};

static void __attribute__((format(printf, 4, 0))) add(struct errors *errors,
    const struct place *at, const char *level, const char *format, va_list args)
{
	char what[ERRORS_WHAT_SIZE];

	if (errors->told >= ERRORS_MAX ||
	    errors->text.size - errors->text.len < ONE_SIZE) {
		errors->untold++;
		return;
	}
	(void)vsnprintf(what, sizeof(what), format, args);
	for (char *c = what; *c != '\0';) {
		const size_t len = utf8_printable(c);

		if (len == 0) {
			*c = '?';
		}
		c += len > 0 ? len : 1;
	}
	text_add(&errors->text, errors->text.len > 0 ? "\n" : "");
	if (at != NULL && at->line > 0) {
		text_addf(&errors->text, "%s:%d:%d: ", at->file, at->line,
		    at->column);
	} else if (at != NULL) {
		text_addf(&errors->text, "%s: ", at->file);
	}
	text_addf(&errors->text, "%s%s", level, what);
	errors->told++;
}

void
errors_add(
    struct errors *errors, const struct place *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	errors->found++;
	add(errors, at, "", format, args);
	va_end(args);
}

void
errors_warn(
    struct errors *errors, const struct place *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(errors, at, "warning: ", format, args);
	va_end(args);
}

void
errors_add_twice(struct errors *errors, const struct place *at,
    const char *what, const struct place *first)
{
	const bool same = first->file == at->file;

	errors_add(errors, at, "%s is given twice, first in %s%s%d", what,
	    same ? "line " : first->file, same ? "" : ":", first->line);
}

void
errors_add_lost(
    struct errors *errors, const struct place *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!errors->lost) {
		errors->found++;
		add(errors, at, "", format, args);
	}
	va_end(args);
	errors->lost = true;
}

void
errors_init(struct errors *errors, char *buf, size_t size)
{
	*errors = (struct errors){ 0 };
	text_init(&errors->text, buf, size);
}

void
errors_end(struct errors *errors, const char *file)
{
	if (errors->untold > 0) {
		text_addf(&errors->text, "\n%s: %d more errors", file,
		    errors->untold);
	}
	errors->told = errors->untold = 0;
}

/* What ends a text without quotes. */
static const char signs[] = " \t\r\n#\"'={}()+,*";

/* ---- where it is ---- */

/* Take one character, counting lines. */
static char
take(struct lexer *lexer)
{
	char c = *lexer->at++;

	if (c == '\n') {
		lexer->line++;
		lexer->column = 1;
		lexer->counted = lexer->at;
	}
	return c;
}

/* In characters; only what was not counted yet is. */
static int
column_of(struct lexer *lexer)
{
	for (; lexer->counted < lexer->at; lexer->counted++) {
		lexer->column += ((unsigned char)*lexer->counted & 0xc0) !=
				 0x80;
	}
	return lexer->column;
}

/* Behind blanks and comments; false where a comment is never closed, with
 * `at` at its beginning. */
static bool
skip_blanks(struct lexer *lexer)
{
	for (;;) {
		const char *at = lexer->at;

		if (*at != '\0' && strchr(" \t\r\n", *at) != NULL) {
			(void)take(lexer);
		} else if (*at == '#' || (at[0] == '/' && at[1] == '/')) {
			lexer->at += strcspn(at, "\n");
		} else if (at[0] == '/' && at[1] == '*') {
			const char *end = strstr(at + 2, "*/");

			if (end == NULL) {
				return false;
			}
			while (lexer->at < end + 2) {
				(void)take(lexer);
			}
		} else {
			return true;
		}
	}
}

/* ---- values ---- */

static void
wrong(struct lexer *lexer, const char *why)
{
	lexer->now.kind = TOKEN_WRONG;
	lexer->now.text = why;
}

static void
put(struct lexer *lexer, char c)
{
	if (lexer->len == lexer->room) {
		size_t room = lexer->room == 0 ? 256 : lexer->room * 2;
		char *grown = realloc(lexer->buf, room);

		if (grown == NULL) {
			wrong(lexer, "out of memory");
			return;
		}
		lexer->buf = grown;
		lexer->room = room;
	}
	lexer->buf[lexer->len++] = c;
}

/* The } of a variable that begins here, or NULL. */
static const char *
variable_end(const struct lexer *lexer)
{
	return lexer->at[0] == '$' && lexer->at[1] == '{'
		   ? strchr(lexer->at, '}')
		   : NULL;
}

/* ${NAME} or ${NAME:-otherwise}, up to `end`: put what it stands for. */
static void
put_variable(struct lexer *lexer, const char *end)
{
	const char *from = lexer->at + 2;
	const char *otherwise = memmem(from, (size_t)(end - from), ":-", 2);
	char name[128];
	struct text text;
	const char *value;

	text_init(&text, name, sizeof(name));
	text_add_bytes(&text, from,
	    (size_t)((otherwise != NULL ? otherwise : end) - from));
	/* Nothing in these programs changes the environment. */
	value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
	for (; value != NULL && *value != '\0'; value++) {
		put(lexer, *value);
	}
	lexer->at = from;
	while (lexer->at <= end) {
		const bool wanted = value == NULL && otherwise != NULL &&
				    lexer->at >= otherwise + 2 &&
				    lexer->at < end;
		const char c = take(lexer);

		if (wanted) {
			put(lexer, c);
		}
	}
}

/* An escape by number, at `at`: its digits, at most `most`. */
static void
put_code(struct lexer *lexer, int base, size_t most)
{
	char digits[4] = "";
	char *end;
	unsigned long code;

	memcpy(digits, lexer->at, strnlen(lexer->at, most));
	code = strtoul(digits, &end, base);
	lexer->at += end - digits;
	if (code == 0 || code > UCHAR_MAX ||
	    (base == 8 && isdigit((unsigned char)*lexer->at))) {
		wrong(lexer, "a number behind \\ is \\1 to \\377, or \\x01 to "
			     "\\xff");
	}
	put(lexer, (char)code);
}

/* Behind the backslash of a text in quotes. */
static void
put_escape(struct lexer *lexer, char quote)
{
	static const char letters[] = "nrbfaetv";
	static const char codes[] = "\n\r\b\f\a\033\t\v";
	const char *letter;
	char c;

	if (quote == '"' && isdigit((unsigned char)*lexer->at)) {
		put_code(lexer, 8, 3);
		return;
	}
	c = take(lexer);
	letter = strchr(letters, c);
	if (c == '\n') {
		return; /* it goes on in the next line */
	}
	if (quote == '\'') {
		if (c != '\\' && c != '\'') {
			put(lexer, '\\');
		}
		put(lexer, c);
	} else if (c == 'x' && isxdigit((unsigned char)*lexer->at)) {
		put_code(lexer, 16, 2);
	} else if (letter != NULL) {
		put(lexer, codes[letter - letters]);
	} else if (strchr("\\\"'?$", c) == NULL) {
		wrong(lexer, "in double quotes a backslash is written twice; "
			     "in single ones it stands for itself");
	} else {
		put(lexer, c);
	}
}

/* A text in quotes, whose first is at `at`. */
static void
read_quoted(struct lexer *lexer)
{
	const char quote = take(lexer);
	const char *end;

	while (*lexer->at != quote) {
		if (*lexer->at == '\0') {
			wrong(lexer, "a quote that begins here is never "
				     "closed");
			lexer_skip_line(lexer, &lexer->now);
			return;
		}
		end = quote == '"' ? variable_end(lexer) : NULL;
		if (end != NULL) {
			put_variable(lexer, end);
		} else if (*lexer->at != '\\' || lexer->at[1] == '\0') {
			put(lexer, take(lexer));
		} else {
			lexer->at++;
			put_escape(lexer, quote);
		}
	}
	lexer->at++;
	lexer->now.runaway = lexer->line > lexer->now.place.line &&
			     *lexer->at != '\0' &&
			     strchr(" \t\r\n,{})#", *lexer->at) == NULL;
}

/* A text without quotes. */
static void
read_plain(struct lexer *lexer)
{
	const char *end = variable_end(lexer);

	if (end != NULL) {
		put_variable(lexer, end);
		return;
	}
	while (strchr(signs, *lexer->at) == NULL &&
	       !iscntrl((unsigned char)*lexer->at)) {
		put(lexer, *lexer->at++);
	}
}

/* ---- tokens ---- */

static void
read_token(struct lexer *lexer)
{
	static const char single[] = "{}()=,";
	static const enum token_kind kinds[] = { TOKEN_OPEN, TOKEN_CLOSE,
		TOKEN_PAREN, TOKEN_ENDING, TOKEN_EQUAL, TOKEN_COMMA };
	const char c = *lexer->at;
	const char *sign = c != '\0' ? strchr(single, c) : NULL;

	if (sign != NULL) {
		lexer->now.kind = kinds[sign - single];
		lexer->at++;
	} else if (c == '+' && lexer->at[1] == '=') {
		lexer->now.kind = TOKEN_ADD;
		lexer->at += 2;
	} else if (c == '+' || c == '*') {
		lexer->at++;
		wrong(lexer, "a text with + or * in it must stand in quotes");
	} else if (iscntrl((unsigned char)c)) {
		lexer->at++;
		wrong(lexer, "a control character does not belong here");
	} else {
		lexer->now.kind = TOKEN_TEXT;
		lexer->len = 0;
		if (c == '"' || c == '\'') {
			read_quoted(lexer);
		} else {
			read_plain(lexer);
		}
		put(lexer, '\0');
	}
	if (lexer->now.kind == TOKEN_TEXT) {
		lexer->now.text = lexer->buf;
	}
}

void
lexer_next(struct lexer *lexer)
{
	const int line = lexer->line;
	const bool first = lexer->now.from == NULL;
	bool closed = skip_blanks(lexer);

	lexer->before = lexer->now;
	lexer->now = (struct token){ .kind = TOKEN_END,
		.from = lexer->at,
		.place = { lexer->file, lexer->line, column_of(lexer) },
		.leads = first || lexer->line > line };
	if (!closed) {
		wrong(lexer, "a comment that begins here is never closed");
		lexer->at += strlen(lexer->at);
	} else if (*lexer->at != '\0') {
		read_token(lexer);
	}
}

void
lexer_open(struct lexer *lexer, const char *file, const char *text)
{
	*lexer = (struct lexer){ .file = file,
		.at = text,
		.line = 1,
		.counted = text,
		.column = 1 };
	lexer_next(lexer);
}

void
lexer_close(struct lexer *lexer)
{
	free(lexer->buf);
}

char
lexer_peek(const struct lexer *lexer)
{
	return lexer->at[strspn(lexer->at, " \t\r\n")];
}

void
lexer_skip_statement(struct lexer *lexer)
{
	int depth = 0;

	while (lexer->now.kind != TOKEN_END) {
		if (depth == 0 &&
		    (lexer->now.kind == TOKEN_CLOSE ||
			(lexer->now.kind == TOKEN_TEXT && lexer->now.leads))) {
			return;
		}
		depth += lexer->now.kind == TOKEN_OPEN;
		depth -= lexer->now.kind == TOKEN_CLOSE;
		lexer_next(lexer);
	}
}

bool
lexer_skip_block(struct lexer *lexer)
{
	int depth = 0;

	do {
		depth += lexer->now.kind == TOKEN_OPEN;
		depth -= lexer->now.kind == TOKEN_CLOSE;
		lexer_next(lexer);
	} while (depth > 0 && lexer->now.kind != TOKEN_END);
	return depth == 0;
}

void
lexer_skip_line(struct lexer *lexer, const struct token *token)
{
	lexer->at = token->from + strcspn(token->from, "\n");
	lexer->line = token->place.line;
	/* No token follows in this line. */
	lexer->counted = lexer->at;
}
