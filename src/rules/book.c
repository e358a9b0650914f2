#include "rules/book.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/field.h"
#include "conf/grammar.h"
#include "conf/parse.h"

/* What a pattern must have to be of use for a finding. */
static const struct {
	const char *word;
	enum finding_what what;
	bool ip;
} findings[] = {
	{ "offence", FINDING_OFFENCE, true },
	{ "login", FINDING_LOGIN, true },
	{ "queue", FINDING_QUEUE, true },
	{ "session", FINDING_SESSION, true },
	{ "suppressed", FINDING_SUPPRESSED, false },
	{ "nothing", FINDING_NOTHING, false },
};

/* ---- the keys of a rule ---- */

static const char *
set_finding(const struct key *key, void *field, const char *value)
{
	(void)key;
	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
		if (strcmp(findings[i].word, value) == 0) {
			*(enum finding_what *)field = findings[i].what;
			return NULL;
		}
	}
	return "must be offence, login, queue, session, suppressed or "
	       "nothing";
}

static const char *
set_kind(const struct key *key, void *field, const char *value)
{
	(void)key;
	return kind_parse(value, field) ? NULL : "is no kind of event";
}

static const char *
set_yes(const struct key *key, void *field, const char *value)
{
	(void)key;
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		return "must be yes or no";
	}
	*(bool *)field = value[0] == 'y';
	return NULL;
}

static const char *
set_source(const struct key *key, void *field, const char *value)
{
	size_t len = strlen(value);

	if (strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") != len ||
	    len == 0) {
		return "must be a word of a-z, 0-9 and '-'";
	}
	return text_copy(field, key->size, value) ? NULL : "is too long";
}

static const char *
set_tags(const struct key *key, void *field, const char *value)
{
	(void)key;
	if (value == NULL) {
		tags_clear(field);
		return NULL;
	}
	return tags_add(field, value);
}

static void
clear_patterns(struct book_patterns *patterns)
{
	while (patterns->items > 0) {
		pattern_clear(&patterns->item[--patterns->items]);
	}
}

static const char *
set_patterns(const struct key *key, void *field, const char *value)
{
	/* Said before this returns to the next value. */
	static _Thread_local char wrong[PATTERN_ERROR_SIZE];
	struct book_patterns *patterns = field;

	(void)key;
	if (value == NULL) {
		clear_patterns(patterns);
		return NULL;
	}
	if (patterns->items == BOOK_MATCH_MAX) {
		return "is one too many: 24 are the most";
	}
	if (!pattern_compile(value, &patterns->item[patterns->items], wrong)) {
		return wrong;
	}
	patterns->items++;
	return NULL;
}

#define RULE(member)                                                           \
	.section = "rule", .offset = offsetof(struct book_rule, member),       \
	.size = sizeof(((struct book_rule *)0)->member)

static const struct key keys[] = {
	{ .name = "source",
	    .def = "log",
	    .set = set_source,
	    .offset = offsetof(struct book, source),
	    .size = BOOK_SOURCE_SIZE },
	{ RULE(about), .name = "about", .set = field_text, .min = 1,
	    .required = true },
	{ RULE(tags), .name = "tags", .set = set_tags, .list = true,
	    .required = true },
	{ RULE(not_tags), .name = "not-tags", .set = set_tags, .list = true },
	{ RULE(match), .name = "match", .set = set_patterns, .list = true,
	    .required = true },
	{ RULE(not_match), .name = "not-match", .set = set_patterns,
	    .list = true },
	{ RULE(what), .name = "finding", .def = "offence", .set = set_finding },
	{ RULE(kind), .name = "kind", .set = set_kind },
	{ RULE(events), .name = "events", .def = "1", .set = field_int,
	    .min = 1, .max = RULES_EVENTS_MAX },
	{ RULE(milter_saw), .name = "milter-saw", .def = "no", .set = set_yes },
};

#undef RULE

static const struct grammar grammar;

/* ---- rules ---- */

static void
free_rule(struct book_rule *rule)
{
	tags_clear(&rule->tags);
	tags_clear(&rule->not_tags);
	clear_patterns(&rule->match);
	clear_patterns(&rule->not_match);
	free(rule->tags_text);
	free(rule);
}

static struct book_rule *
add_rule(struct book *book, const char *name)
{
	struct book_rule **grown = realloc(
	    book->rule, (book->rules + 1) * sizeof(struct book_rule *));
	struct book_rule *rule = calloc(1, sizeof(*rule));

	if (grown != NULL) {
		book->rule = grown;
	}
	if (grown == NULL || rule == NULL) {
		free(rule);
		return NULL;
	}
	grammar_defaults(&grammar, "rule", rule);
	rule->kind = KIND_COUNT;
	(void)text_copy(rule->name, sizeof(rule->name), name);
	(void)text_copy(rule->file, sizeof(rule->file), book->file);
	book->rule[book->rules++] = rule;
	return rule;
}

static const char *
name_complaint(const struct book *book, const char *name)
{
	/* Said before this returns to the next name. */
	static _Thread_local char taken[BOOK_FILE_SIZE + 40];
	size_t len = strlen(name);
	struct text what;

	if (len == 0 || len >= RULES_NAME_SIZE ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_-") != len) {
		return "a rule's name is 1 to 64 letters, digits, '-' and '_'";
	}
	for (size_t i = 0; i < book->rules; i++) {
		if (strcmp(book->rule[i]->name, name) == 0) {
			text_init(&what, taken, sizeof(taken));
			text_addf(&what, "there is a rule of this name in %s",
			    book->rule[i]->file);
			return taken;
		}
	}
	return NULL;
}

static void *
begin_rule(void *target, const char *title, const char **wrong)
{
	struct book *book = target;
	struct book_rule *rule;

	*wrong = name_complaint(book, title);
	if (*wrong != NULL) {
		return NULL;
	}
	rule = add_rule(book, title);
	if (rule == NULL) {
		*wrong = "out of memory";
	}
	return rule;
}

static bool
needs_ip(enum finding_what what)
{
	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
		if (findings[i].what == what) {
			return findings[i].ip;
		}
	}
	return false;
}

static const char *
check_patterns(const struct book_rule *rule)
{
	for (size_t i = 0; i < rule->match.items; i++) {
		const struct pattern *pattern = &rule->match.item[i];

		if (needs_ip(rule->what) && pattern->group[GROUP_IP][0] == 0) {
			return "a pattern does not say where the address is: "
			       "{client}, {ip} or (?<ip>...)";
		}
		if (rule->what == FINDING_QUEUE &&
		    pattern->group[GROUP_QUEUE][0] == 0) {
			return "a pattern does not say where the queue id is: "
			       "{queue} or (?<queue>...)";
		}
	}
	return NULL;
}

static const char *
end_rule(void *section)
{
	const struct book_rule *rule = section;

	if (rule->what == FINDING_OFFENCE && rule->kind == KIND_COUNT) {
		return "an offence needs its kind";
	}
	if (rule->what != FINDING_OFFENCE && rule->kind != KIND_COUNT) {
		return "only an offence has a kind";
	}
	if (rule->tags.items == 0) {
		return "it looks at no daemon's lines: tags is empty";
	}
	if (rule->match.items == 0) {
		return "it matches no line: match is empty";
	}
	return check_patterns(rule);
}

static const struct section sections[] = {
	{ .name = "rule", .begin = begin_rule, .end = end_rule },
};

static const struct grammar grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
};

bool
book_rule_wants(const struct book_rule *rule, const char *tag, size_t len)
{
	return tags_fit(&rule->tags, tag, len) &&
	       !tags_fit(&rule->not_tags, tag, len);
}

/* ---- files ---- */

bool
book_read(struct book *book, const char *file, const char *text,
    char error[static RULES_ERROR_SIZE])
{
	size_t first = book->rules;

	_Static_assert((int)RULES_ERROR_SIZE == (int)CONF_ERROR_SIZE,
	    "a complaint is handed on as it is");
	book->file = file;
	grammar_defaults(&grammar, NULL, book);
	if (!parse_text(&grammar, book, file, text, NULL, error)) {
		return false;
	}
	for (size_t i = first; i < book->rules; i++) {
		struct book_rule *rule = book->rule[i];

		(void)text_copy(
		    rule->source, sizeof(rule->source), book->source);
		book->patterns += rule->match.items;
		rule->tags_text = tags_describe(&rule->tags, &rule->not_tags);
		if (rule->tags_text == NULL) {
			(void)text_copy(
			    error, RULES_ERROR_SIZE, "out of memory");
			return false;
		}
	}
	if (book->patterns > BOOK_PATTERNS_MAX) {
		struct text what;

		text_init(&what, error, RULES_ERROR_SIZE);
		text_addf(&what,
		    "%s:1: with this file there are more than %d patterns",
		    file, (int)BOOK_PATTERNS_MAX);
		return false;
	}
	return true;
}

void
book_clear(struct book *book)
{
	for (size_t i = 0; i < book->rules; i++) {
		free_rule(book->rule[i]);
	}
	free(book->rule);
	*book = (struct book){ 0 };
}
