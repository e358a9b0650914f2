#include "conf/policy_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "conf/grammar.h"
#include "conf/parse.h"
#include "conf/policy_grammar.h"
#include "conf/source.h"

/* src/conf/policies, by scripts/embed. */
extern const struct embedded policy_files[];

static bool
read_policy(const char *name, const char *file, const char *text,
    struct policy *policy, char error[static CONF_ERROR_SIZE])
{
	*policy = (struct policy){ 0 };
	grammar_defaults(&policy_grammar, NULL, policy);
	(void)text_copy(policy->name, sizeof(policy->name), name);
	if (!parse_text(&policy_grammar, policy, file, text, NULL, error)) {
		return false;
	}
	if (policy->rules == 0) {
		struct text out;

		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s:1: there is no rule in it", file);
		return false;
	}
	return true;
}

bool
policy_file_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < POLICY_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static enum policy_file
load_built_in(const char *name, const char *path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	char file[CONF_PATH_SIZE];
	struct text out;
	const struct embedded *embedded;

	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf", name);
	embedded = embedded_find(policy_files, file);
	text_init(&out, error, CONF_ERROR_SIZE);
	if (embedded == NULL) {
		text_addf(&out,
		    "no policy \"%s\": there is no %s, and none of that name "
		    "is built in",
		    name, path);
		return POLICY_FILE_NONE;
	}
	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf (built in)", name);
	return read_policy(name, file, embedded->data, policy, error)
		   ? POLICY_FILE_FINE
		   : POLICY_FILE_WRONG;
}

enum policy_file
policy_file_load(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	char below[POLICY_NAME_SIZE + 16];
	char path[CONF_PATH_SIZE];
	struct text out;
	char *text;
	bool missing;
	bool fine;

	text_init(&out, error, CONF_ERROR_SIZE);
	if (!policy_file_name(name)) {
		text_add(&out, "a policy's name is 1 to 32 of a-z, 0-9 and "
			       "'-'");
		return POLICY_FILE_NONE;
	}
	text_init(&out, below, sizeof(below));
	text_addf(&out, "policies/%s.conf", name);
	if (!source_beside(conf_path == NULL ? CONF_DEFAULT_FILE : conf_path,
		below, path)) {
		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s: its folder's name is too long", below);
		return POLICY_FILE_WRONG;
	}
	text = source_read(path, &missing, error);
	if (text == NULL && missing) {
		return load_built_in(name, path, policy, error);
	}
	if (text == NULL) {
		char reason[CONF_ERROR_SIZE];

		(void)text_copy(reason, sizeof(reason), error);
		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s: %s", path, reason);
		return POLICY_FILE_WRONG;
	}
	fine = read_policy(name, path, text, policy, error);
	free(text);
	return fine ? POLICY_FILE_FINE : POLICY_FILE_WRONG;
}

bool
conf_policy(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	return policy_file_load(name, conf_path, policy, error) ==
	       POLICY_FILE_FINE;
}
