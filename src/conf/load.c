#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/keys.h"
#include "conf/parse.h"

/* src/conf/policies, by scripts/embed. */
extern const struct embedded policy_files[];

/* A file's text, or NULL with `error` as "FILE: why" and errno. */
static char *
read_text(const char *path, char error[static CONF_ERROR_SIZE])
{
	char why[FILE_WHY_SIZE];
	char *text = file_read_text(path, PARSE_SIZE_MAX, why);
	const int kept = errno;
	struct text out;

	if (text == NULL) {
		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s: %s", path, why);
	}
	errno = kept;
	return text;
}

/* ---- policies ---- */

bool
conf_is_policy_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < POLICY_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool
read_policy(const char *name, const char *file, const char *text,
    struct policy *policy, char error[static CONF_ERROR_SIZE])
{
	*policy = (struct policy){ 0 };
	grammar_defaults(&keys_of_policy, NULL, policy);
	(void)text_copy(policy->name, sizeof(policy->name), name);
	if (!parse_text(&keys_of_policy, policy, file, text, NULL, error)) {
		return false;
	}
	if (policy->rules == 0) {
		struct text out;

		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s:1:1: there is no rule in it", file);
		return false;
	}
	return true;
}

/* There is no policies/NAME.conf at `path` and none built in; `place` is where
 * it was named, or NULL. */
static void
say_no_policy(const char *name, const char *path,
    const struct parse_place *place, char error[static CONF_ERROR_SIZE])
{
	struct nearest nearest = { .written = name };
	char built_in[8][POLICY_NAME_SIZE];
	struct text out;

	for (size_t i = 0; i < 8 && policy_files[i].name != NULL; i++) {
		text_init(&out, built_in[i], sizeof(built_in[i]));
		text_add_bytes(&out, policy_files[i].name,
		    strcspn(policy_files[i].name, "."));
		nearest_offer(&nearest, built_in[i]);
	}
	text_init(&out, error, CONF_ERROR_SIZE);
	if (place != NULL && place->line > 0) {
		text_addf(&out, "%s:%d:%d: ", place->file, place->line,
		    place->column);
	}
	text_addf(&out,
	    "no policy \"%s\": there is no %s, and none of that name is "
	    "built in",
	    name, path);
	if (nearest.word != NULL) {
		text_addf(&out, ", did you mean \"%s\"?", nearest.word);
	}
}

static bool
load_policy(const char *name, const char *conf_path,
    const struct parse_place *place, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	char below[POLICY_NAME_SIZE + 16];
	char path[CONF_PATH_SIZE];
	char file[CONF_PATH_SIZE];
	const struct embedded *built_in;
	struct text out;
	char *text;
	bool fine;

	text_init(&out, below, sizeof(below));
	text_addf(&out, "policies/%s.conf", name);
	text_init(&out, error, CONF_ERROR_SIZE);
	if (!conf_is_policy_name(name)) {
		text_add(
		    &out, "a policy's name is 1 to 32 of a-z, 0-9 and '-'");
		return false;
	}
	if (!file_beside(conf_path == NULL ? CONF_DEFAULT_FILE : conf_path,
		below, path, sizeof(path))) {
		text_addf(&out, "%s: its folder's name is too long", below);
		return false;
	}
	text = read_text(path, error);
	if (text != NULL) {
		fine = read_policy(name, path, text, policy, error);
		free(text);
		return fine;
	}
	if (errno != ENOENT && errno != ENOTDIR) {
		return false;
	}
	built_in = embedded_find(policy_files, below + strlen("policies/"));
	if (built_in == NULL) {
		say_no_policy(name, path, place, error);
		return false;
	}
	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf (built in)", name);
	return read_policy(name, file, built_in->data, policy, error);
}

bool
conf_policy(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	return load_policy(name, conf_path, NULL, policy, error);
}

/* ---- videur.conf ---- */

static bool
read_conf(struct conf *conf, const char *path, struct parse_place *place,
    char error[static CONF_ERROR_SIZE])
{
	const char *file = path == NULL ? CONF_DEFAULT_FILE : path;
	struct keys keys;
	bool fine;
	char *text;

	keys_of_conf(&keys);
	grammar_defaults(&keys.grammar, NULL, conf);
	text = read_text(file, error);
	if (text == NULL) {
		return path == NULL && (errno == ENOENT || errno == ENOTDIR);
	}
	fine = parse_text(&keys.grammar, conf, file, text, place, error);
	free(text);
	return fine;
}

struct conf *
conf_load(const char *path, char error[static CONF_ERROR_SIZE])
{
	struct parse_place place = { .key = "policy" };
	struct conf *conf = calloc(1, sizeof(*conf));
	char name[POLICY_NAME_SIZE];

	if (conf == NULL) {
		(void)text_copy(error, CONF_ERROR_SIZE, "out of memory");
		return NULL;
	}
	conf->references = 1;
	if (read_conf(conf, path, &place, error)) {
		(void)text_copy(name, sizeof(name), conf->policy.name);
		if (load_policy(name, path, &place, &conf->policy, error)) {
			conf->allows += proc_own_addresses(
			    conf->allow + conf->allows,
			    CONF_NETS_MAX - conf->allows);
			return conf;
		}
	}
	free(conf);
	return NULL;
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

bool
conf_allows(const struct conf *conf, const struct addr *address)
{
	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains_addr(&conf->allow[i], address)) {
			return true;
		}
	}
	return false;
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
