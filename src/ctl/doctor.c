#include "ctl/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "doctor/facts.h"
#include "doctor/judge.h"
#include "engine/engine.h"

enum {
	PATIENCE_MS = 5000,
	FOLDER_SIZE = 4096
};

enum exit_status
doctor_check(struct ctl *ctl)
{
	const char *folder = ctl->args.postfix;
	char main_cf[FOLDER_SIZE];
	struct text text;

	if (folder == NULL) {
		return EXIT_FINE;
	}
	text_init(&text, main_cf, sizeof(main_cf));
	text_addf(&text, "%s/main.cf", folder);
	if (text.cut || access(main_cf, F_OK) != 0) {
		print_complaint("--postfix: %s: %s", main_cf,
		    strerrordesc_np(text.cut ? ENAMETOOLONG : errno));
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

/* ---- telling ---- */

static void
tell(const struct diagnosis *diagnosis)
{
	char problems[PRINT_COUNT_SIZE];
	char warnings[PRINT_COUNT_SIZE];

	for (size_t i = 0; i < diagnosis->remarks; i++) {
		const struct remark *remark = &diagnosis->remark[i];

		print_line("%-7s  %-13s  %s", health_name(remark->state),
		    remark->check, remark->what);
		if (remark->fix[0] != '\0') {
			print_line("%24s-> %s", "", remark->fix);
		}
	}
	if (diagnosis->lost > 0) {
		print_line("and %zu more that found no room", diagnosis->lost);
	}
	print_line("%s, %s",
	    print_count((int64_t)diagnosis_count(diagnosis, HEALTH_PROBLEM),
		"problem", "problems", problems),
	    print_count((int64_t)diagnosis_count(diagnosis, HEALTH_WARNING),
		"warning", "warnings", warnings));
}

static void
tell_json(const struct diagnosis *diagnosis)
{
	struct json json;

	print_json_begin(&json);
	json_array(&json, NULL);
	for (size_t i = 0; i < diagnosis->remarks; i++) {
		const struct remark *remark = &diagnosis->remark[i];

		json_object(&json, NULL);
		json_string(&json, "check", remark->check);
		json_string(&json, "state", health_name(remark->state));
		json_string(&json, "what", remark->what);
		json_string(&json, "mend", remark->fix);
		json_object_end(&json);
	}
	json_array_end(&json);
	print_json_end(&json);
}

/* ---- mending ---- */

static enum store_result
apply(struct ctl *ctl, const struct allow *allow, int64_t *lifted)
{
	char net[NET_TEXT_SIZE];
	enum store_result result = engine_allow(
	    ctl->store, ctl->conf, allow, ctl->now, lifted);

	return result == STORE_OK
		   ? ctl_audit(ctl, "allow add", net_format(&allow->net, net),
			 allow->note)
		   : result;
}

/* All of it or nothing. */
static enum store_result
apply_all(struct ctl *ctl, const struct fixes *fixes, int64_t *lifted)
{
	enum store_result result = ctl_begin(ctl);

	for (size_t i = 0; result == STORE_OK && i < fixes->fixes; i++) {
		result = apply(ctl, &fixes->fix[i].allow, &lifted[i]);
	}
	if (result == STORE_OK) {
		result = store_commit(ctl->store);
	}
	return result;
}

static void
say_applied(struct diagnosis *diagnosis, const struct fixes *fixes,
    const int64_t *lifted)
{
	for (size_t i = 0; i < fixes->fixes; i++) {
		const struct allow *allow = &fixes->fix[i].allow;
		char net[NET_TEXT_SIZE];
		char end[TIME_TEXT_SIZE];
		char bans[PRINT_COUNT_SIZE];

		diagnosis->check = fixes->fix[i].check;
		diagnosis_add(diagnosis, HEALTH_FIXED, NULL,
		    "allowed %s %s%s (%s); lifted %s",
		    net_format(&allow->net, net),
		    allow->until == 0 ? "for good" : "until ",
		    allow->until == 0 ? "" : text_from_time(allow->until, end),
		    allow->note, print_count(lifted[i], "ban", "bans", bans));
	}
}

static enum store_result
mend(struct ctl *ctl, struct facts *facts, struct diagnosis *diagnosis)
{
	static struct fixes fixes; /* too large for a stack */
	int64_t lifted[FIXES_MAX] = { 0 };
	enum store_result result;

	fixes_find(facts, &fixes);
	if (fixes.fixes == 0) {
		return STORE_OK;
	}
	result = apply_all(ctl, &fixes, lifted);
	if (result == STORE_OK) {
		say_applied(diagnosis, &fixes, lifted);
		facts_read_records(facts, ctl->store);
	}
	return result;
}

/* ---- the visit ---- */

static void
open_database(struct ctl *ctl, struct facts *facts, bool fix)
{
	struct records *records = &facts->records;
	const char *path = ctl->conf->database;

	store_close(ctl->store); /* it was none */
	ctl->store = NULL;
	if (!fix && access(path, F_OK) != 0 && errno == ENOENT) {
		struct text text;

		text_init(&text, records->error, sizeof(records->error));
		text_addf(&text, "no database yet at %s", path);
		records->result = STORE_FAILED;
		return;
	}
	records->result = store_open(&ctl->store, path,
	    fix ? STORE_WRITE : STORE_READ, PATIENCE_MS, records->error);
	if (records->result == STORE_OK) {
		facts_read_records(facts, ctl->store);
	}
}

static enum exit_status
visit(struct ctl *ctl, struct facts *facts, struct diagnosis *diagnosis)
{
	bool fix = args_given(&ctl->args, OPTION_FIX);

	open_database(ctl, facts, fix);
	if (fix && facts->records.result == STORE_OK) {
		enum store_result result = mend(ctl, facts, diagnosis);

		if (result != STORE_OK) {
			return ctl_failed(ctl, result);
		}
	}
	judge(facts, diagnosis);
	if (args_given(&ctl->args, OPTION_JSON)) {
		tell_json(diagnosis);
	} else {
		tell(diagnosis);
	}
	if (facts->records.result != STORE_OK) {
		return EXIT_DATABASE;
	}
	return diagnosis_count(diagnosis, HEALTH_PROBLEM) > 0 ? EXIT_NO
							      : EXIT_FINE;
}

enum exit_status
doctor_run(struct ctl *ctl)
{
	char *folder = ctl->args.postfix != NULL
			   ? realpath(ctl->args.postfix, NULL)
			   : NULL;
	struct facts *facts = facts_gather(ctl->conf, folder, ctl->now);
	struct diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));
	enum exit_status status = EXIT_USAGE;

	if (facts != NULL && diagnosis != NULL) {
		status = visit(ctl, facts, diagnosis);
	} else {
		print_complaint("out of memory");
	}
	free(diagnosis);
	facts_free(facts);
	free(folder);
	return status;
}
