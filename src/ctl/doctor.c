#include "ctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/facts.h"
#include "engine/engine.h"

enum {
	TIMEOUT_MS = 5000,
	FOLDER_SIZE = 4096
};

/* Whether the file of an option's folder is there. */
static bool
is_there(const struct ctl *ctl, enum args_option option, const char *file)
{
	const char *folder = ctl->args->value[option];
	char path[FOLDER_SIZE];
	const bool whole = text_print(
	    path, sizeof(path), "%s/%s", folder != NULL ? folder : "", file);

	if (folder == NULL || (whole && access(path, F_OK) == 0)) {
		return true;
	}
	output_complain("--%s: %s: %s",
	    option == OPTION_POSTFIX ? "postfix" : "sendmail", path,
	    strerrordesc_np(whole ? errno : ENAMETOOLONG));
	return false;
}

enum exit_status
doctor_check(struct ctl *ctl)
{
	if (ctl->args->value[OPTION_POSTFIX] != NULL &&
	    ctl->args->value[OPTION_SENDMAIL] != NULL) {
		output_complain("--postfix and --sendmail exclude each other");
		return EXIT_USAGE;
	}
	return is_there(ctl, OPTION_POSTFIX, "main.cf") &&
		       is_there(ctl, OPTION_SENDMAIL, "sendmail.cf")
		   ? EXIT_FINE
		   : EXIT_USAGE;
}

/* ---- telling ---- */

struct remark_row {
	const char *state;
	const char *check;
	const char *finding;
	const char *what;
	const char *fix;
};

static const struct layout remarks = {
	.column = {
	    { "state", OF(remark_row, state), "", 7 * COLUMN_WIDTH },
	    { "check", OF(remark_row, check), "", 13 * COLUMN_WIDTH },
	    { "finding", OF(remark_row, finding), NULL, 0 },
	    { "what", OF(remark_row, what), "", COLUMN_WRAP },
	    { "fix", OF(remark_row, fix), NULL, 0 },
	},
	.stream = true,
};

static void
tell(const struct diagnosis *diagnosis)
{
	output_table(NULL, &remarks);
	for (size_t i = 0; i < diagnosis->remarks; i++) {
		const struct remark *remark = &diagnosis->remark[i];
		const struct remark_row row = {
			.state = severity_name(remark->state),
			.check = remark->check,
			.finding = remark->finding,
			.what = remark->what,
			.fix = remark->fix,
		};

		output_record(&row);
		if (remark->fix[0] != '\0') {
			output_command("         -> %s", remark->fix);
		}
	}
	(void)output_end();
	if (diagnosis->lost > 0) {
		output_say("and %zu more that found no room", diagnosis->lost);
	}
	output_say("%s, %s",
	    piece_count((int64_t)diagnosis_count(diagnosis, SEVERITY_PROBLEM),
		"problem", "problems"),
	    piece_count((int64_t)diagnosis_count(diagnosis, SEVERITY_WARNING),
		"warning", "warnings"));
}

/* ---- fixing ---- */

static enum store_result
fix(struct ctl *ctl, struct facts *facts, struct diagnosis *diagnosis)
{
	static struct fixes fixes; /* too large for a stack */
	int64_t lifted[FIXES_MAX] = { 0 };
	enum store_result result;

	fixes_find(facts, &fixes);
	if (fixes.fixes == 0) {
		return STORE_OK;
	}
	/* All of it or nothing. */
	store_begin(ctl->store);
	for (size_t i = 0; i < fixes.fixes; i++) {
		const struct allow *allow = &fixes.fix[i].allow;

		lifted[i] = engine_allow(
		    ctl->store, ctl->conf, allow, ctl->now);
		ctl->note = allow->note;
		ctl_audit(ctl, "allow add", piece_net(&allow->net));
	}
	result = store_commit(ctl->store);
	if (result != STORE_OK) {
		return result;
	}
	for (size_t i = 0; i < fixes.fixes; i++) {
		const struct allow *allow = &fixes.fix[i].allow;
		char end[TIME_TEXT_SIZE];

		diagnosis->check = fixes.fix[i].check;
		diagnosis_say(diagnosis, "allowed", piece_net(&allow->net),
		    allow->until == 0 ? "for good" : "until ",
		    allow->until == 0 ? "" : text_from_time(allow->until, end),
		    allow->note, piece_count(lifted[i], "ban", "bans"));
	}
	facts_read_records(facts, ctl->store);
	return STORE_OK;
}

/* ---- the visit ---- */

static void
open_database(struct ctl *ctl, struct facts *facts, bool write)
{
	struct records *records = &facts->records;
	const char *path = ctl->conf->database;

	store_close(ctl->store); /* an empty one in memory */
	ctl->store = NULL;
	if (!write && access(path, F_OK) != 0 && errno == ENOENT) {

		(void)text_print(records->error, sizeof(records->error),
		    "no database yet at %s", path);
		records->result = STORE_FAILED;
		return;
	}
	records->result = store_open(&ctl->store, path,
	    write ? STORE_WRITE : STORE_READ, TIMEOUT_MS, records->error);
	if (records->result == STORE_OK) {
		facts_look_for_damage(facts, ctl->store);
		facts_read_records(facts, ctl->store);
	}
}

enum exit_status
doctor_run(struct ctl *ctl)
{
	static struct diagnosis diagnosis; /* too large for a stack */
	bool fixing = ctl->args->value[OPTION_FIX] != NULL;
	char *folder = ctl->args->value[OPTION_POSTFIX] != NULL
			   ? realpath(ctl->args->value[OPTION_POSTFIX], NULL)
			   : NULL;
	struct facts *facts = facts_gather(
	    ctl->conf, folder, ctl->args->value[OPTION_SENDMAIL], ctl->now);
	enum exit_status status = EXIT_FINE;

	if (facts == NULL) {
		output_complain("out of memory");
		free(folder);
		return EXIT_USAGE;
	}
	open_database(ctl, facts, fixing);
	if (fixing && facts->records.result == STORE_OK) {
		status = ctl_well(ctl, fix(ctl, facts, &diagnosis))
			     ? EXIT_FINE
			     : EXIT_DATABASE;
	}
	if (status == EXIT_FINE) {
		diagnose(facts, &diagnosis);
		tell(&diagnosis);
		status = facts->records.result != STORE_OK ? EXIT_DATABASE
			 : diagnosis_count(&diagnosis, SEVERITY_PROBLEM) > 0
			     ? EXIT_NO
			     : EXIT_FINE;
	}
	facts_free(facts);
	free(folder);
	return status;
}
