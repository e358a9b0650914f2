#include "ctl/ctl.h"

#include "rules/rules.h"

enum {
	WHO_SIZE = 65
};

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
ctl_audit(struct ctl *ctl, const char *what, const char *subject)
{
	char who[WHO_SIZE];
	struct audit audit = {
		.at = ctl->now,
		.who = who,
		.what = what,
		.subject = subject,
		.note = ctl->note,
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

	if (error[0] != '\0') {
		output_wrong(error);
	}
	return rules;
}
