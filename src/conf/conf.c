#include "conf/conf.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/grammar.h"
#include "core/reputation.h"

enum {
	OWN_MAX = 256
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

/* Read a file into `target`; false where there is none, which is not told. */
static bool
read_file(const struct grammar *grammar, const char *path, void *target,
    struct place *seen, struct errors *errors)
{
	const struct place whole = { .file = path };
	char why[FILE_WHY_SIZE];
	char *text = file_read_text(path, GRAMMAR_FILE_MAX, why);

	if (text == NULL && (errno == ENOENT || errno == ENOTDIR)) {
		return false;
	}
	if (text == NULL) {
		errors_add(errors, &whole, "%s", why);
	} else {
		(void)grammar_read(grammar, target, path, text, seen, errors);
	}
	free(text);
	return true;
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
	struct text out;

	if (!conf_is_policy_name(name)) {
		errors_add(errors, at,
		    "a %s's name is 1 to 32 of a-z, 0-9 and '-'", of->what);
		return;
	}
	text_init(&out, below, sizeof(below));
	text_addf(&out, "%s/%s.conf", of->folder, name);
	if (!file_beside(conf_path, below, path, sizeof(path))) {
		errors_add(
		    errors, at, "%s: its folder's name is too long", below);
		return;
	}
	if (read_file(of->grammar, path, target, NULL, errors)) {
		return;
	}
	built_in = embedded_find(of->built_in, strchr(below, '/') + 1);
	if (built_in == NULL) {
		complain_of_name(of, name, path, at, errors);
		return;
	}
	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf (built in)", name);
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

/* What is fine by itself and does not go together. */
static void
check(const struct conf *conf, struct loading *load)
{
	const struct {
		const char *key, *what;
		int64_t kept;
		bool accepted;
	} keep[] = {
		{ "events", "events", conf->keep_events, false },
		{ "tallies", "accepted messages", conf->keep_tallies, true },
	};

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
	for (size_t i = 0; i < 2 * conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i / 2];
		char within[DURATION_TEXT_SIZE];

		if (rule->within > keep[i % 2].kept &&
		    (!keep[i % 2].accepted || rule->ratio > 0 ||
			rule->credit > 0)) {
			errors_warn(&load->errors,
			    where(load, "keep", keep[i % 2].key),
			    "rule \"%s\" of policy \"%s\" counts %s of %s, "
			    "and they are kept for less: see %s in keep { }",
			    rule->name, conf->policy.name, keep[i % 2].what,
			    text_from_setting(rule->within, within),
			    keep[i % 2].key);
		}
	}
	if (conf->keep_tallies < REPUTATION_SPAN) {
		errors_warn(&load->errors, where(load, "keep", "tallies"),
		    "tallies: the brake and reputations look back 30d");
	}
}

struct conf *
conf_load(const char *path, char error[static CONF_ERROR_SIZE])
{
	const char *file = path == NULL ? CONF_DEFAULT_FILE : path;
	struct loading load = { .grammar = keys_of_conf(), .whole.file = file };
	struct errors *errors = &load.errors;
	struct conf *conf = calloc(1, sizeof(*conf));
	char name[CONF_NAME_SIZE];

	errors_init(errors, error, CONF_ERROR_SIZE);
	if (conf == NULL) {
		errors_add(errors, NULL, "out of memory");
		return NULL;
	}
	conf->references = 1;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		conf->source[kind] = CONF_UNSAID;
	}
	grammar_defaults(load.grammar, NULL, conf);
	if (!read_file(load.grammar, file, conf, load.seen, errors) &&
	    path != NULL) {
		errors_add(errors, &load.whole, "%s", strerrordesc_np(errno));
	}
	if (errors->found == 0) {
		for (size_t i = 0; i < conf->scanners; i++) {
			load_named(&scanners, conf->scanner[i], file,
			    where(&load, "milter", "scanner"), conf, errors);
		}
		(void)text_copy(name, sizeof(name), conf->policy.name);
		load_policy(name, file, where(&load, NULL, "policy"),
		    &conf->policy, errors);
	}
	if (errors->found > 0) {
		free(conf);
		return NULL;
	}
	check(conf, &load);
	return conf;
}

/* ---- what is asked of it ---- */

struct conf *
conf_hold(struct conf *conf)
{
	(void)__atomic_add_fetch(&conf->references, 1, __ATOMIC_RELAXED);
	return conf;
}

bool
conf_watches(const struct conf *conf)
{
	return strcmp(conf->watch.journal, "no") != 0 ||
	       conf->watch.files.items > 0;
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

bool
conf_list_has(const struct conf_list *list, const char *text)
{
	for (size_t i = 0; i < list->items; i++) {
		if (strcmp(list->item[i], text) == 0) {
			return true;
		}
	}
	return false;
}

bool
conf_is_own(const struct net *client, int64_t age)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct net own[OWN_MAX];
	static size_t owns;
	static int64_t read_at;
	const int64_t now = proc_ticks();
	bool found = false;

	(void)pthread_mutex_lock(&lock);
	if (owns == 0 || now - read_at >= age) {
		owns = proc_own_addresses(own, OWN_MAX);
		read_at = now;
	}
	for (size_t i = 0; i < owns && !found; i++) {
		found = net_contains(client, &own[i]);
	}
	(void)pthread_mutex_unlock(&lock);
	return found;
}

bool
conf_allows(const struct conf *conf, const struct addr *address)
{
	const struct net client = net_cut(address, ADDR_BITS);

	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains_addr(&conf->allow[i], address)) {
			return true;
		}
	}
	return conf_is_own(&client, CONF_OWN_AGE);
}

bool
conf_counts(const struct conf *conf, enum kind kind, enum conf_source who,
    const char *rule_file)
{
	if (conf->source[kind] != CONF_UNSAID) {
		return conf->source[kind] == who;
	}
	if (kind != KIND_SPAM && kind != KIND_VIRUS) {
		return strcmp(kind_source(kind),
			   who == CONF_MILTER ? "milter" : "watch") == 0;
	}
	/* A heuristic one in a virus header may be spam. */
	return who == CONF_MILTER
		   ? conf->milter.spam_header.items +
			     conf->milter.virus_header.items >
			 0
		   : rule_file != NULL &&
			 conf_list_has(&conf->scanner_log, rule_file);
}

bool
conf_forwards(const struct conf *conf, const struct net *client)
{
	for (size_t i = 0; i < conf->forwarders; i++) {
		if (net_contains(&conf->forwarder[i], client) ||
		    net_contains(client, &conf->forwarder[i])) {
			return true;
		}
	}
	return false;
}
