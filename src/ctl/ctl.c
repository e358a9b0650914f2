#include "ctl/ctl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl/print.h"

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
		print_complaint("no database yet at %s", path);
		return false;
	}
	result = store_open(&ctl->store, path, mode, PATIENCE_MS, error);
	if (result == STORE_BUSY) {
		print_complaint("the database is busy (%s)", error);
	} else if (result != STORE_OK) {
		print_complaint("%s", error);
	}
	return result == STORE_OK;
}

enum exit_status
ctl_failed(struct ctl *ctl, enum store_result result)
{
	const char *why = store_error(ctl->store);

	if (result == STORE_BUSY) {
		print_complaint("the database is busy");
	} else if (why[0] != '\0') {
		print_complaint("%s", why);
	} else {
		print_complaint("%s: cannot be used", ctl->conf->database);
	}
	store_rollback(ctl->store);
	return EXIT_DATABASE;
}

enum store_result
ctl_begin(struct ctl *ctl)
{
	return store_begin(ctl->store);
}

enum store_result
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
	return store_audit_put(ctl->store, &audit);
}

enum store_result
ctl_commit(
    struct ctl *ctl, const char *what, const char *subject, const char *note)
{
	enum store_result result = ctl_audit(ctl, what, subject, note);

	return result == STORE_OK ? store_commit(ctl->store) : result;
}
