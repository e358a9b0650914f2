/*
 * `setup postfix`: the lines that the doctor prints for Postfix, done; and taken
 * back.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/undo.h"
#include "doctor/checks.h"
#include "doctor/facts.h"

/* One thing to change, as it is shown. */
struct change_row {
	const char *config;
	const char *place; /* "main.cf" or a service */
	const char *setting;
	const char *before; /* NULL: it is not set */
	const char *after;  /* the same */
	const char *command;
};

static const struct layout rows = {
	.column = {
	    { "config", OF(change_row, config), NULL, 0 },
	    { "place", OF(change_row, place), NULL, 0 },
	    { "setting", OF(change_row, setting), NULL, 0 },
	    { "before", OF(change_row, before), NULL, 0 },
	    { "after", OF(change_row, after), NULL, 0 },
	    { "command", OF(change_row, command), NULL, COLUMN_OPTIONAL },
	},
};

static const char *
place_of(const char *service)
{
	return service[0] != '\0' ? service : "main.cf";
}

static void
show(const struct change_row *row)
{
	output_record(row);
	output_command("%s: %s", row->place, row->setting);
	output_command(
	    "  - %s", row->before != NULL ? row->before : "(not set)");
	output_command("  + %s", row->after != NULL ? row->after : "(not set)");
}

/* ---- whether it is wanted ---- */

enum exit_status
setup_check(struct ctl *ctl)
{
	const char *folder = ctl->args->value[OPTION_CONFIG];
	char path[PATH_MAX];

	if (folder != NULL && (!change_file(folder, "", path, sizeof(path)) ||
				  access(path, F_OK) != 0)) {
		output_complain(
		    "--config: %s/main.cf: %s", folder, strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

/* Whether Postfix's files there may be changed; false after a complaint. */
static bool
may_change(const char *folder)
{
	char path[PATH_MAX];

	for (int i = 0; i < UNDO_FILES; i++) {
		if (!undo_file(folder, i, path) || access(path, W_OK) != 0 ||
		    access(folder, W_OK) != 0) {
			output_complain("%s: %s%s", path,
			    strerrordesc_np(errno),
			    geteuid() != 0 ? ": run it as root" : "");
			return false;
		}
	}
	return true;
}

/* Whether to go on; else *status is how it ends without a change. */
static bool
ask(const struct ctl *ctl, enum exit_status *status)
{
	const struct args *args = ctl->args;
	char answer[8] = "";

	*status = EXIT_FINE;
	if (args->value[OPTION_DRY_RUN] != NULL) {
		output_say("nothing was changed (--dry-run)");
		return false;
	}
	if (args->value[OPTION_YES] != NULL) {
		return true;
	}
	if (args->value[OPTION_JSON] != NULL ||
	    args->value[OPTION_CSV] != NULL || isatty(STDIN_FILENO) == 0 ||
	    isatty(STDOUT_FILENO) == 0) {
		output_complain("nothing was changed: this is no terminal to "
				"ask at, and --yes was not given");
		*status = EXIT_USAGE;
		return false;
	}
	(void)printf("Change it so? [y/N] ");
	(void)fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) == NULL ||
	    (answer[0] != 'y' && answer[0] != 'Y')) {
		output_say("nothing was changed");
		return false;
	}
	return true;
}

/* ---- one folder of Postfix, changed as a whole or not at all ---- */

/* Whether Postfix takes what is written there now; false after a complaint. */
static bool
check_postfix_takes(const char *folder)
{
	char why[RUN_ERROR_SIZE];
	bool fine = change_postfix(folder, "check", why);

	if (!fine) {
		output_complain("postfix check: %s", why);
	}
	return fine;
}

/* Of the file that says how to take it back; gives back false. */
static bool
complain_of_undo(const struct ctl *ctl, const char *why)
{
	output_complain("postfix.undo beside %s: %s", ctl->conf->database, why);
	return false;
}

/* Tell a running Postfix; whether it was told. */
static bool
reload(const struct ctl *ctl, const char *folder)
{
	char why[RUN_ERROR_SIZE];

	if (ctl->args->value[OPTION_NO_RELOAD] != NULL) {
		output_say("it holds from the next \"postfix -c %s reload\" on",
		    folder);
		return false;
	}
	if (!change_postfix(folder, "status", why)) {
		output_say("Postfix does not run: it holds once it is started");
		return false;
	}
	if (!change_postfix(folder, "reload", why)) {
		output_complain("postfix reload: %s", why);
		return false;
	}
	output_say("Postfix was told to reload");
	return true;
}

/* Into the audit, each setting by its place; false after a complaint. */
static bool
audit(struct ctl *ctl, const char *what, const struct undo_step *step)
{
	store_begin(ctl->store);
	for (size_t i = 0; i < step->settings; i++) {
		const struct undo_setting *setting = &step->setting[i];

		ctl_audit(ctl, what,
		    piece("%s/%s: %s", step->folder, place_of(setting->service),
			setting->name));
	}
	return ctl_well(ctl, store_commit(ctl->store));
}

/* ---- setting up ---- */

/* What was found to change, with what stands there now. */
struct plan {
	const struct change *change[CHANGES_MAX];
	char *before[CHANGES_MAX];
	size_t changes;
};

static const char *
folder_of(const struct mta *mta)
{
	return mta->folder[0] != '\0' ? mta->folder
				      : mta_get(mta, "config_directory");
}

/* False after a complaint. */
static bool
make_plan(const struct facts *facts, const struct diagnosis *diagnosis,
    struct plan *plan)
{
	const struct mta *mta = &facts->mta[0];

	if (mta->state != MTA_THERE) {
		output_complain(mta->state == MTA_NONE
				    ? "Postfix is not installed here%s"
				    : "Postfix cannot be asked: %s",
		    mta->error);
		return false;
	}
	for (size_t i = 0; i < diagnosis->remarks; i++) {
		const struct remark *remark = &diagnosis->remark[i];

		if (strcmp(remark->finding, "out-of-chroot") == 0) {
			output_complain("%s", remark->what);
			output_complain("first: %s", remark->fix);
			return false;
		}
	}
	for (size_t i = 0; i < diagnosis->changes; i++) {
		const struct change *change = &diagnosis->change[i];

		plan->before[i] = change_read(
		    folder_of(change->mta), change->service, change->name);
		plan->change[i] = change;
		plan->changes++;
	}
	if (diagnosis->changes_cut) {
		output_complain("some settings are too long to be changed by a "
				"line: see videur doctor");
	}
	return true;
}

static void
show_plan(const struct plan *plan)
{
	bool beside = false; /* other milters */

	output_table("changes", &rows);
	for (size_t i = 0; i < plan->changes; i++) {
		const struct change *change = plan->change[i];
		const struct change_row row = {
			.config = folder_of(change->mta),
			.place = place_of(change->service),
			.setting = change->name,
			.before = plan->before[i],
			.after = change->value,
			.command = change->line,
		};
		struct milters milters;

		show(&row);
		output_command("    %s", change->line);
		if (strcmp(change->name, "smtpd_milters") == 0) {
			milters_read(change->value, &milters);
			beside |= milters.milters > 1;
		}
	}
	output_end();
	if (beside) {
		output_say("The milters that are there stay, and videur stands "
			   "last: so it sees the headers of those before it.");
	}
}

/* Make all changes of one Postfix, and keep what was there.  False after a
 * complaint, with Postfix as it was. */
static bool
change_one(struct ctl *ctl, const struct plan *plan, const struct mta *mta)
{
	const char *database = ctl->conf->database;
	struct undo_step step = { .folder = folder_of(mta) };
	char *before[UNDO_FILES] = { NULL };
	char *after[UNDO_FILES] = { NULL };
	char why[RUN_ERROR_SIZE] = "";
	static struct undo undo; /* too large for a stack */
	bool done = (undo_read(database, &undo, why) ||
			complain_of_undo(ctl, why)) &&
		    undo_files_read(step.folder, before);

	for (size_t i = 0; done && i < plan->changes; i++) {
		const struct change *change = plan->change[i];

		if (change->mta == mta) {
			done = change_write(step.folder, change->service,
			    change->name, change->value, why);
			if (!done) {
				output_complain("%s", why);
			}
			step.setting[step.settings++] = (struct undo_setting){
				.service = change->service,
				.name = change->name,
				.before = plan->before[i],
				.after = change->value,
			};
		}
	}
	done = done && check_postfix_takes(step.folder) &&
	       undo_files_read(step.folder, after);
	for (int i = 0; done && i < UNDO_FILES; i++) {
		step.before[i] = before[i];
		step.after[i] = after[i];
	}
	done = done &&
	       (undo_add(database, &undo, &step, why) ||
		   complain_of_undo(ctl, why)) &&
	       audit(ctl, "setup postfix", &step);
	if (!done && before[UNDO_MASTER] != NULL) {
		undo_files_put_back(step.folder, before);
	}
	undo_free(&undo);
	undo_files_free(before);
	undo_files_free(after);
	return done;
}

static enum exit_status
change_all(struct ctl *ctl, const struct plan *plan)
{
	const struct mta *last = NULL;
	bool reloaded = true;

	for (size_t i = 0; i < plan->changes; i++) {
		if (!may_change(folder_of(plan->change[i]->mta))) {
			return EXIT_USAGE;
		}
	}
	if (!ctl_open(ctl)) {
		return EXIT_DATABASE;
	}
	for (size_t i = 0; i < plan->changes; i++) {
		const struct mta *mta = plan->change[i]->mta;

		/* They come by Postfix only within a check. */
		for (size_t j = 0; j < i && mta != NULL; j++) {
			mta = plan->change[j]->mta == mta ? NULL : mta;
		}
		if (mta == NULL) {
			continue;
		}
		if (!change_one(ctl, plan, mta)) {
			return store_status(ctl->store) == STORE_OK
				   ? EXIT_USAGE
				   : EXIT_DATABASE;
		}
		last = mta;
		reloaded = reload(ctl, folder_of(mta)) && reloaded;
	}
	output_bool("reloaded", last != NULL && reloaded);
	output_say("done; \"videur setup postfix --undo\" takes it back");
	return EXIT_FINE;
}

static enum exit_status
set_up(struct ctl *ctl, const struct facts *facts)
{
	static struct diagnosis diagnosis; /* too large for a stack */
	struct plan plan = { .changes = 0 };
	enum exit_status status = EXIT_USAGE;

	diagnose_postfix(facts, &diagnosis);
	if (!make_plan(facts, &diagnosis, &plan)) {
		return EXIT_USAGE;
	}
	output_object(NULL, NULL);
	if (plan.changes == 0) {
		output_table("changes", &rows);
		output_end();
		output_say("nothing to change");
		status = EXIT_FINE;
	} else {
		show_plan(&plan);
		if (ask(ctl, &status)) {
			status = change_all(ctl, &plan);
		}
	}
	output_end();
	for (size_t i = 0; i < plan.changes; i++) {
		free(plan.before[i]);
	}
	return status;
}

/* ---- taking it back ---- */

/* Which file a setting is of. */
static int
file_of(const struct undo_setting *setting)
{
	return setting->service[0] != '\0' ? UNDO_MASTER : UNDO_MAIN;
}

/* Whether it still is as it was left; its value now is the caller's to free. */
static bool
is_ours(const struct undo_step *step, const struct undo_setting *setting,
    char **value)
{
	struct text packed;
	char after[CHANGE_TEXT_SIZE];

	*value = change_read(step->folder, setting->service, setting->name);
	text_init(&packed, after, sizeof(after));
	if (file_of(setting) == UNDO_MASTER) {
		postconf_pack(&packed, setting->after);
	} else {
		text_add(&packed, setting->after);
	}
	return *value != NULL && strcmp(*value, after) == 0;
}

/* Show what goes back and what stays. */
static void
show_step(const struct undo_step *step)
{
	for (size_t i = 0; i < step->settings; i++) {
		const struct undo_setting *setting = &step->setting[i];
		char *value;
		const bool ours = is_ours(step, setting, &value);
		const struct change_row row = {
			.config = step->folder,
			.place = place_of(setting->service),
			.setting = setting->name,
			.before = value,
			.after = ours ? setting->before : value,
		};

		if (ours) {
			show(&row);
		} else {
			output_record(&row);
			output_say("%s: %s was changed since and stays: %s",
			    row.place, row.setting,
			    value != NULL ? value : "(not set)");
		}
		free(value);
	}
}

/* A file that nobody touched since becomes what it was to the byte; in another
 * one each setting does that nobody changed. */
static bool
revert_file(const struct undo_step *step, int file, const char *now)
{
	char why[RUN_ERROR_SIZE];
	bool done = true;

	if (strcmp(now, step->after[file]) == 0) {
		return strcmp(now, step->before[file]) == 0 ||
		       undo_file_write(step->folder, file, step->before[file]);
	}
	for (size_t i = 0; done && i < step->settings; i++) {
		const struct undo_setting *setting = &step->setting[i];
		char *value;

		if (file_of(setting) != file) {
			continue;
		}
		if (is_ours(step, setting, &value)) {
			done = change_write(step->folder, setting->service,
			    setting->name, setting->before, why);
			if (!done) {
				output_complain("%s", why);
			}
		}
		free(value);
	}
	return done;
}

static bool
revert_step(struct ctl *ctl, const struct undo *undo, size_t at)
{
	const struct undo_step *step = &undo->step[at];
	char *now[UNDO_FILES] = { NULL };
	char why[FILE_WHY_SIZE];
	bool done = undo_files_read(step->folder, now);

	for (int i = 0; done && i < UNDO_FILES; i++) {
		done = revert_file(step, i, now[i]);
	}
	done = done && check_postfix_takes(step->folder) &&
	       (undo_cut(ctl->conf->database, undo, at, why) ||
		   complain_of_undo(ctl, why));
	if (!done && now[UNDO_MASTER] != NULL) {
		undo_files_put_back(step->folder, now);
	}
	undo_files_free(now);
	return done && audit(ctl, "setup postfix --undo", step);
}

static enum exit_status
revert_all(struct ctl *ctl, const struct undo *undo)
{
	bool reloaded = true;

	for (size_t i = 0; i < undo->steps; i++) {
		if (!may_change(undo->step[i].folder)) {
			return EXIT_USAGE;
		}
	}
	if (!ctl_open(ctl)) {
		return EXIT_DATABASE;
	}
	/* The newest first. */
	for (size_t i = undo->steps; i-- > 0;) {
		if (!revert_step(ctl, undo, i)) {
			return store_status(ctl->store) == STORE_OK
				   ? EXIT_USAGE
				   : EXIT_DATABASE;
		}
	}
	for (size_t i = 0; i < undo->steps; i++) {
		const char *folder = undo->step[i].folder;
		size_t j = 0; /* the first step of that folder */

		while (strcmp(undo->step[j].folder, folder) != 0) {
			j++;
		}
		reloaded = (j < i || reload(ctl, folder)) && reloaded;
	}
	output_bool("reloaded", reloaded);
	output_say("taken back");
	return EXIT_FINE;
}

static enum exit_status
take_back(struct ctl *ctl)
{
	static struct undo undo; /* too large for a stack */
	char why[FILE_WHY_SIZE];
	enum exit_status status = EXIT_USAGE;

	if (!undo_read(ctl->conf->database, &undo, why)) {
		(void)complain_of_undo(ctl, why);
		undo_free(&undo);
		return EXIT_USAGE;
	}
	output_object(NULL, NULL);
	output_table("changes", &rows);
	for (size_t i = undo.steps; i-- > 0;) {
		show_step(&undo.step[i]);
	}
	output_end();
	if (undo.steps == 0) {
		output_say("nothing to take back");
		status = EXIT_NO;
	} else if (ask(ctl, &status)) {
		status = revert_all(ctl, &undo);
	}
	output_end();
	undo_free(&undo);
	return status;
}

enum exit_status
setup_postfix(struct ctl *ctl)
{
	const char *given = ctl->args->value[OPTION_CONFIG];
	enum exit_status status = EXIT_USAGE;
	struct facts *facts;
	char *folder;

	if (ctl->args->value[OPTION_UNDO] != NULL) {
		return take_back(ctl);
	}
	folder = given != NULL ? realpath(given, NULL) : NULL;
	facts = facts_gather_postfix(ctl->conf, folder, ctl->now);
	if (facts == NULL) {
		output_complain("out of memory");
	} else {
		status = set_up(ctl, facts);
	}
	facts_free(facts);
	free(folder);
	return status;
}
