/*
 * `enforce` and `observe`: the one line of videur.conf, and the services that
 * have to know of it.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "conf/edit.h"
#include "core/reputation.h"
#include "ctl/ctl.h"
#include "ctl/services.h"
#include "engine/engine.h"
#include "rules/rules.h"

enum {
	SUSPECTS_SHOWN = 10
};

/* ---- what was observed ---- */

static struct suspects_query
query_of(int64_t since)
{
	return (struct suspects_query){
		.observed = true,
		.active_at = since,
		.since = since - REPUTATION_SPAN,
		.most = SUSPECTS_SHOWN,
	};
}

void
mode_observing(
    struct ctl *ctl, const struct state *states, struct observing *out)
{
	struct suspects_query query;

	out->since = engine_observing(states);
	query = query_of(out->since);
	out->count = store_ban_suspects_count(ctl->store, &query);
}

const char *
mode_observed(const struct observing *observing)
{
	return piece("%s, %" PRId64 " of them suspects (mail accepted before)",
	    piece_count(observing->count.bans, "ban", "bans"),
	    observing->count.suspects);
}

struct doubtful_row {
	struct ban ban;
	int64_t accepted;
};

static const struct layout suspects = {
	.column = {
	    { "client", OF(doubtful_row, ban.who), "ADDRESS", 0 },
	    { "reason", OF(doubtful_row, ban.reason), "REASON", 0 },
	    { "begins", OF(doubtful_row, ban.begins), "SINCE", COLUMN_TIME },
	    { "accepted", OF(doubtful_row, accepted), "ACCEPTED",
	        COLUMN_RIGHT },
	    { "ref", OF(doubtful_row, ban.ref), "REF", 0 },
	},
	.indent = 2,
};

static void
put_suspect(void *to, const struct ban *ban, int64_t accepted)
{
	const struct doubtful_row row = { .ban = *ban, .accepted = accepted };

	(void)to;
	output_record(&row);
}

/* Who would have been refused, those first that may have been wrongly. */
static void
show_observed(struct ctl *ctl, const struct observing *observing)
{
	const struct suspects_query query = query_of(observing->since);

	output_int("observed", observing->count.bans);
	output_int("suspects_observed", observing->count.suspects);
	output_say("observed%s: %s%s", piece_when(" since ", observing->since),
	    mode_observed(observing),
	    observing->count.suspects > 0 ? ", those with most first:" : "");
	output_table(
	    "suspects", observing->count.suspects > 0 ? &suspects : NULL);
	store_ban_suspects(ctl->store, &query, put_suspect, NULL);
	output_end();
}

/* ---- the change ---- */

/* Prepare it and show it; false after a complaint.  Where the mode is that
 * already nothing is prepared. */
static bool
prepare(struct ctl *ctl, enum conf_mode mode, struct conf_edit *edit)
{
	char error[CONF_ERROR_SIZE] = "";
	struct rules *rules;

	*edit = (struct conf_edit){ .line = 0 };
	if (ctl->conf->mode == mode) {
		return true;
	}
	/* A service that cannot read one of these keeps the old mode. */
	rules = ctl_rules(ctl);
	rules_free(rules);
	if (rules == NULL) {
		return false;
	}
	if (!conf_edit_mode(ctl->file, mode, edit, error)) {
		output_wrong(error);
		return false;
	}
	output_command("%s:%d", edit->file, edit->line);
	if (edit->was[0] != '\0') {
		output_command("  - %s", edit->was);
	}
	output_command("  + %s", edit->is);
	return true;
}

/* Into the file and the audit; EXIT_FINE, or after a complaint why not. */
static enum exit_status
make(struct ctl *ctl, const struct conf_edit *edit, enum conf_mode mode)
{
	char error[CONF_ERROR_SIZE];

	if (!conf_edit_write(edit, error)) {
		output_wrong(error);
		return EXIT_USAGE;
	}
	store_begin(ctl->store);
	ctl_audit(
	    ctl, conf_mode_name(mode), piece("%s:%d", edit->file, edit->line));
	return ctl_well(ctl, store_commit(ctl->store)) ? EXIT_FINE
						       : EXIT_DATABASE;
}

/* Whether a service says that it runs in another mode: it has not read the
 * configuration since that was changed. */
static bool
lags(const struct running *services, size_t count,
    const struct state states[static STATE_COUNT], enum conf_mode mode)
{
	for (size_t i = 0; i < count; i++) {
		const struct state *noted = services[i].life < STATE_COUNT
						? engine_state_mode(
						      states, services[i].life)
						: NULL;

		if (noted != NULL && noted->there &&
		    strcmp(noted->value, conf_mode_name(mode)) != 0) {
			return true;
		}
	}
	return false;
}

static void
put_services(const struct running *services, size_t count, bool told)
{
	output_table("services", NULL);
	for (size_t i = 0; i < count; i++) {
		output_row();
		output_string("service", services[i].name);
		output_int("pid", services[i].pid);
		output_bool("reloaded", services[i].done);
		output_end();
		if (services[i].done) {
			output_say("%s (process %ld) %s", services[i].name,
			    services[i].pid,
			    services[i].life < STATE_COUNT
				? "has read it"
				: "was told to read it");
		}
	}
	output_end();
	if (count == 0 && told) {
		output_say("no service runs with this configuration: it holds "
			   "once they are started");
	}
}

/* What holds from now on, as the last line. */
static void
conclude(struct ctl *ctl, enum conf_mode mode, bool already)
{
	const char *word = mode == CONF_OBSERVE ? "observing" : "enforcing";
	struct ban_counts counts;
	int64_t banned;

	store_ban_counts(ctl->store, ctl->now, &counts);
	banned = counts.addresses[0] + counts.addresses[1] +
		 counts.networks[0] + counts.networks[1];
	output_int("banned", banned);
	if (already) {
		output_say("already %s: nothing to change", word);
	} else if (mode == CONF_ENFORCE) {
		output_say("enforcing: %s banned now and refused, and so is "
			   "whoever earns a ban from now on; what was only "
			   "observed refuses nobody",
		    piece_count(banned, "client is", "clients are"));
	} else {
		output_say("observing: new bans refuse nobody%s",
		    banned > 0
			? piece("; %s on being refused until the ban ends "
				"(videur clear all lifts it)",
			      piece_count(banned, "client from before goes",
				  "clients from before go"))
			: "");
	}
}

static enum exit_status
change(struct ctl *ctl, enum conf_mode mode)
{
	const bool dry = ctl->args->value[OPTION_DRY_RUN] != NULL;
	struct running services[SERVICES_MAX];
	struct state states[STATE_COUNT];
	struct observing observing;
	struct conf_edit edit;
	enum exit_status status = EXIT_FINE;
	size_t count = 0;
	bool changes;
	bool told = false;

	output_object(NULL, NULL);
	output_string("mode", conf_mode_name(mode));
	output_string("was", conf_mode_name(ctl->conf->mode));
	engine_states(ctl->store, states);
	mode_observing(ctl, states, &observing);
	if (mode == CONF_ENFORCE && ctl->conf->mode != mode) {
		show_observed(ctl, &observing);
	}
	if (!prepare(ctl, mode, &edit)) {
		conf_edit_free(&edit);
		return EXIT_USAGE;
	}
	changes = edit.after != NULL && !dry;
	if (changes) {
		status = make(ctl, &edit, mode);
	}
	count = services_find(ctl->file, services);
	told = status == EXIT_FINE && !dry &&
	       (changes || lags(services, count, states, mode));
	if (told && !services_reload(services, count, ctl->store, mode)) {
		status = EXIT_NO;
	}
	output_bool("changed", changes && status != EXIT_USAGE);
	output_string("file", edit.after != NULL ? edit.file : NULL);
	output_number("line", COLUMN_OPTIONAL, edit.line);
	put_services(services, count, told);
	if (dry && edit.after != NULL) {
		output_say("nothing was changed (--dry-run)");
	} else if (status == EXIT_FINE) {
		conclude(ctl, mode, !told && !changes);
	}
	output_time("checked_at", ctl->now);
	output_end();
	conf_edit_free(&edit);
	return store_status(ctl->store) == STORE_OK ? status : EXIT_DATABASE;
}

enum exit_status
mode_enforce(struct ctl *ctl)
{
	return change(ctl, CONF_ENFORCE);
}

enum exit_status
mode_observe(struct ctl *ctl)
{
	return change(ctl, CONF_OBSERVE);
}
