#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/grammar.h"
#include "conf/token.h"

enum {
	VALUE_SHOWN = 80, /* bytes of a value in a complaint */
	WHAT_SIZE = VALUE_SHOWN + 32,
	DEPTH_MAX = 8, /* includes inside one another */
	SECTIONS_MAX = 1000
};

/* One run over a text and what it includes. */
struct parser {
	const struct grammar *grammar;
	void *target;
	struct errors *errors;
	struct lexer *lexer; /* of the file being read */
	int depth;
	struct place *seen; /* where each key's value is */
	struct {
		char what[WHAT_SIZE];
		struct place place;
	} section[SECTIONS_MAX]; /* that were given */
	size_t sections;
};

/* The section being read. */
struct scope {
	const char *name; /* NULL: the top */
	const char *what; /* "section web", "rule \"one\"" */
	void *base;       /* what its keys fill */
};

/* ---- complaints ---- */

static void
complain_of_open(struct parser *parser, const struct place *open)
{
	errors_lost(
	    parser->errors, open, "a brace that opens here is never closed");
}

/* `what` is given at two places. */
static void
complain_of_two(struct parser *parser, const char *what, const struct place *at,
    const struct place *first)
{
	const bool same = first->file == at->file;

	errors_add(parser->errors, at, "%s is given twice, first in %s%s%d",
	    what, same ? "line " : first->file, same ? "" : ":", first->line);
}

static void
complain_of_unknown(struct parser *parser, const struct scope *scope)
{
	const struct grammar *grammar = parser->grammar;
	const char *name = parser->lexer->value;
	const struct place *at = &parser->lexer->now.place;
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
		errors_lost(
		    parser->errors, at, "%s belongs outside of sections", name);
	} else if (elsewhere != NULL) {
		errors_lost(parser->errors, at,
		    "%s belongs in a section, such as %s", name,
		    elsewhere->section);
	} else if (nearest.word != NULL) {
		errors_add(parser->errors, at,
		    "unknown \"%.*s\", did you mean \"%s\"?", VALUE_SHOWN, name,
		    nearest.word);
	} else {
		errors_add(
		    parser->errors, at, "unknown \"%.*s\"", VALUE_SHOWN, name);
	}
}

/* ---- settings ---- */

/* Go on behind the text or the block at hand. */
static void
skip_value(struct parser *parser)
{
	const struct token open = parser->lexer->now;

	if (open.kind == TOKEN_TEXT) {
		lexer_next(parser->lexer);
	} else if (open.kind == '{' && !lexer_skip(parser->lexer, true)) {
		complain_of_open(parser, &open.place);
	}
}

/* The text at hand is a value: read it. */
static void
read_value(struct parser *parser, const struct key *key, void *base)
{
	const char *value = parser->lexer->value;
	const char *wrong = grammar_set(key, base, value);
	const char *milder = wrong != NULL ? text_after(wrong, GRAMMAR_WARNING)
					   : NULL;
	const bool longer = strlen(value) > VALUE_SHOWN;
	const char *meant = NULL;
	char why[ERRORS_WHAT_SIZE];
	struct text text;

	text_init(&text, why, sizeof(why));
	if (wrong == grammar_no_word) {
		text_add(&text, "must be ");
		words_list(&text, key->words);
		meant = words_nearest(key->words, value);
	} else if (wrong == grammar_full) {
		text_addf(&text, "%s: %zu are the most", wrong, key->most);
	} else if (wrong != NULL) {
		text_add(&text, milder != NULL ? milder : wrong);
	}
	if (meant != NULL) {
		text_addf(&text, ", did you mean \"%s\"?", meant);
	}
	if (wrong != NULL) {
		errors_say(parser->errors,
		    milder != NULL ? ERRORS_WARNING : ERRORS_PLAIN,
		    &parser->lexer->now.place, "%s = \"%.*s%s\": %s", key->name,
		    longer ? VALUE_SHOWN - 3 : VALUE_SHOWN, value,
		    longer ? "..." : "", why);
	}
	lexer_next(parser->lexer);
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
		if (lexer->now.kind == ',') {
			lexer_next(lexer);
		} else if (lexer->now.kind == TOKEN_TEXT) {
			if (strchr("=+{", lexer_peek(lexer)) != NULL) {
				complain_of_open(parser, &open.place);
				return; /* a setting begins */
			}
			errors_lost(parser->errors, &lexer->now.place,
			    "a comma is missing before this item");
		} else {
			break;
		}
	}
	if (lexer->now.kind == TOKEN_END) {
		complain_of_open(parser, &open.place);
	} else if (lexer->now.kind != '}') {
		errors_lost(parser->errors, &lexer->now.place,
		    "this does not belong in a list");
		(void)lexer_skip(lexer, false);
	}
	if (lexer->now.kind == '}') {
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

	if (sign.kind != '+' && sign.kind != '=') {
		errors_lost(parser->errors, &sign.place,
		    "there is no = behind %s", key->name);
		(void)lexer_skip(lexer, false);
		return;
	}
	parser->errors->lost = false;
	if (sign.kind == '+' && !key->list) {
		errors_add(parser->errors, &sign.place,
		    "+= is for lists, and %s has one value", key->name);
	} else if (sign.kind == '=' && seen->line > 0) {
		complain_of_two(parser, key->name, at, seen);
	}
	lexer_next(lexer);
	if (parser->errors->found == errors && lexer->now.kind == '{' &&
	    !key->list) {
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
	if (sign.kind == '=' && key->list && !parser->grammar->adds) {
		grammar_empty(key, scope->base);
	}
	if (lexer->now.kind == TOKEN_TEXT) {
		read_value(parser, key, scope->base);
	} else if (lexer->now.kind == '{') {
		read_list(parser, key, scope->base);
	} else {
		errors_lost(parser->errors, &lexer->now.place,
		    "%s has no value", key->name);
		(void)lexer_skip(lexer, false);
	}
}

/* ---- sections ---- */

static void read_statement(struct parser *parser, const struct scope *scope);

/* Begin a section named at `at`, whose brace is at hand; NULL after a
 * complaint, else what its keys fill. */
static void *
begin_section(struct parser *parser, const struct grammar_section *section,
    const struct scope *scope, const char *title, const struct place *at)
{
	const struct grammar *grammar = parser->grammar;
	const char *wrong = "there are too many sections";
	void *base = NULL;
	size_t i = 0;

	while (i < parser->sections &&
	       strcmp(parser->section[i].what, scope->what) != 0) {
		i++;
	}
	if (i < parser->sections) {
		complain_of_two(
		    parser, scope->what, at, &parser->section[i].place);
		return NULL;
	}
	if (i < SECTIONS_MAX) {
		(void)text_copy(
		    parser->section[i].what, WHAT_SIZE, scope->what);
		parser->section[i].place = *at;
		parser->sections++;
		base = section != NULL && section->begin != NULL
			   ? section->begin(parser->target, title, &wrong)
			   : parser->target;
	}
	if (base == NULL) {
		errors_add(parser->errors, at, "%s", wrong);
		return NULL;
	}
	/* Which keys the one before it had. */
	for (i = 0; i < grammar->count; i++) {
		if (key_is_of(&grammar->keys[i], scope->name)) {
			parser->seen[i].line = 0;
		}
	}
	return base;
}

/* Its closing brace is at hand, and nothing in it was wrong: are all keys
 * there, and does it hold together? */
static void
check_section(struct parser *parser, const struct scope *scope,
    const struct grammar_section *section)
{
	const struct grammar *grammar = parser->grammar;
	const struct place *at = &parser->lexer->now.place;
	const int errors = parser->errors->found;
	const char *wrong = NULL;
	const char *milder;

	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];

		if (key->required && parser->seen[i].line == 0 &&
		    key_is_of(key, scope->name)) {
			errors_add(parser->errors, at, "%s has no %s",
			    scope->what, key->name);
		}
	}
	if (parser->errors->found == errors && section != NULL &&
	    section->end != NULL) {
		wrong = section->end(scope->base);
	}
	if (wrong != NULL) {
		milder = text_after(wrong, GRAMMAR_WARNING);
		errors_say(parser->errors,
		    milder != NULL ? ERRORS_WARNING : ERRORS_PLAIN, at,
		    "%s: %s", scope->what, milder != NULL ? milder : wrong);
	}
}

/* Whether another section begins at hand: the brace of this one is missing. */
static bool
begins_other(const struct parser *parser, const struct scope *scope)
{
	const struct lexer *lexer = parser->lexer;

	return lexer->now.kind == TOKEN_TEXT && lexer_peek(lexer) != '=' &&
	       grammar_find(parser->grammar, lexer->value, NULL) != NULL &&
	       grammar_find(parser->grammar, scope->name, lexer->value) == NULL;
}

/* The section's name is behind, at `at`. */
static void
read_section(struct parser *parser, const char *name, const struct place *at)
{
	struct lexer *lexer = parser->lexer;
	const struct grammar_section *section = grammar_section(
	    parser->grammar, name);
	const int errors = parser->errors->found;
	char title[VALUE_SHOWN + 1] = "";
	char what[WHAT_SIZE];
	struct scope scope = { .name = name, .what = what };
	struct token open;
	struct text text;

	text_init(&text, what, sizeof(what));
	if (section != NULL && section->begin != NULL) {
		if (lexer->now.kind != TOKEN_TEXT) {
			errors_lost(parser->errors, &lexer->now.place,
			    "%s has no name: %s \"NAME\" { ... }", name, name);
			(void)lexer_skip(lexer, false);
			return;
		}
		/* One that is cut is too long for any section. */
		(void)text_copy(title, sizeof(title), lexer->value);
		text_addf(&text, "%s \"%s\"", name, title);
		lexer_next(lexer);
	} else {
		text_addf(&text, "section %s", name);
	}
	open = lexer->now;
	if (open.kind != '{') {
		errors_lost(parser->errors, &open.place,
		    "section %s begins with a brace: %s { ... }", name, name);
		(void)lexer_skip(lexer, false);
		return;
	}
	parser->errors->lost = false;
	scope.base = begin_section(parser, section, &scope, title, at);
	if (scope.base == NULL) {
		skip_value(parser);
		return;
	}
	lexer_next(lexer);
	while (lexer->now.kind != '}' && lexer->now.kind != TOKEN_END &&
	       !begins_other(parser, &scope)) {
		read_statement(parser, &scope);
	}
	if (lexer->now.kind != '}') {
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

	lexer_open(&lexer, file, text, parser->errors);
	parser->lexer = &lexer;
	while (lexer.now.kind != TOKEN_END) {
		read_statement(parser, &top);
	}
	parser->lexer = outer;
}

/* "include" is behind, at `at`. */
static void
read_include(struct parser *parser, const struct place *at)
{
	struct lexer *lexer = parser->lexer;
	struct errors *errors = parser->errors;
	char path[ERRORS_PATH_SIZE] = "";
	char why[FILE_WHY_SIZE];
	const char *wrong = NULL;
	char *text;

	if (lexer->now.kind == '(') {
		lexer_next(lexer);
		if (lexer->now.kind == TOKEN_TEXT && lexer->value[0] != '\0') {
			wrong = file_beside(
				    at->file, lexer->value, path, sizeof(path))
				    ? NULL
				    : "the included file's name is too long";
			lexer_next(lexer);
		}
	}
	if (path[0] == '\0' || lexer->now.kind != ')') {
		errors_lost(errors, &lexer->now.place,
		    "include takes the name of one file");
		(void)lexer_skip(lexer, false);
		return;
	}
	lexer_next(lexer);
	if (parser->depth == DEPTH_MAX) {
		wrong = "files include one another too deeply";
	} else if (errors->files == ERRORS_FILES_MAX) {
		wrong = "too many files are included";
	}
	if (wrong != NULL) {
		/* Every file that ends here would tell it again. */
		errors_lost(errors, at, "%s", wrong);
		return;
	}
	text = errors_read_file(errors, path, GRAMMAR_FILE_MAX, why);
	if (text == NULL) {
		errors_add(errors, at, "include(\"%s\"): %s", path, why);
		return;
	}
	parser->depth++;
	(void)text_copy(errors->file[errors->files], sizeof(path), path);
	read_file(parser, errors->file[errors->files++], text);
	parser->depth--;
	free(text);
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

	if (at.kind == '}') {
		errors_lost(
		    parser->errors, &at.place, "this brace closes nothing");
		lexer_next(lexer);
		return;
	}
	if (at.kind != TOKEN_TEXT) {
		errors_lost(
		    parser->errors, &at.place, "no setting begins like this");
		(void)lexer_skip(lexer, false);
		return;
	}
	key = grammar_find(grammar, scope->name, lexer->value);
	section = scope->name == NULL
		      ? grammar_find(grammar, lexer->value, NULL)
		      : NULL;
	if (key != NULL) {
		lexer_next(lexer);
		read_setting(parser, key, scope, &at.place);
		return;
	}
	if (section != NULL) {
		lexer_next(lexer);
		read_section(parser, section->section, &at.place);
		return;
	}
	if (scope->name == NULL && grammar->include &&
	    strcmp(lexer->value, "include") == 0) {
		lexer_next(lexer);
		read_include(parser, &at.place);
		return;
	}
	complain_of_unknown(parser, scope);
	lexer_next(lexer);
	if (lexer->now.kind == '=' || lexer->now.kind == '+') {
		lexer_next(lexer);
		skip_value(parser);
		return;
	}
	if (lexer->now.kind == TOKEN_TEXT && !lexer->now.leads) {
		lexer_next(lexer);
	}
	if (lexer->now.kind == '{') {
		skip_value(parser);
	} else {
		(void)lexer_skip(lexer, false);
	}
}

bool
grammar_read(const struct grammar *grammar, void *target, const char *file,
    const char *text, struct place *seen, struct errors *errors)
{
	const int found = errors->found;
	struct place unasked[GRAMMAR_KEYS_MAX];
	struct parser parser = { .grammar = grammar,
		.target = target,
		.errors = errors,
		.seen = seen != NULL ? seen : unasked };
	const char *wrong = NULL;

	memset(parser.seen, 0, sizeof(unasked));
	read_file(&parser, file, text);
	if (errors->found == found && grammar->end != NULL) {
		wrong = grammar->end(target);
	}
	if (wrong != NULL) {
		errors_add(errors, &(struct place){ file, 1, 1 }, "%s", wrong);
	}
	errors_end(errors, file);
	return errors->found == found;
}
