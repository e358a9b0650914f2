#include "ctl/ctl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rules/rules.h"

enum {
	/* A person waits for the answer, and can wait this long. */
	PATIENCE_MS = 5000,
	WHO_SIZE = 65
};

bool
ctl_open(struct ctl *ctl, enum store_mode mode)
{
	const char *path = ctl->conf->database;
	char error[STORE_ERROR_SIZE] = "";
	enum store_result result;

	if (mode == STORE_READ && access(path, F_OK) != 0 && errno == ENOENT) {
		output_complain("no database yet at %s", path);
		return false;
	}
	result = store_open(&ctl->store, path, mode, PATIENCE_MS, error);
	if (result == STORE_BUSY) {
		output_complain("the database is busy (%s)", error);
	} else if (result != STORE_OK) {
		output_complain("%s", error);
	}
	return result == STORE_OK;
}

bool
ctl_well(struct ctl *ctl, enum store_result result)
{
	const char *why = store_error(ctl->store);

	if (result == STORE_OK) {
		return true;
	}
	if (result == STORE_BUSY) {
		output_complain("the database is busy");
	} else if (why[0] != '\0') {
		output_complain("%s", why);
	} else {
		output_complain("%s: cannot be used", ctl->conf->database);
	}
	return false;
}

void
ctl_audit(
    struct ctl *ctl, const char *what, const char *subject, const char *note)
{
	char who[WHO_SIZE];
	struct audit audit = {
		.at = ctl->now,
		.who = who,
		.what = what,
		.subject = subject,
		.note = note,
	};

	proc_who(who, sizeof(who));
	store_audit_put(ctl->store, &audit);
}

bool
ctl_policy(const struct ctl *ctl, const char *name, struct policy *out)
{
	char error[CONF_ERROR_SIZE] = "";
	bool fine = conf_policy(name, ctl->file, out, error);

	if (!fine) {
		output_wrong(error);
	}
	return fine;
}

struct rules *
ctl_rules(const struct ctl *ctl)
{
	char error[RULES_ERROR_SIZE] = "";
	struct rules *rules = rules_load(ctl->conf->watch.rules, error);

	if (rules == NULL) {
		output_wrong(error);
	}
	return rules;
}
