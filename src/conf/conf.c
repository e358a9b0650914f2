#include "conf/conf.h"

#include <stdlib.h>

#include "base/proc.h"
#include "base/text.h"
#include "conf/grammar.h"
#include "conf/keys.h"
#include "conf/parse.h"
#include "conf/policy_file.h"
#include "conf/source.h"

/* ---- loading ---- */

static bool
read_file(struct conf *conf, const char *path, struct parse_place *place,
    char error[static CONF_ERROR_SIZE])
{
	const char *file = path == NULL ? CONF_DEFAULT_FILE : path;
	char reason[CONF_ERROR_SIZE];
	bool missing;
	bool fine;
	char *text = source_read(file, &missing, reason);

	if (text == NULL && missing && path == NULL) {
		return true;
	}
	if (text == NULL) {
		struct text out;

		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s: %s", file, reason);
		return false;
	}
	fine = parse_text(&conf_grammar, conf, file, text, place, error);
	free(text);
	return fine;
}

static bool
read_named_policy(struct conf *conf, const char *path,
    const struct parse_place *place, char error[static CONF_ERROR_SIZE])
{
	char name[POLICY_NAME_SIZE];
	char reason[CONF_ERROR_SIZE];
	enum policy_file result;

	(void)text_copy(name, sizeof(name), conf->policy.name);
	result = policy_file_load(name, path, &conf->policy, reason);
	if (result != POLICY_FILE_FINE) {
		struct text out;

		text_init(&out, error, CONF_ERROR_SIZE);
		if (result == POLICY_FILE_NONE && place->line > 0) {
			text_addf(&out, "%s:%d: ", place->file, place->line);
		}
		text_add(&out, reason);
	}
	return result == POLICY_FILE_FINE;
}

struct conf *
conf_load(const char *path, char error[static CONF_ERROR_SIZE])
{
	struct parse_place place = { .key = "policy" };
	struct conf *conf = calloc(1, sizeof(*conf));

	if (conf == NULL) {
		(void)text_copy(error, CONF_ERROR_SIZE, "out of memory");
		return NULL;
	}
	conf->references = 1;
	grammar_defaults(&conf_grammar, NULL, conf);
	if (!read_file(conf, path, &place, error) ||
	    !read_named_policy(conf, path, &place, error)) {
		free(conf);
		return NULL;
	}
	conf->allows += proc_own_addresses(
	    conf->allow + conf->allows, CONF_NETS_MAX - conf->allows);
	return conf;
}

/* ---- sharing ---- */

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
