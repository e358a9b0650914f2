#include "ctl/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/findings.h"
#include "ctl/print.h"
#include "ctl/progress.h"
#include "ctl/replay_say.h"
#include "ctl/rules.h"
#include "ctl/trial.h"

enum {
	TRIALS_MAX = 2
};

struct replay {
	struct ctl *ctl;
	struct rules *rules;
	struct trial *trial[TRIALS_MAX];
	size_t trials;
	struct replay_input input;
};

/* ---- bring-up ---- */

/* Try what the policy of that name makes of it, NULL being the configured
 * one. */
static enum exit_status
add_trial(struct replay *replay, const char *name)
{
	const struct conf *conf = replay->ctl->conf;
	char error[CONF_ERROR_SIZE] = "";
	struct policy *policy = malloc(sizeof(*policy));
	enum exit_status status = EXIT_FINE;
	struct trial *trial;

	if (policy == NULL) {
		print_complaint("out of memory");
		return EXIT_DATABASE;
	}
	if (name == NULL) {
		*policy = conf->policy;
	} else if (!conf_policy(name, replay->ctl->file, policy, error)) {
		print_wrong(error);
		status = EXIT_USAGE;
	}
	if (status == EXIT_FINE) {
		trial = trial_open(conf, policy);
		replay->trial[replay->trials] = trial;
		replay->trials += trial != NULL;
		status = trial != NULL ? EXIT_FINE : EXIT_DATABASE;
	}
	free(policy);
	return status;
}

static enum exit_status
add_trials(struct replay *replay)
{
	const struct args *args = &replay->ctl->args;
	enum exit_status status;

	if (!args_given(args, OPTION_COMPARE)) {
		return add_trial(replay, args->policy[0]);
	}
	status = add_trial(replay, args->policy[0]);
	return status == EXIT_FINE ? add_trial(replay, args->policy[1])
				   : status;
}

/* ---- reading ---- */

static bool
take(struct replay *replay, const struct finding *finding)
{
	for (size_t i = 0; i < replay->trials; i++) {
		if (!trial_take(replay->trial[i], finding)) {
			return false;
		}
	}
	return true;
}

static bool
end_trials(struct replay *replay)
{
	for (size_t i = 0; i < replay->trials; i++) {
		if (!trial_end(replay->trial[i])) {
			return false;
		}
	}
	return true;
}

static enum exit_status
read_findings(struct replay *replay, struct findings *findings)
{
	const struct finding *finding;
	enum findings_result result;

	while ((result = findings_next(findings, &finding)) == FINDINGS_ONE) {
		if (!take(replay, finding)) {
			return EXIT_DATABASE;
		}
	}
	replay->input.lines = findings_lines(findings);
	if (result == FINDINGS_FAILED) {
		return EXIT_USAGE;
	}
	return end_trials(replay) ? EXIT_FINE : EXIT_DATABASE;
}

static enum exit_status
read_logs(struct replay *replay)
{
	const struct args *args = &replay->ctl->args;
	struct progress progress = progress_begin(
	    isatty(STDERR_FILENO) ? stderr : NULL, proc_ticks());
	struct findings *findings = findings_open(replay->rules, args->file,
	    args->files, replay->ctl->now, &progress);
	enum exit_status status;

	if (findings == NULL) {
		return EXIT_USAGE;
	}
	status = read_findings(replay, findings);
	progress_end(&progress);
	findings_close(findings);
	return status;
}

/* ---- telling ---- */

static void
say(const struct replay *replay)
{
	bool json = args_given(&replay->ctl->args, OPTION_JSON);
	const struct trial *const both[TRIALS_MAX] = { replay->trial[0],
		replay->trial[1] };

	if (replay->trials > 1 && json) {
		replay_compare_json(both, &replay->input);
	} else if (replay->trials > 1) {
		replay_compare(both, &replay->input);
	} else if (json) {
		replay_say_json(both[0]);
	} else {
		replay_say(both[0], &replay->input);
	}
}

static bool
any_bans(const struct replay *replay)
{
	size_t bans = 0;

	for (size_t i = 0; i < replay->trials; i++) {
		bans += replay->trial[i]->bans;
	}
	return bans > 0;
}

enum exit_status
replay_check(struct ctl *ctl)
{
	if (args_given(&ctl->args, OPTION_POLICY) &&
	    args_given(&ctl->args, OPTION_COMPARE)) {
		print_complaint("--policy and --compare exclude each other");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
replay_logs(struct ctl *ctl)
{
	struct replay replay = { .ctl = ctl,
		.input.files = (int64_t)ctl->args.files };
	enum exit_status status = EXIT_USAGE;

	replay.rules = rules_of(ctl);
	if (replay.rules != NULL) {
		status = add_trials(&replay);
	}
	if (status == EXIT_FINE) {
		status = read_logs(&replay);
	}
	if (status == EXIT_FINE) {
		say(&replay);
		status = any_bans(&replay) ? EXIT_FINE : EXIT_NO;
	}
	for (size_t i = 0; i < replay.trials; i++) {
		trial_close(replay.trial[i]);
	}
	if (replay.rules != NULL) {
		rules_free(replay.rules);
	}
	return status;
}
