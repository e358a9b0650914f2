#include "ctl/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/progress.h"
#include "ctl/replay_say.h"
#include "ctl/rules.h"
#include "replay/merge.h"
#include "replay/simulate.h"

enum {
	POLICIES_MAX = 2
};

struct replay {
	struct ctl *ctl;
	struct rules *rules;
	struct simulation *simulation[POLICIES_MAX];
	size_t policies;
	struct replay_input input;
};

/* ---- bring-up ---- */

/* Try what the policy of that name makes of it, NULL being the configured
 * one. */
static enum exit_status
add_policy(struct replay *replay, const char *name)
{
	const struct conf *conf = replay->ctl->conf;
	char error[CONF_ERROR_SIZE] = "";
	char why[SIMULATE_ERROR_SIZE];
	struct policy *policy = malloc(sizeof(*policy));
	enum exit_status status = EXIT_FINE;
	struct simulation *simulation;

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
		simulation = simulate_open(conf, policy, why);
		if (simulation == NULL) {
			print_complaint("%s", why);
		}
		replay->simulation[replay->policies] = simulation;
		replay->policies += simulation != NULL;
		status = simulation != NULL ? EXIT_FINE : EXIT_DATABASE;
	}
	free(policy);
	return status;
}

static enum exit_status
add_policies(struct replay *replay)
{
	const struct args *args = &replay->ctl->args;
	enum exit_status status;

	if (!args_given(args, OPTION_COMPARE)) {
		return add_policy(replay, args->policy[0]);
	}
	status = add_policy(replay, args->policy[0]);
	return status == EXIT_FINE ? add_policy(replay, args->policy[1])
				   : status;
}

/* ---- reading ---- */

static void
show_progress(void *to, int64_t done, int64_t total, int64_t lines)
{
	progress_step(to, done, total, lines, proc_ticks());
}

static enum exit_status
read_findings(struct replay *replay, struct merge *merge,
    struct progress *progress, const char *error)
{
	const struct finding *finding;
	enum merge_result result;
	bool fine = true;
	size_t at = 0;

	while ((result = merge_next(merge, &finding)) == MERGE_FINDING) {
		for (at = 0; at < replay->policies && fine; at += fine) {
			fine = simulate_take(replay->simulation[at], finding);
		}
		if (!fine) {
			break;
		}
	}
	replay->input.lines = merge_lines(merge);
	progress_end(progress);
	if (result == MERGE_FAILED) {
		print_complaint("%s", error);
		return EXIT_USAGE;
	}
	for (at = fine ? 0 : at; at < replay->policies && fine; at += fine) {
		fine = simulate_end(replay->simulation[at]);
	}
	if (!fine) {
		print_complaint("%s", replay->simulation[at]->error);
	}
	return fine ? EXIT_FINE : EXIT_DATABASE;
}

static enum exit_status
read_logs(struct replay *replay)
{
	const struct args *args = &replay->ctl->args;
	struct progress progress = progress_begin(
	    isatty(STDERR_FILENO) ? stderr : NULL, proc_ticks());
	char error[LOG_ERROR_SIZE];
	struct merge *merge = merge_open(replay->rules, args->file, args->files,
	    replay->ctl->now, show_progress, &progress, error);
	enum exit_status status;

	if (merge == NULL) {
		progress_end(&progress);
		print_complaint("%s", error);
		return EXIT_USAGE;
	}
	status = read_findings(replay, merge, &progress, error);
	merge_close(merge);
	return status;
}

/* ---- telling ---- */

static void
say(const struct replay *replay)
{
	bool json = args_given(&replay->ctl->args, OPTION_JSON);
	const struct simulation *const both[POLICIES_MAX] = {
		replay->simulation[0], replay->simulation[1]
	};

	if (replay->policies > 1 && json) {
		replay_compare_json(both, &replay->input);
	} else if (replay->policies > 1) {
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

	for (size_t i = 0; i < replay->policies; i++) {
		bans += clients_bans(replay->simulation[i]->clients);
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
		status = add_policies(&replay);
	}
	if (status == EXIT_FINE) {
		status = read_logs(&replay);
	}
	if (status == EXIT_FINE) {
		say(&replay);
		status = any_bans(&replay) ? EXIT_FINE : EXIT_NO;
	}
	for (size_t i = 0; i < replay.policies; i++) {
		simulate_close(replay.simulation[i]);
	}
	if (replay.rules != NULL) {
		rules_free(replay.rules);
	}
	return status;
}
