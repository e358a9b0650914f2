/* A copy of the database, and one put back, while the services run. */
#include <limits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/piece.h"
#include "store/store.h"

enum exit_status
backup_check(struct ctl *ctl)
{
	const char *to = ctl->args->word[1];

	if (ctl->args->value[OPTION_FORCE] == NULL && access(to, F_OK) == 0) {
		output_complain("%s exists already; --force replaces it", to);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
backup_database(struct ctl *ctl)
{
	const char *from = ctl->conf->database;
	const char *to = ctl->args->word[1];
	char error[STORE_ERROR_SIZE] = "";
	int64_t bytes = 0;

	if (store_backup(from, to, &bytes, error) != STORE_OK) {
		output_complain("%s", error);
		return EXIT_DATABASE;
	}
	output_object(NULL, NULL);
	output_string("database", from);
	output_string("file", to);
	output_int("bytes", bytes);
	output_time("checked_at", ctl->now);
	output_end();
	output_say(
	    "copied %s to %s, %s, and looked through the copy: it is sound",
	    from, to, piece_size(bytes));
	return EXIT_FINE;
}

enum exit_status
restore_database(struct ctl *ctl)
{
	const bool dry = ctl->args->value[OPTION_DRY_RUN] != NULL;
	const char *from = ctl->args->word[1];
	const char *path = ctl->conf->database;
	char error[STORE_ERROR_SIZE] = "";
	char kept[PATH_MAX] = "";
	bool fits;

	if (store_restore(path, from, dry ? NULL : kept, &fits, error) !=
	    STORE_OK) {
		output_complain("%s", error);
		return fits ? EXIT_DATABASE : EXIT_USAGE;
	}
	if (!dry && ctl_open(ctl)) {
		store_begin(ctl->store);
		ctl_audit(ctl, "restore", from);
		(void)ctl_well(ctl, store_commit(ctl->store));
	}
	output_object(NULL, NULL);
	output_bool("restored", !dry);
	output_string("file", from);
	output_string("database", path);
	output_string("kept", dry ? NULL : kept);
	output_time("checked_at", ctl->now);
	output_end();
	if (dry) {
		output_say(
		    "dry run: %s is sound and would take the place of %s", from,
		    path);
		return EXIT_FINE;
	}
	output_say("%s is in the place of %s", from, path);
	output_say("the old one is kept as %s", kept);
	output_say(
	    "what runs goes on with it within seconds; lines of the logs "
	    "that came since the copy are read again");
	return EXIT_FINE;
}
