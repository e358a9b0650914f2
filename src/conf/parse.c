#include "conf/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/grammar.h"
#include "conf/token.h"

enum {
	VALUE_SHOWN = 80, /* bytes of a value in a complaint */
	NAME_SIZE = VALUE_SHOWN + 1
};

/* A section that was given, or a file that was read: places borrow its
 * name. */
struct given {
	struct given *next;
	const char *section; /* NULL: a file */
	struct place place;
	char name[]; /* the title, empty where it has none; the path */
};

/* One run over a text and what it includes. */
struct parser {
	const struct grammar *grammar;
	void *target;
	struct lexer *lexer; /* of the file being read */
	int depth;
	int files;
	bool stopped;                        /* no more files are included */
	struct place seen[GRAMMAR_KEYS_MAX]; /* where each key was given */
	struct given *given;
	struct errors *errors;
};

/* The section being read. */
struct scope {
	const char *name;  /* NULL: the top */
	const char *title; /* NULL where it has none */
	const char *what;  /* "section web", "rule \"one\"" */
	void *base;        /* what its keys fill */
};

/* ---- complaints ---- */

static void
complain_of_open(struct parser *parser, const struct place *open)
{
	errors_add_lost(
	    parser->errors, open, "a brace that opens here is never closed");
}

/* The value at hand is refused: as `wrong` says, or where that is NULL because
 * it is none of the key's words. */
static void
complain_of_value(
    struct parser *parser, const struct key *key, const char *wrong)
{
	const struct token *at = &parser->lexer->now;
	const bool longer = strlen(at->text) > VALUE_SHOWN;
	const char *milder = wrong == NULL ? NULL
					   : text_after(wrong, GRAMMAR_WARNING);
	const char *meant;
	char why[ERRORS_WHAT_SIZE];
	struct text text;

	text_init(&text, why, sizeof(why));
	if (wrong == NULL) {
		text_add(&text, "must be ");
		words_list(&text, key->words);
		meant = words_nearest(key->words, at->text);
		if (meant != NULL) {
			text_addf(&text, ", did you mean \"%s\"?", meant);
		}
	} else {
		text_add(&text, wrong);
		if (wrong == grammar_full) {
			text_addf(&text, ": %zu are the most", key->most);
		}
	}
	(milder != NULL ? errors_warn : errors_add)(parser->errors, &at->place,
	    "%s = \"%.*s%s\": %s", key->name,
	    longer ? VALUE_SHOWN - 3 : VALUE_SHOWN, at->text,
	    longer ? "..." : "", milder != NULL ? milder : why);
}

/* ---- going on behind an error ---- */

/* Where a text in quotes has just swallowed lines, because its own closing
 * quote is missing: say so instead of what follows from it, and go on behind
 * the line it begins in. */
static bool
is_runaway(struct parser *parser, const struct token *token)
{
	const struct token quoted = *token;

	if (!quoted.runaway) {
		return false;
	}
	errors_add_lost(parser->errors, &quoted.place,
	    "this quote is not closed in its line");
	lexer_skip_line(parser->lexer, &quoted);
	lexer_next(parser->lexer);
	return true;
}

/* Something else was expected than the token at hand. */
static void __attribute__((format(printf, 2, 3)))
expected(struct parser *parser, const char *format, ...)
{
	struct lexer *lexer = parser->lexer;
	char what[ERRORS_WHAT_SIZE];
	va_list args;

	if (is_runaway(parser, &lexer->before) ||
	    is_runaway(parser, &lexer->now)) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	errors_add_lost(parser->errors, &lexer->now.place, "%s",
	    lexer->now.kind == TOKEN_WRONG ? lexer->now.text : what);
	lexer_skip_statement(parser->lexer);
}

/* Go on behind the text or the block at hand. */
static void
skip_value(struct parser *parser)
{
	const struct token open = parser->lexer->now;

	if (open.kind == TOKEN_TEXT) {
		lexer_next(parser->lexer);
	} else if (open.kind == TOKEN_OPEN &&
		   !lexer_skip_block(parser->lexer)) {
		complain_of_open(parser, &open.place);
	}
}

/* ---- settings ---- */

/* The text at hand is a value: read it. */
static void
read_value(struct parser *parser, const struct key *key, void *base)
{
	struct lexer *lexer = parser->lexer;
	const bool no_word = key->words != NULL &&
			     words_find(key->words, lexer->now.text) ==
				 key->words->count;
	const char *wrong = no_word ? NULL
				    : grammar_set(key, base, lexer->now.text);

	if (no_word || wrong != NULL) {
		if (is_runaway(parser, &lexer->now)) {
			return;
		}
		complain_of_value(parser, key, wrong);
	}
	lexer_next(lexer);
}

/* The brace of a list is at hand. */
static void
read_list(struct parser *parser, const struct key *key, void *base)
{
	struct lexer *lexer = parser->lexer;
	const struct token open = lexer->now;

	lexer_next(lexer);
	while (lexer->now.kind == TOKEN_TEXT) {
		read_value(parser, key, base);
		if (lexer->now.kind == TOKEN_COMMA) {
			lexer_next(lexer);
		} else if (lexer->now.kind == TOKEN_TEXT) {
			if (strchr("=+{", lexer_peek(lexer)) != NULL) {
				complain_of_open(parser, &open.place);
				return; /* a setting begins */
			}
			if (is_runaway(parser, &lexer->before)) {
				return;
			}
			errors_add_lost(parser->errors, &lexer->now.place,
			    "a comma is missing before this item");
		} else {
			break;
		}
	}
	if (lexer->now.kind == TOKEN_END) {
		complain_of_open(parser, &open.place);
	} else if (lexer->now.kind != TOKEN_CLOSE) {
		expected(parser, "this does not belong in a list");
	}
	if (lexer->now.kind == TOKEN_CLOSE) {
		lexer_next(lexer);
	}
}

/* The key's name is behind, at `at`. */
static void
read_setting(struct parser *parser, const struct key *key,
    const struct scope *scope, const struct place *at)
{
	struct lexer *lexer = parser->lexer;
	struct place *seen = &parser->seen[key - parser->grammar->keys];
	const struct token sign = lexer->now;
	const int errors = parser->errors->found;

	if (sign.kind != TOKEN_ADD && sign.kind != TOKEN_EQUAL) {
		expected(parser, "there is no = behind %s", key->name);
		return;
	}
	parser->errors->lost = false;
	lexer_next(lexer);
	if (sign.kind == TOKEN_ADD && !key->list) {
		errors_add(parser->errors, &sign.place,
		    "+= is for lists, and %s has one value", key->name);
	} else if (sign.kind == TOKEN_EQUAL && seen->line > 0) {
		errors_add_twice(parser->errors, at, key->name, seen);
	} else if (lexer->now.kind == TOKEN_OPEN && !key->list) {
		errors_add(parser->errors, &lexer->now.place,
		    "%s has one value, not a list", key->name);
	}
	if (parser->errors->found > errors) {
		skip_value(parser);
		return;
	}
	if (seen->line == 0) {
		*seen = lexer->now.place;
	}
	if (sign.kind == TOKEN_EQUAL && key->list) {
		grammar_empty(key, scope->base);
	}
	if (lexer->now.kind == TOKEN_TEXT) {
		read_value(parser, key, scope->base);
	} else if (lexer->now.kind == TOKEN_OPEN) {
		read_list(parser, key, scope->base);
	} else {
		expected(parser, "%s has no value", key->name);
	}
}

/* ---- what is unknown ---- */

static void
complain_of_unknown(struct parser *parser, const struct scope *scope,
    const char *name, const struct place *at)
{
	const struct grammar *grammar = parser->grammar;
	struct nearest nearest = { .written = name };
	const struct key *elsewhere = NULL;

	for (size_t i = grammar->count; i-- > 0;) {
		const struct key *key = &grammar->keys[i];

		if (strcmp(key->name, name) == 0) {
			elsewhere = key;
		}
		if (key == grammar_find(grammar, scope->name, key->name)) {
			nearest_offer(&nearest, key->name);
		} else if (scope->name == NULL) {
			nearest_offer(&nearest, key->section);
		}
	}
	if (elsewhere != NULL && elsewhere->section == NULL) {
		errors_add_lost(
		    parser->errors, at, "%s belongs outside of sections", name);
	} else if (elsewhere != NULL) {
		errors_add_lost(parser->errors, at,
		    "%s belongs in a section, such as %s", name,
		    elsewhere->section);
	} else if (nearest.word != NULL) {
		errors_add(parser->errors, at,
		    "unknown \"%s\", did you mean \"%s\"?", name, nearest.word);
	} else {
		errors_add(parser->errors, at, "unknown \"%s\"", name);
	}
}

/* Go on behind what follows an unknown name. */
static void
skip_unknown(struct parser *parser)
{
	struct lexer *lexer = parser->lexer;

	if (lexer->now.kind == TOKEN_EQUAL || lexer->now.kind == TOKEN_ADD) {
		lexer_next(lexer);
		skip_value(parser);
		return;
	}
	if (lexer->now.kind == TOKEN_TEXT && !lexer->now.leads) {
		lexer_next(lexer);
	}
	if (lexer->now.kind == TOKEN_OPEN) {
		skip_value(parser);
	} else {
		lexer_skip_statement(lexer);
	}
}

/* ---- sections ---- */

static void read_statement(struct parser *parser, const struct scope *scope);

/* Keep what is given here, its name copied, at the head of the list; false
 * after a complaint. */
static bool
keep(struct parser *parser, const char *section, const char *name,
    const struct place *at)
{
	struct given *given = malloc(sizeof(*given) + strlen(name) + 1);

	if (given == NULL) {
		errors_add(parser->errors, at, "out of memory");
		return false;
	}
	*given = (struct given){ parser->given, section, *at };
	memcpy(given->name, name, strlen(name) + 1);
	parser->given = given;
	return true;
}

/* Begin a section named at `at`, whose brace is at hand; false after a
 * complaint. */
static bool
begin_section(struct parser *parser, struct scope *scope,
    const struct grammar_section *section, const struct place *at)
{
	const char *title = scope->title != NULL ? scope->title : "";
	const struct given *given = parser->given;
	const char *wrong = NULL;

	while (given != NULL && (given->section == NULL ||
				    strcmp(given->section, scope->name) != 0 ||
				    strcmp(given->name, title) != 0)) {
		given = given->next;
	}
	if (given != NULL) {
		errors_add_twice(
		    parser->errors, at, scope->what, &given->place);
		return false;
	}
	if (!keep(parser, scope->name, title, at)) {
		return false;
	}
	if (scope->title != NULL) {
		scope->base = section->begin(
		    parser->target, scope->title, &wrong);
	}
	if (scope->base == NULL) {
		errors_add(parser->errors, at, "%s", wrong);
		return false;
	}
	/* Which keys the one before it had. */
	for (size_t i = 0; i < parser->grammar->count; i++) {
		const struct key *key = &parser->grammar->keys[i];

		if (key->section != NULL &&
		    strcmp(key->section, scope->name) == 0) {
			parser->seen[i].line = 0;
		}
	}
	return true;
}

/* Its closing brace is at hand, and nothing in it was wrong: are all keys
 * there, and does it hold together? */
static void
check_section(struct parser *parser, const struct scope *scope,
    const struct grammar_section *section)
{
	const struct grammar *grammar = parser->grammar;
	const int errors = parser->errors->found;
	const char *wrong = NULL;

	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];

		if (key->required && parser->seen[i].line == 0 &&
		    strcmp(key->section, scope->name) == 0) {
			errors_add(parser->errors, &parser->lexer->now.place,
			    "%s has no %s", scope->what, key->name);
		}
	}
	if (parser->errors->found == errors && section != NULL &&
	    section->end != NULL) {
		wrong = section->end(scope->base);
	}
	if (wrong != NULL) {
		const char *milder = text_after(wrong, GRAMMAR_WARNING);

		(milder != NULL ? errors_warn : errors_add)(parser->errors,
		    &parser->lexer->now.place, "%s: %s", scope->what,
		    milder != NULL ? milder : wrong);
	}
}

/* Whether another section begins at hand: the brace of this one is missing. */
static bool
begins_other(const struct parser *parser, const struct scope *scope)
{
	const struct lexer *lexer = parser->lexer;

	return lexer->now.kind == TOKEN_TEXT && lexer_peek(lexer) != '=' &&
	       grammar_find(parser->grammar, lexer->now.text, NULL) != NULL &&
	       grammar_find(parser->grammar, scope->name, lexer->now.text) ==
		   NULL;
}

/* The section's name is behind, at `at`. */
static void
read_section(struct parser *parser, const char *name, const struct place *at)
{
	struct lexer *lexer = parser->lexer;
	const struct grammar_section *section = grammar_section(
	    parser->grammar, name);
	struct scope scope = { .name = name, .base = parser->target };
	const int errors = parser->errors->found;
	struct token open;
	char title[NAME_SIZE];
	char what[2 * NAME_SIZE];
	struct text text;

	if (section != NULL && section->begin != NULL) {
		if (lexer->now.kind != TOKEN_TEXT) {
			expected(parser, "%s has no name: %s \"NAME\" { ... }",
			    name, name);
			return;
		}
		/* One that is cut is too long for any section. */
		(void)text_copy(title, sizeof(title), lexer->now.text);
		scope.title = title;
		lexer_next(lexer);
	}
	text_init(&text, what, sizeof(what));
	if (scope.title != NULL) {
		text_addf(&text, "%s \"%s\"", name, title);
	} else {
		text_addf(&text, "section %s", name);
	}
	scope.what = what;
	open = lexer->now;
	if (open.kind != TOKEN_OPEN) {
		expected(parser, "section %s begins with a brace: %s { ... }",
		    name, name);
		return;
	}
	parser->errors->lost = false;
	if (!begin_section(parser, &scope, section, at)) {
		skip_value(parser);
		return;
	}
	lexer_next(lexer);
	while (lexer->now.kind != TOKEN_CLOSE && lexer->now.kind != TOKEN_END &&
	       !begins_other(parser, &scope)) {
		read_statement(parser, &scope);
	}
	if (lexer->now.kind != TOKEN_CLOSE) {
		complain_of_open(parser, &open.place);
		return;
	}
	if (parser->errors->found == errors) {
		check_section(parser, &scope, section);
	}
	lexer_next(lexer);
}

/* ---- files ---- */

static void
read_file(struct parser *parser, const char *file, const char *text)
{
	const struct scope top = { .base = parser->target };
	struct lexer *outer = parser->lexer;
	struct lexer lexer;

	lexer_open(&lexer, file, text);
	parser->lexer = &lexer;
	while (lexer.now.kind != TOKEN_END) {
		read_statement(parser, &top);
	}
	lexer_close(&lexer);
	parser->lexer = outer;
}

/* "include" is behind, at `at`. */
static void
read_include(struct parser *parser, const struct place *at)
{
	struct lexer *lexer = parser->lexer;
	char path[CONF_PATH_SIZE] = "";
	char why[FILE_WHY_SIZE];
	bool fits = true;
	char *text;

	if (lexer->now.kind == TOKEN_PAREN) {
		lexer_next(lexer);
		if (lexer->now.kind == TOKEN_TEXT &&
		    lexer->now.text[0] != '\0') {
			fits = file_beside(
			    at->file, lexer->now.text, path, sizeof(path));
			lexer_next(lexer);
		}
	}
	if (path[0] == '\0' || lexer->now.kind != TOKEN_ENDING) {
		expected(parser, "include takes the name of one file");
		return;
	}
	lexer_next(lexer);
	if (!fits) {
		errors_add(
		    parser->errors, at, "the included file's name is too long");
	} else if (parser->stopped) {
		return; /* it was told */
	} else if (parser->depth >= PARSE_DEPTH_MAX) {
		parser->stopped = true;
		errors_add(
		    parser->errors, at, "files include one another too deeply");
	} else if (parser->files >= PARSE_FILES_MAX) {
		parser->stopped = true;
		errors_add(parser->errors, at, "too many files are included");
	} else if ((text = file_read_text(path, PARSE_SIZE_MAX, why)) == NULL) {
		errors_add(
		    parser->errors, at, "include(\"%s\"): %s", path, why);
	} else {
		parser->depth++;
		parser->files++;
		if (keep(parser, NULL, path, at)) {
			read_file(parser, parser->given->name, text);
		}
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is kept */
		parser->depth--;
		free(text);
	}
}

/* A setting, a section or an include, at hand. */
static void
read_statement(struct parser *parser, const struct scope *scope)
{
	struct lexer *lexer = parser->lexer;
	const struct grammar *grammar = parser->grammar;
	const struct token at = lexer->now;
	const struct key *key;
	const struct key *section;
	char name[NAME_SIZE];

	if (at.kind == TOKEN_CLOSE) {
		errors_add_lost(
		    parser->errors, &at.place, "this brace closes nothing");
		lexer_next(lexer);
		return;
	}
	if (at.kind != TOKEN_TEXT) {
		expected(parser, "no setting begins like this");
		return;
	}
	(void)text_copy(name, sizeof(name), at.text);
	key = grammar_find(grammar, scope->name, name);
	section = scope->name == NULL ? grammar_find(grammar, name, NULL)
				      : NULL;
	lexer_next(lexer);
	if (key != NULL) {
		read_setting(parser, key, scope, &at.place);
	} else if (section != NULL) {
		read_section(parser, section->section, &at.place);
	} else if (scope->name == NULL && grammar->include &&
		   strcmp(name, "include") == 0) {
		read_include(parser, &at.place);
	} else if (!is_runaway(parser, &at)) {
		complain_of_unknown(parser, scope, name, &at.place);
		skip_unknown(parser);
	}
}

bool
parse_text(const struct grammar *grammar, void *target, const char *file,
    const char *text, struct parse_place *places, size_t count,
    struct errors *errors)
{
	struct parser parser = {
		.grammar = grammar, .target = target, .errors = errors
	};
	const int found = errors->found;
	const char *wrong = NULL;
	struct given *next;

	errors->lost = false;
	read_file(&parser, file, text);
	if (errors->found == found && grammar->end != NULL) {
		wrong = grammar->end(target);
	}
	if (wrong != NULL) {
		errors_add(errors, &(struct place){ file, 1, 1 }, "%s", wrong);
	}
	errors_end(errors, file);
	for (size_t i = 0; i < count; i++) {
		struct parse_place *place = &places[i];
		const struct place
		    *seen = &parser.seen[grammar_find(grammar, place->section,
					     place->key) -
					 grammar->keys];

		place->line = seen->line;
		place->column = seen->column;
		(void)text_copy(place->file, sizeof(place->file),
		    seen->line > 0 ? seen->file : file);
	}
	for (struct given *given = parser.given; given != NULL; given = next) {
		next = given->next;
		free(given);
	}
	return errors->found == found;
}
