#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/conf.h"
#include "conf/grammar.h"
#include "rules/log_rule.h"

/* The .rule files beside this one, by scripts/embed. */
extern const struct embedded rule_files[];

static const char *const findings[] = {
	[FINDING_NOTHING] = "nothing",
	[FINDING_OFFENCE] = "offence",
	[FINDING_LOGIN] = "login",
	[FINDING_QUEUE] = "queue",
	[FINDING_SESSION] = "session",
	[FINDING_SENT] = "sent",
	[FINDING_SUPPRESSED] = "suppressed",
};
static const struct words finding_words = WORDS_OF(findings);

static const char *const answers[] = {
	[MILTER_BLIND] = "no",
	[MILTER_SAW] = "yes",
	[MILTER_NEVER] = "never",
};
static const struct words answer_words = WORDS_OF(answers);

const char *
finding_word(enum finding_what what)
{
	return findings[what];
}

/* ---- the keys of a rule ---- */

/* A source, or with a list a daemon's tag. */
static const char *
set_word(const struct key *key, void *field, const char *value)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (key->list &&
	    (value[0] == '\0' || strpbrk(value, " \t\r\n:[]") != NULL)) {
		return "is no daemon's tag, which holds no blank, ':' or "
		       "bracket";
	}
	if (!key->list &&
	    (value[0] == '\0' || value[strspn(value, word)] != '\0')) {
		return "must be a word of a-z, 0-9 and '-'";
	}
	return text_copy(field, key->size, value) ? NULL : "is too long";
}

static const char *
set_pattern(const struct key *key, void *field, const char *value)
{
	(void)key;
	return pattern_compile(value, field);
}

#define RULE(member)                                                           \
	.section = "rule", .offset = offsetof(struct log_rule, member),        \
	.size = sizeof(((struct log_rule *)0)->member)
#define LIST(member, type)                                                     \
	.section = "rule", .list = true, .most = RULE_LIST_MAX,                \
	.offset = offsetof(struct log_rule, member) + offsetof(type, item),    \
	.size = sizeof(((type *)0)->item[0]),                                  \
	.count = offsetof(struct log_rule, member) + offsetof(type, items)

static const struct key keys[] = {
	{ .name = "source",
	    .def = "log",
	    .set = set_word,
	    .offset = offsetof(struct rules, source),
	    .size = RULE_SOURCE_SIZE },
	{ RULE(about), .name = "about", .set = field_text, .min = 1,
	    .required = true },
	{ LIST(tags, struct rule_tags), .name = "tags", .set = set_word,
	    .required = true },
	{ LIST(not_tags, struct rule_tags), .name = "not-tags",
	    .set = set_word },
	{ LIST(submission, struct rule_tags), .name = "submission-tags",
	    .set = set_word },
	{ LIST(match, struct rule_patterns), .name = "match",
	    .set = set_pattern, .required = true },
	{ LIST(not_match, struct rule_patterns), .name = "not-match",
	    .set = set_pattern },
	{ RULE(what), .name = "finding", .def = "offence", .set = field_word,
	    .words = &finding_words },
	{ RULE(kind), .name = "kind", .set = field_word, .words = &kind_words },
	{ RULE(events), .name = "events", .def = "1", .set = field_int,
	    .min = 1, .max = RULES_EVENTS_MAX },
	{ RULE(milter_saw), .name = "milter-saw", .def = "no",
	    .set = field_word, .words = &answer_words },
};

#undef RULE
#undef LIST

/* ---- rules ---- */

static const struct grammar grammar;

static void *
begin_rule(void *target, const char *title, const char **wrong)
{
	/* Told before this returns to the next name. */
	static _Thread_local char taken[RULE_FILE_SIZE + 40];
	struct rules *rules = target;
	size_t len = strlen(title);
	struct log_rule **grown;
	struct log_rule *rule;
	const char *slash;

	if (len == 0 || len >= RULES_NAME_SIZE ||
	    strspn(title, TEXT_ALNUM "_-") != len) {
		*wrong = "a rule's name is 1 to 64 letters, digits, '-' and "
			 "'_'";
		return NULL;
	}
	for (size_t i = 0; i < rules->rules; i++) {
		if (strcmp(rules->rule[i]->name, title) == 0) {
			(void)text_print(taken, sizeof(taken),
			    "there is a rule of this name in %s",
			    rules->rule[i]->file);
			*wrong = taken;
			return NULL;
		}
	}
	*wrong = "out of memory";
	grown = reallocarray(
	    rules->rule, rules->rules + 1, sizeof(struct log_rule *));
	if (grown == NULL) {
		return NULL;
	}
	rules->rule = grown;
	rule = calloc(1, sizeof(*rule));
	if (rule == NULL) {
		return NULL;
	}
	rules->rule[rules->rules++] = rule;
	grammar_defaults(&grammar, "rule", rule);
	rule->kind = KIND_COUNT;
	(void)text_copy(rule->name, sizeof(rule->name), title);
	(void)text_copy(rule->file, sizeof(rule->file), rules->file);
	slash = strrchr(rule->file, '/');
	(void)text_copy(rule->stem, sizeof(rule->stem),
	    slash != NULL ? slash + 1 : rule->file);
	rule->stem[strcspn(rule->stem, ".")] = '\0';
	*wrong = NULL;
	return rule;
}

static const char *
end_rule(void *section)
{
	const struct log_rule *rule = section;

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
	for (size_t i = 0; i < rule->match.items; i++) {
		const struct pattern *pattern = &rule->match.item[i];

		if (pattern->group[GROUP_IP][0] == 0 &&
		    rule->what != FINDING_SUPPRESSED &&
		    rule->what != FINDING_NOTHING) {
			return "a pattern does not say where the address is: "
			       "{client}, {ip} or (?<ip>...)";
		}
		if (pattern->group[GROUP_QUEUE][0] == 0 &&
		    (rule->what == FINDING_QUEUE ||
			rule->what == FINDING_SENT)) {
			return "a pattern does not say where the queue id is: "
			       "{queue} or (?<queue>...)";
		}
	}
	return NULL;
}

static const struct grammar_section sections[] = {
	{ .name = "rule", .begin = begin_rule, .end = end_rule },
};

static const struct grammar grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
};

/* ---- which daemons ---- */

static bool
is_one_of(const struct rule_tags *tags, const char *tag)
{
	for (size_t i = 0; i < tags->items; i++) {
		if (fnmatch(tags->item[i], tag, FNM_NOESCAPE) == 0) {
			return true;
		}
	}
	return false;
}

bool
log_rule_wants(const struct log_rule *rule, const char *tag)
{
	return is_one_of(&rule->tags, tag) && !is_one_of(&rule->not_tags, tag);
}

enum service
log_rule_service(const struct log_rule *rule, const char *tag)
{
	return rule->submission.items == 0         ? SERVICE_ANY
	       : is_one_of(&rule->submission, tag) ? SERVICE_SUBMISSION
						   : SERVICE_MX;
}

void
rules_each(const struct rules *rules,
    void (*each)(void *to, const struct rules_info *info), void *to)
{
	for (size_t i = 0; i < rules->rules; i++) {
		const struct log_rule *rule = rules->rule[i];
		const size_t tagged = rule->tags.items;
		char tags[2048];
		struct text text;

		text_init(&text, tags, sizeof(tags));
		for (size_t j = 0; j < tagged + rule->not_tags.items; j++) {
			text_addf(&text, "%s%s",
			    j == 0        ? ""
			    : j < tagged  ? ", "
			    : j == tagged ? ", but not "
					  : " or ",
			    j < tagged ? rule->tags.item[j]
				       : rule->not_tags.item[j - tagged]);
		}
		each(to, &(struct rules_info){ .name = rule->name,
			     .file = rule->file,
			     .tags = tags,
			     .what = rule->what,
			     .kind = rule->kind,
			     .about = rule->about });
	}
}

/* ---- one file ---- */

static bool
fail(char error[static RULES_ERROR_SIZE], const char *name, const char *why)
{

	(void)text_print(error, RULES_ERROR_SIZE, "%s: %s", name, why);
	return false;
}

bool
rule_file_read(struct rules *rules, const char *file, const char *text,
    char error[static RULES_ERROR_SIZE])
{
	size_t first = rules->rules;
	struct errors errors;

	_Static_assert((int)RULES_ERROR_SIZE == (int)CONF_ERROR_SIZE,
	    "a complaint is handed on as it is");
	rules->file = file;
	grammar_defaults(&grammar, NULL, rules);
	errors_init(&errors, error, RULES_ERROR_SIZE);
	if (!grammar_read(&grammar, rules, file, text, NULL, &errors)) {
		return false;
	}
	for (size_t i = first; i < rules->rules; i++) {
		struct log_rule *rule = rules->rule[i];

		(void)text_copy(
		    rule->source, sizeof(rule->source), rules->source);
		rules->patterns += rule->match.items;
	}
	return rules->patterns <= RULE_PATTERNS_MAX ||
	       fail(error, file,
		   "with this file there are more than 512 patterns");
}

static void
clear_patterns(struct rule_patterns *patterns)
{
	while (patterns->items > 0) {
		pcre2_code_free(patterns->item[--patterns->items].code);
	}
}

void
rule_file_clear(struct rules *rules)
{
	for (size_t i = 0; i < rules->rules; i++) {
		clear_patterns(&rules->rule[i]->match);
		clear_patterns(&rules->rule[i]->not_match);
		free(rules->rule[i]);
	}
	free(rules->rule);
	free(rules->probe);
	*rules = (struct rules){ 0 };
}

/* ---- the set ---- */

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
is_rule_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".rule") == 0;
}

/* By byte, whatever the locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Read the folder's and the shipped files, both in the order of bytes; one of
 * the folder takes the place of the shipped one of its name. */
static bool
read_files(struct rules *rules, const char *folder, struct dirent *const *entry,
    int entries, char error[static RULES_ERROR_SIZE])
{
	const struct embedded *shipped = rule_files;
	bool fine = true;

	while (fine && (entries > 0 || shipped->name != NULL)) {
		char path[RULE_FILE_SIZE];
		char why[FILE_WHY_SIZE] = "its name is too long";
		int order = entries == 0 ? 1 : -1;
		struct text out;
		char *text;

		if (entries > 0 && shipped->name != NULL) {
			order = strcmp(entry[0]->d_name, shipped->name);
		}
		text_init(&out, path, sizeof(path));
		if (order > 0) {
			text_addf(&out, "%s (built in)", shipped->name);
			fine = rule_file_read(
			    rules, path, shipped->data, error);
			shipped++;
			continue;
		}
		if (is_rule_file(entry[0])) {
			text_addf(&out, "%s/%s", folder, entry[0]->d_name);
			text = out.cut ? NULL
				       : file_read_text(
					     path, GRAMMAR_FILE_MAX, why);
			fine = text != NULL
				   ? rule_file_read(rules, path, text, error)
				   : fail(error, path, why);
			free(text);
		}
		shipped += order == 0;
		entry++;
		entries--;
	}
	return fine;
}

struct rules *
rules_load(const char *folder, char error[static RULES_ERROR_SIZE])
{
	struct rules *rules = calloc(1, sizeof(*rules));
	struct dirent **entry = NULL;
	int entries = folder != NULL && folder[0] != '\0'
			  ? scandir(folder, &entry, is_shown, by_name)
			  : 0;
	/* One that does not exist holds none. */
	bool fine = entries >= 0 || errno == ENOENT ||
		    fail(error, folder, strerrordesc_np(errno));
	struct text warnings;
	size_t n = 0;

	entries = entries > 0 ? entries : 0;
	if (rules == NULL) {
		fine = fail(error, "rules", "out of memory");
	}
	fine = fine && read_files(rules, folder, entry, entries, error);
	if (fine) {
		text_init(&warnings, error, RULES_ERROR_SIZE);
	}
	for (int i = 0; i < entries; i++) {
		if (fine && !is_rule_file(entry[i]) &&
		    entry[i]->d_type != DT_DIR) {
			text_addf(&warnings,
			    "%s%s/%s: warning: not read, because its name does "
			    "not end in .rule",
			    warnings.len > 0 ? "\n" : "", folder,
			    entry[i]->d_name);
		}
		free(entry[i]);
	}
	free(entry);
	if (fine) {
		rules->probe = calloc(
		    rules->patterns + 1, sizeof(*rules->probe));
		fine = rules->probe != NULL ||
		       fail(error, "rules", "out of memory");
	}
	if (!fine) {
		rules_free(rules);
		return NULL;
	}
	for (size_t i = 0; i < rules->rules; i++) {
		const struct log_rule *rule = rules->rule[i];

		for (size_t j = 0; j < rule->match.items; j++) {
			rules->probe[n++] = (struct probe){
				&rule->match.item[j], rule,
				rule->match.item[j].prefix[0]
			};
		}
	}
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules != NULL) {
		rule_file_clear(rules);
		free(rules);
	}
}
