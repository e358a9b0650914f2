#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/grammar.h"
#include "conf/language.h"
#include "core/reputation.h"

enum {
	DAY_SECONDS = 24 * 3600
};

/* What videur.conf names and lies in a file of its own. */
struct named {
	const char *what;
	const char *folder; /* beside videur.conf */
	const struct embedded *built_in;
	const struct grammar *grammar;
};

/* By scripts/embed. */
extern const struct embedded policy_files[];
extern const struct embedded scanner_files[];

static const struct named policies = { "policy", "policies", policy_files,
	&keys_of_policy };
static const struct named scanners = { "scanner", "scanners", scanner_files,
	&keys_of_scanner };

bool
conf_is_policy_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < CONF_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* "spam" of "spam.conf". */
static void
name_of(const struct embedded *file, char name[static CONF_NAME_SIZE])
{
	struct text text;

	text_init(&text, name, CONF_NAME_SIZE);
	text_add_bytes(&text, file->name, strcspn(file->name, "."));
}

void
conf_policy_each(void (*each)(void *to, const char *name), void *to)
{
	for (size_t i = 0; policy_files[i].name != NULL; i++) {
		char name[CONF_NAME_SIZE];

		name_of(&policy_files[i], name);
		each(to, name);
	}
}

/* There is no FOLDER/NAME.conf at `path` and none built in. */
static void
complain_of_name(const struct named *of, const char *name, const char *path,
    const struct place *at, struct errors *errors)
{
	struct nearest nearest = { .written = name };
	char built_in[8][CONF_NAME_SIZE];

	for (size_t i = 0; i < 8 && of->built_in[i].name != NULL; i++) {
		name_of(&of->built_in[i], built_in[i]);
		nearest_offer(&nearest, built_in[i]);
	}
	errors_add(errors, at,
	    "no %s \"%s\": there is no %s, and none of that name is built "
	    "in%s%s%s",
	    of->what, name, path,
	    nearest.word != NULL ? ", did you mean \"" : "",
	    nearest.word != NULL ? nearest.word : "",
	    nearest.word != NULL ? "\"?" : "");
}

enum file_result {
	READ_MISSING, /* there is none, which is not told */
	READ_DENIED,
	READ_DONE
};

/* Read a file into `target`. */
static enum file_result
read_file(const struct grammar *grammar, const char *path, void *target,
    struct place *seen, struct errors *errors)
{
	const struct place whole = { .file = path };
	char why[FILE_WHY_SIZE];
	char *text = errors_read_file(errors, path, GRAMMAR_FILE_MAX, why);

	if (text == NULL && (errno == ENOENT || errno == ENOTDIR)) {
		return READ_MISSING;
	}
	if (text == NULL) {
		errors_add(errors, &whole, "%s", why);
		return READ_DENIED;
	}
	(void)grammar_read(grammar, target, path, text, seen, errors);
	free(text);
	return READ_DONE;
}

/* Read FOLDER/NAME.conf beside `conf_path`, else the one built in, into
 * `target`, which holds the defaults; `at` is where it was named, or NULL. */
static void
load_named(const struct named *of, const char *name, const char *conf_path,
    const struct place *at, void *target, struct errors *errors)
{
	char below[CONF_NAME_SIZE + 16];
	char path[CONF_PATH_SIZE];
	char file[CONF_PATH_SIZE];
	const struct embedded *built_in;

	if (!conf_is_policy_name(name)) {
		errors_add(errors, at,
		    "a %s's name is 1 to 32 of a-z, 0-9 and '-'", of->what);
		return;
	}
	(void)text_print(below, sizeof(below), "%s/%s.conf", of->folder, name);
	if (!file_beside(conf_path, below, path, sizeof(path))) {
		errors_add(
		    errors, at, "%s: its folder's name is too long", below);
		return;
	}
	if (read_file(of->grammar, path, target, NULL, errors) !=
	    READ_MISSING) {
		return;
	}
	built_in = embedded_find(of->built_in, strchr(below, '/') + 1);
	if (built_in == NULL) {
		complain_of_name(of, name, path, at, errors);
		return;
	}
	(void)text_print(file, sizeof(file), "%s.conf (built in)", name);
	(void)grammar_read(
	    of->grammar, target, file, built_in->data, NULL, errors);
}

static void
load_policy(const char *name, const char *conf_path, const struct place *at,
    struct policy *policy, struct errors *errors)
{
	*policy = (struct policy){ 0 };
	grammar_defaults(&keys_of_policy, NULL, policy);
	(void)text_copy(policy->name, sizeof(policy->name), name);
	load_named(&policies, name, conf_path, at, policy, errors);
}

bool
conf_policy(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	struct errors errors;

	errors_init(&errors, error, CONF_ERROR_SIZE);
	load_policy(name, conf_path == NULL ? CONF_DEFAULT_FILE : conf_path,
	    NULL, policy, &errors);
	return errors.found == 0;
}

/* ---- videur.conf ---- */

/* One run of conf_load(). */
struct loading {
	const struct grammar *grammar;
	struct errors errors;
	struct place seen[GRAMMAR_KEYS_MAX];
	struct place whole; /* the file as such */
};

/* Where a key's value is; where it was not given, the policy's. */
static const struct place *
where(const struct loading *load, const char *section, const char *name)
{
	const struct grammar *grammar = load->grammar;
	const struct place
	    *at = &load->seen[grammar_find(grammar, section, name) -
			      grammar->keys];

	if (at->line > 0) {
		return at;
	}
	return section != NULL ? where(load, NULL, "policy") : &load->whole;
}

/* Whether what the policy looks back at is still there. */
static void
check_kept(const struct conf *conf, struct loading *load)
{
	enum {
		ROWS = 3
	};
	const struct {
		const char *key, *what, *kept;
		int64_t seconds;
	} keep[ROWS] = {
		{ "events", "events", "they", conf->keep_events },
		{ "tallies", "accepted messages", "they", conf->keep_tallies },
		/* Without these, what they answered counts again. */
		{ "bans", "events", "the bans they led to",
		    conf->policy.memory + conf->keep_bans },
	};

	for (size_t i = 0; i < ROWS * conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i / ROWS];
		char within[DURATION_TEXT_SIZE];
		const size_t row = i % ROWS;

		if (rule->within > keep[row].seconds &&
		    (row != 1 || rule->ratio > 0 || rule->credit > 0)) {
			errors_warn(&load->errors,
			    where(load, "keep", keep[row].key),
			    "rule \"%s\" of policy \"%s\" counts %s of %s, "
			    "and %s are kept for less: see %s in keep { }",
			    rule->name, conf->policy.name, keep[row].what,
			    text_from_setting(rule->within, within),
			    keep[row].kept, keep[row].key);
		}
	}
	if (conf->keep_daily < DAY_SECONDS) {
		errors_warn(&load->errors, where(load, "keep", "daily"),
		    "daily: status and doctor look at today and yesterday");
	}
	if (conf->keep_tallies < REPUTATION_SPAN) {
		errors_warn(&load->errors, where(load, "keep", "tallies"),
		    "tallies: the brake and reputations look back 30d");
	}
}

/* What is fine by itself and does not go together. */
static void
check(const struct conf *conf, struct loading *load)
{
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const char *why = NULL;

		if (conf->source[kind] != CONF_MILTER) {
			continue;
		}
		if (strcmp(kind_source(kind), "milter") != 0) {
			why = "the milter never sees that, so none is counted";
		} else if ((kind == KIND_SPAM || kind == KIND_VIRUS) &&
			   conf->milter.spam_header.items == 0 &&
			   conf->milter.virus_header.items == 0) {
			why = "no header is trusted, so none is counted; name "
			      "the scanner: milter { scanner = {...} }";
		}
		if (why != NULL) {
			errors_warn(&load->errors,
			    where(load, "sources", kind_name(kind)),
			    "%s = milter: %s", kind_name(kind), why);
		}
	}
	check_kept(conf, load);
}

/* The language of a setting is one whose file is there. */
static void
check_language(const struct language_list *list, const char *key,
    const char *tag, struct loading *load)
{
	char buf[LANGUAGES_MAX * (LANGUAGE_TAG_SIZE + 2)];
	struct text there;

	text_init(&there, buf, sizeof(buf));
	for (size_t i = 0; i < list->count; i++) {
		text_addf(&there, "%s%s", i > 0 ? ", " : "", list->tag[i]);
	}
	if (!language_list_has(list, tag)) {
		errors_add(&load->errors, where(load, "web", key),
		    "%s: there is no language \"%s\", which would be a file "
		    "%s.phrases in the folder templates; there are %s",
		    key, tag, tag, buf);
	}
}

static void
check_languages(const struct conf *conf, struct loading *load)
{
	struct language_list list;

	language_list(conf->web.templates, &list);
	for (size_t i = 0; i < conf->web.languages.items; i++) {
		check_language(
		    &list, "languages", conf->web.languages.item[i], load);
	}
	for (size_t i = 0; i < LANGUAGES_MAX; i++) {
		const char *tag = conf->web.paragraph_in[i].tag;
		char key[LANGUAGE_TAG_SIZE + 16];

		if (tag[0] != '\0') {
			(void)text_print(key, sizeof(key), "paragraph-%s", tag);
			check_language(&list, key, tag, load);
		}
	}
}

/* With what `load` has for a draft. */
static struct conf *
load_conf(
    const char *path, struct loading *load, char error[static CONF_ERROR_SIZE])
{
	const char *draft_of = load->errors.draft_of;
	const char *draft = load->errors.draft;
	const char *file = path == NULL ? CONF_DEFAULT_FILE : path;
	struct errors *errors = &load->errors;
	struct conf *conf = calloc(1, sizeof(*conf));
	char name[CONF_NAME_SIZE];
	enum file_result result;

	*load = (struct loading){ .grammar = keys_of_conf(),
		.whole.file = file };
	errors_init(errors, error, CONF_ERROR_SIZE);
	errors->draft_of = draft_of;
	errors->draft = draft;
	if (conf == NULL) {
		errors_add(errors, NULL, "out of memory");
		return NULL;
	}
	conf->references = 1;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		conf->source[kind] = CONF_UNSAID;
	}
	grammar_defaults(load->grammar, NULL, conf);
	result = read_file(load->grammar, file, conf, load->seen, errors);
	if (result == READ_MISSING && path != NULL) {
		errors_add(errors, &load->whole, "%s", strerrordesc_np(errno));
	}
	if (result == READ_DENIED || (result == READ_MISSING && path != NULL)) {
		return conf;
	}
	for (size_t i = 0; i < conf->scanners; i++) {
		load_named(&scanners, conf->scanner[i], file,
		    where(load, "milter", "scanner"), conf, errors);
	}
	(void)text_copy(name, sizeof(name), conf->policy.name);
	load_policy(
	    name, file, where(load, NULL, "policy"), &conf->policy, errors);
	check_languages(conf, load);
	if (errors->found == 0) {
		check(conf, load);
	}
	return conf;
}

struct conf *
conf_read(const char *path, bool *fine, char error[static CONF_ERROR_SIZE])
{
	return conf_read_draft(path, NULL, NULL, fine, error);
}

struct conf *
conf_read_draft(const char *path, const char *file, const char *text,
    bool *fine, char error[static CONF_ERROR_SIZE])
{
	struct loading load = { .errors.draft_of = file, .errors.draft = text };
	struct conf *conf = load_conf(path, &load, error);

	*fine = conf != NULL && load.errors.found == 0;
	return conf;
}

struct conf *
conf_load(const char *path, char error[static CONF_ERROR_SIZE])
{
	bool fine;
	struct conf *conf = conf_read(path, &fine, error);

	if (!fine) {
		conf_drop(conf);
		return NULL;
	}
	return conf;
}

bool
conf_find(const char *path, const char *name, struct conf_place *out,
    char error[static CONF_ERROR_SIZE])
{
	struct loading load = { .grammar = NULL };
	struct conf *conf = load_conf(path, &load, error);
	const bool fine = conf != NULL && load.errors.found == 0;
	const struct key *key = grammar_find(load.grammar, NULL, name);

	*out = (struct conf_place){ .line = 0 };
	if (fine && key != NULL) {
		const struct place *at = &load.seen[key - load.grammar->keys];

		out->line = at->line;
		out->column = at->column;
		(void)text_copy(
		    out->file, sizeof(out->file), at->line > 0 ? at->file : "");
	}
	conf_drop(conf);
	return fine;
}

/* Where the value of a key came from. */
static void
add_origin(struct text *out, const struct conf *conf,
    const struct loading *load, const struct key *key)
{
	const struct place *at = &load->seen[key - load->grammar->keys];
	const bool scanned = conf->scanners > 0 && key->set == field_header;

	if (at->line > 0) {
		text_addf(out, "%s:%d%s", at->file, at->line,
		    scanned ? ", scanner" : "");
	} else {
		text_add(out, scanned ? "scanner" : "default");
	}
}

/* A source that nobody set follows the kind and the scanners. */
static void
add_source(struct text *out, const struct conf *conf, enum kind kind)
{
	const bool milter = conf_counted_by(conf, kind, CONF_MILTER);
	const bool watch = conf_counted_by(conf, kind, CONF_WATCH);

	text_add(out, milter ? "milter" : watch ? "watch" : "none");
	text_add(out, milter && watch ? ", watch" : "");
}

bool
conf_each(const char *path,
    void (*each)(void *to, const struct conf_setting *setting), void *to,
    char error[static CONF_ERROR_SIZE])
{
	struct loading load = { .grammar = NULL };
	struct conf *conf = load_conf(path, &load, error);
	const bool fine = conf != NULL && load.errors.found == 0;
	const struct grammar *grammar = load.grammar;
	const size_t sources = grammar->count - KIND_COUNT;

	for (size_t i = 0; fine && i < grammar->count + LANGUAGES_MAX; i++) {
		const struct key *key = &grammar->keys[i];
		char value[CONF_VALUE_SIZE];
		char origin[CONF_PATH_SIZE + 32];
		struct text text;

		text_init(&text, value, sizeof(value));
		if (key->name == NULL) {
			break; /* of `more` are no more */
		}
		if (i >= sources && i < grammar->count &&
		    conf->source[i - sources] == CONF_UNSAID) {
			add_source(&text, conf, (enum kind)(i - sources));
		} else {
			grammar_write(key, conf, &text);
		}
		text_init(&text, origin, sizeof(origin));
		add_origin(&text, conf, &load, key);
		each(to, &(struct conf_setting){ .section = key->section,
			     .name = key->name,
			     .value = value,
			     .from = origin });
	}
	conf_drop(conf);
	return fine;
}

struct conf *
conf_hold(struct conf *conf)
{
	(void)__atomic_add_fetch(&conf->references, 1, __ATOMIC_RELAXED);
	return conf;
}

void
conf_drop(struct conf *conf)
{
	/* Release and acquire: what others did with it comes before free. */
	if (conf != NULL &&
	    __atomic_sub_fetch(&conf->references, 1, __ATOMIC_ACQ_REL) == 0) {
		free(conf);
	}
}
