#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/keys.h"
#include "conf/parse.h"
#include "core/reputation.h"

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

/* Where conf_load() has something to say of keys that are fine by
 * themselves. */
enum {
	AT_POLICY,
	AT_SCANNER,
	AT_SPAM,
	AT_VIRUS,
	AT_EVENTS,
	AT_TALLIES,
	PLACES
};

bool
conf_is_policy_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < CONF_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* There is no FOLDER/NAME.conf at `path` and none built in. */
static void
complain_of_name(const struct named *of, const char *name, const char *path,
    const struct place *at, struct errors *errors)
{
	struct nearest nearest = { .written = name };
	char built_in[8][CONF_NAME_SIZE];

	for (size_t i = 0; i < 8 && of->built_in[i].name != NULL; i++) {
		struct text text;

		text_init(&text, built_in[i], sizeof(built_in[i]));
		text_add_bytes(&text, of->built_in[i].name,
		    strcspn(of->built_in[i].name, "."));
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

/* Read FOLDER/NAME.conf beside `conf_path`, else the one built in, into
 * `target`, which holds the defaults; `at` is where it was named, or NULL. */
static bool
load_named(const struct named *of, const char *name, const char *conf_path,
    const struct place *at, void *target, struct errors *errors)
{
	char below[CONF_NAME_SIZE + 16];
	char path[CONF_PATH_SIZE];
	char file[CONF_PATH_SIZE];
	char why[FILE_WHY_SIZE];
	const struct place whole = { .file = path };
	const struct embedded *built_in;
	struct text out;
	char *text;
	bool fine;

	if (!conf_is_policy_name(name)) {
		errors_add(errors, at,
		    "a %s's name is 1 to 32 of a-z, 0-9 and '-'", of->what);
		return false;
	}
	text_init(&out, below, sizeof(below));
	text_addf(&out, "%s/%s.conf", of->folder, name);
	if (!file_beside(conf_path, below, path, sizeof(path))) {
		errors_add(errors, &whole, "its folder's name is too long");
		return false;
	}
	text = file_read_text(path, PARSE_SIZE_MAX, why);
	if (text != NULL) {
		fine = parse_text(
		    of->grammar, target, path, text, NULL, 0, errors);
		free(text);
		return fine;
	}
	if (errno != ENOENT && errno != ENOTDIR) {
		errors_add(errors, &whole, "%s", why);
		return false;
	}
	built_in = embedded_find(of->built_in, strchr(below, '/') + 1);
	if (built_in == NULL) {
		complain_of_name(of, name, path, at, errors);
		return false;
	}
	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf (built in)", name);
	return parse_text(
	    of->grammar, target, file, built_in->data, NULL, 0, errors);
}

/* ---- policies ---- */

static bool
load_policy(const char *name, const char *conf_path, const struct place *at,
    struct policy *policy, struct errors *errors)
{
	*policy = (struct policy){ 0 };
	grammar_defaults(&keys_of_policy, NULL, policy);
	(void)text_copy(policy->name, sizeof(policy->name), name);
	return load_named(&policies, name, conf_path, at, policy, errors);
}

bool
conf_policy(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	struct errors errors;

	errors_init(&errors, error, CONF_ERROR_SIZE);
	return load_policy(name,
	    conf_path == NULL ? CONF_DEFAULT_FILE : conf_path, NULL, policy,
	    &errors);
}

/* ---- scanners ---- */

/* Add those of `more` that are not there; false where they are too many. */
static bool
add_items(struct conf_list *list, const struct conf_list *more)
{
	for (size_t i = 0; i < more->items; i++) {
		if (conf_list_has(list, more->item[i])) {
			continue;
		}
		if (list->items == CONF_LIST_MAX) {
			return false;
		}
		memcpy(list->item[list->items++], more->item[i],
		    sizeof(more->item[i]));
	}
	return true;
}

static bool
load_scanner(struct conf *conf, const char *name, const char *conf_path,
    const struct place *at, struct errors *errors)
{
	struct scanner scanner = { 0 };

	if (!load_named(&scanners, name, conf_path, at, &scanner, errors)) {
		return false;
	}
	if (!add_items(&conf->milter.spam_header, &scanner.spam_header) ||
	    !add_items(&conf->milter.virus_header, &scanner.virus_header) ||
	    !add_items(&conf->scanner_log, &scanner.log)) {
		errors_add(errors, at,
		    "the headers or rule files of all "
		    "scanners are more than %d",
		    CONF_LIST_MAX);
		return false;
	}
	return true;
}

/* ---- videur.conf ---- */

/* What the policy asks of events and tallies that are not kept so long. */
static void
check_keep(const struct conf *conf, const struct place at[PLACES],
    struct errors *errors)
{
	char within[DURATION_TEXT_SIZE];

	for (size_t i = 0; i < conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i];
		const bool accepted = rule->ratio > 0 || rule->credit > 0;

		text_from_setting(rule->within, within);
		if (rule->within > conf->keep_events) {
			errors_warn(errors,
			    &at[at[AT_EVENTS].line > 0 ? AT_EVENTS : AT_POLICY],
			    "rule \"%s\" of policy \"%s\" counts events of "
			    "%s, and they are kept for less: see events in "
			    "keep { }",
			    rule->name, conf->policy.name, within);
		}
		if (accepted && rule->within > conf->keep_tallies) {
			errors_warn(errors,
			    &at[at[AT_TALLIES].line > 0 ? AT_TALLIES
							: AT_POLICY],
			    "rule \"%s\" of policy \"%s\" counts accepted mail "
			    "of %s, and that is kept for less: see tallies in "
			    "keep { }",
			    rule->name, conf->policy.name, within);
		}
	}
	if (conf->keep_tallies < REPUTATION_SPAN) {
		errors_warn(errors, &at[AT_TALLIES],
		    "tallies: the brake and reputations look back 30d");
	}
}

static bool
load(struct conf *conf, const char *path, struct errors *errors)
{
	const char *file = path == NULL ? CONF_DEFAULT_FILE : path;
	const struct place whole = { .file = file };
	struct parse_place place[PLACES] = {
		[AT_POLICY] = { .key = "policy" },
		[AT_SCANNER] = { .section = "milter", .key = "scanner" },
		[AT_SPAM] = { .section = "sources", .key = "spam" },
		[AT_VIRUS] = { .section = "sources", .key = "virus" },
		[AT_EVENTS] = { .section = "keep", .key = "events" },
		[AT_TALLIES] = { .section = "keep", .key = "tallies" },
	};
	struct place at[PLACES];
	char name[POLICY_NAME_SIZE];
	char why[FILE_WHY_SIZE];
	struct keys keys;
	bool fine = true;
	char *text;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		conf->source[kind] = CONF_UNSAID;
	}
	keys_of_conf(&keys);
	grammar_defaults(&keys.grammar, NULL, conf);
	text = file_read_text(file, PARSE_SIZE_MAX, why);
	if (text != NULL) {
		fine = parse_text(
		    &keys.grammar, conf, file, text, place, PLACES, errors);
		free(text);
	} else if (path != NULL || (errno != ENOENT && errno != ENOTDIR)) {
		errors_add(errors, &whole, "%s", why);
		fine = false;
	}
	if (!fine) {
		return false;
	}
	for (size_t i = 0; i < PLACES; i++) {
		at[i] = (struct place){ place[i].file, place[i].line,
			place[i].column };
	}
	for (size_t i = 0; i < conf->scanners; i++) {
		fine = load_scanner(conf, conf->scanner[i], file,
			   &at[AT_SCANNER], errors) &&
		       fine;
	}
	for (int kind = KIND_SPAM; kind <= KIND_VIRUS; kind++) {
		if (conf->source[kind] == CONF_MILTER &&
		    conf->milter.spam_header.items +
			    conf->milter.virus_header.items ==
			0) {
			errors_warn(errors, &at[AT_SPAM + kind],
			    "%s = milter: no header is trusted, so none is "
			    "counted; name the scanner: milter { scanner = "
			    "{...} }",
			    kind_name((enum kind)kind));
		}
	}
	(void)text_copy(name, sizeof(name), conf->policy.name);
	fine = load_policy(name, file,
		   at[AT_POLICY].line > 0 ? &at[AT_POLICY] : NULL,
		   &conf->policy, errors) &&
	       fine;
	if (fine) {
		check_keep(conf, at, errors);
	}
	return fine;
}

struct conf *
conf_load(const char *path, char error[static CONF_ERROR_SIZE])
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct errors errors;

	errors_init(&errors, error, CONF_ERROR_SIZE);
	if (conf == NULL) {
		errors_add(&errors, NULL, "out of memory");
		return NULL;
	}
	conf->references = 1;
	if (!load(conf, path, &errors)) {
		free(conf);
		return NULL;
	}
	return conf;
}
