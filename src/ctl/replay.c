#include "ctl/ctl.h"

#include <inttypes.h>
#include <unistd.h>

#include "ctl/progress.h"
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
	int64_t lines; /* that were read */
};

/* ---- bring-up ---- */

/* Try what the policy of that name makes of it, NULL being the configured
 * one. */
static enum exit_status
add_policy(struct replay *replay, const char *name)
{
	static struct policy named; /* too large for a stack */
	const struct conf *conf = replay->ctl->conf;
	char error[SIMULATE_ERROR_SIZE];
	struct simulation *simulation;

	if (name != NULL && !ctl_policy(replay->ctl, name, &named)) {
		return EXIT_USAGE;
	}
	simulation = simulate_open(
	    conf, name != NULL ? &named : &conf->policy, error);
	if (simulation == NULL) {
		output_complain("%s", error);
		return EXIT_DATABASE;
	}
	replay->simulation[replay->policies++] = simulation;
	return EXIT_FINE;
}

/* ---- reading ---- */

static void
show_progress(void *to, int64_t done, int64_t total, int64_t lines)
{
	progress_step(to, done, total, lines, proc_ticks());
}

/* All findings, or where `finding` is NULL the end; false after a
 * complaint. */
static bool
simulate_all(struct replay *replay, const struct finding *finding)
{
	for (size_t i = 0; i < replay->policies; i++) {
		struct simulation *simulation = replay->simulation[i];

		if (finding != NULL ? !simulate_take(simulation, finding)
				    : !simulate_end(simulation)) {
			output_complain("%s", simulation->error);
			return false;
		}
	}
	return true;
}

static enum exit_status
read_logs(struct replay *replay)
{
	const struct args *args = replay->ctl->args;
	struct progress progress = progress_begin(
	    isatty(STDERR_FILENO) ? stderr : NULL, proc_ticks());
	const struct merge_progress shown = { show_progress, &progress };
	char error[LOG_ERROR_SIZE];
	const struct rules_clock clock = rules_clock(
	    replay->ctl->now, replay->ctl->conf->watch.zone);
	struct merge *merge = merge_open(
	    replay->rules, args->file, args->files, &clock, &shown, error);
	enum merge_result result = MERGE_FAILED;
	const struct finding *finding;
	bool fine = true;

	while (merge != NULL && fine &&
	       (result = merge_next(merge, &finding)) == MERGE_FINDING) {
		fine = simulate_all(replay, finding);
	}
	progress_end(&progress);
	if (merge != NULL) {
		replay->lines = merge_lines(merge);
		merge_close(merge);
	}
	if (fine && result == MERGE_FAILED) {
		output_complain("%s", error);
		return EXIT_USAGE;
	}
	return fine && simulate_all(replay, NULL) ? EXIT_FINE : EXIT_DATABASE;
}

/* ---- one policy's bans ---- */

struct replay_row {
	struct ban ban;
	const char *lasts;
	int64_t refused;
	int64_t lost;
	int64_t accepted;
	int64_t recipients;
	bool suspect;
	const char *reply;
	const char *mail;
};

static const struct layout ban_layout = {
	.column = {
	    { "client", OF(replay_row, ban.who), "ADDRESS", 0 },
	    { "reason", OF(replay_row, ban.reason), "REASON", 0 },
	    { "rule", OF(replay_row, ban.rule), "RULE", 0 },
	    { "step", OF(replay_row, ban.step), "STEP", COLUMN_RIGHT },
	    { "begins", OF(replay_row, ban.begins), "SINCE", COLUMN_TIME },
	    { "ends", OF(replay_row, ban.ends), NULL, COLUMN_TIME },
	    { "lasts", OF(replay_row, lasts), "FOR",
	        COLUMN_RIGHT | COLUMN_PEOPLE },
	    { "refused", OF(replay_row, refused), "REFUSED", COLUMN_RIGHT },
	    { "lost", OF(replay_row, lost), NULL, 0 },
	    { "accepted", OF(replay_row, accepted), NULL, 0 },
	    { "recipients", OF(replay_row, recipients), NULL, 0 },
	    { "suspect", OF(replay_row, suspect), NULL, 0 },
	    { "reply", OF(replay_row, reply), NULL, 0 },
	    { "mail", OF(replay_row, mail), "ACCEPTED",
	        COLUMN_WRAP | COLUMN_PEOPLE },
	},
	.indent = 2,
	.lines = true,
};

static const char shown_of_others[] = " client reason rule step begins lasts "
				      "refused ";

static void
put_ban(const struct replay_client *client, const struct replay_ban *replayed)
{
	const struct ban *ban = &replayed->ban;
	char reply[REPLY_TEXT_SIZE];
	struct replay_row row = {
		.ban = *ban,
		.lasts = piece_short(ban->ends - ban->begins),
		.refused = replayed->refused,
		.lost = client_lost(replayed),
		.accepted = client_accepted(client),
		.recipients = client->recipients,
		.suspect = client_is_suspect(client),
		/* Without the page, which knows nothing of such a ban. */
		.reply = reply_line(&ban->reply, piece_net(&ban->who), NULL,
		    ban->ends, NULL, NULL, reply),
	};

	row.mail = piece("accepted: %s, %s; %" PRId64 " lost to this ban",
	    piece_count(row.accepted, "message", "messages"),
	    piece_count(row.recipients, "recipient", "recipients"), row.lost);
	output_record(&row);
}

/* A table of those that are suspects or of those that are not, under a line
 * that says what they are; nothing where there are none. */
static void
put_bans(const struct replay_clients *clients, bool suspects)
{
	struct layout layout = ban_layout;
	bool any = false;

	layout.shown = suspects ? NULL : shown_of_others;
	for (size_t i = 0; i < clients->bans; i++) {
		const struct replay_ban *ban = &clients->ban[i];
		const struct replay_client *client = table_row(
		    &clients->table, ban->client);

		if (client_is_suspect(client) != suspects) {
			continue;
		}
		if (!any) {
			output_say(
			    "%s", suspects ? "suspects: banned, though mail of "
					     "theirs was accepted"
					   : "bans");
			output_table(NULL, &layout);
		}
		any = true;
		put_ban(client, ban);
	}
	if (any) {
		output_end();
		output_gap();
	}
}

/* "4: 3 for spam, 1 for auth", of all that are not 0. */
static const char *
list_counts(
    const int64_t *count, const struct words *words, const char *between)
{
	const char *list = "";
	int64_t all = 0;

	for (size_t i = 0; i < words->count; i++) {
		if (count[i] > 0) {
			list = piece("%s%s %" PRId64 " %s%s", list,
			    all > 0 ? "," : ":", count[i], between,
			    words_at(words, i));
		}
		all += count[i];
	}
	return piece("%" PRId64 "%s", all, list);
}

/* What a host with the milter counts besides. */
static const char
    nowhere[] = "spam and viruses by header, unknown commands and "
		"call-outs are in no log";

/* Whom fairness spared, in the order of clients_sum's. */
static const char *const spared_names[SPARED_BITS] = { "accepted", "history",
	"bounces", "soft" };

static void
put_spared(const struct clients_sum *sum)
{
	output_line("spared",
	    "%s by what was accepted beside it, %" PRId64
	    " by 30 days of history, %" PRId64 " for bounces of forged mail",
	    piece_count(sum->spared[0], "client", "clients"), sum->spared[1],
	    sum->spared[2]);
	output_line("",
	    "%" PRId64 " of the banned with 450 at first, so that no mail "
	    "bounces",
	    sum->spared[3]);
}

static void
put_totals(const struct replay *replay)
{
	const struct simulation *simulation = replay->simulation[0];
	const struct clients_sum sum = clients_sum(&simulation->clients);

	output_line("policy", "%s", simulation->conf.policy.name);
	output_line("read", "%s of %s",
	    piece_count(replay->lines, "line", "lines"),
	    piece_count((int64_t)replay->ctl->args->files, "file", "files"));
	if (simulation->from <= simulation->until) {
		output_line("", "%s to %s", piece_time(simulation->from),
		    piece_time(simulation->until));
	}
	output_line("offences", "%s",
	    list_counts(simulation->offences, &kind_words, ""));
	if (simulation->allowed > 0) {
		output_line("",
		    "%" PRId64 " of them by clients allowed or never banned",
		    simulation->allowed);
	}
	if (simulation->spared > 0) {
		output_line("",
		    "%" PRId64
		    " more not counted: by clients that had logged in",
		    simulation->spared);
	}
	output_line("", "%s", nowhere);
	output_line("clients",
	    "%" PRId64 " seen, %" PRId64 " with offences, %" PRId64
	    " banned, %" PRId64 " of these suspects",
	    sum.seen, sum.offenders, sum.banned, sum.suspects);
	put_spared(&sum);
	output_line(
	    "bans", "%s", list_counts(sum.reason, &reason_words, "for "));
	output_line("refused",
	    "%" PRId64 " attempts, with them %" PRId64
	    " messages that had been accepted",
	    sum.refused, sum.lost);
}

/* ---- two policies ---- */

struct numbers_row {
	const char *what;
	int64_t one;
	int64_t other;
};

static void
put_side_by_side(const struct simulation *const *both)
{
	const struct layout table = {
		.column = {
		    { "what", OF(numbers_row, what), "", 0 },
		    { "one", OF(numbers_row, one), both[0]->conf.policy.name, COLUMN_RIGHT },
		    { "other", OF(numbers_row, other), both[1]->conf.policy.name,
			COLUMN_RIGHT },
		},
		.people = true,
	};
	const struct clients_sum one = clients_sum(&both[0]->clients);
	const struct clients_sum other = clients_sum(&both[1]->clients);
	struct numbers_row rows[REASON_COUNT + 7] = {
		{ "bans", one.bans, other.bans },
	};
	size_t count = 1;

	for (enum reason i = 0; i < REASON_COUNT; i++) {
		if (one.reason[i] > 0 || other.reason[i] > 0) {
			rows[count++] = (struct numbers_row){
				piece("  for %s", reason_name(i)),
				one.reason[i], other.reason[i]
			};
		}
	}
	rows[count++] = (struct numbers_row){ "clients", one.banned,
		other.banned };
	rows[count++] = (struct numbers_row){ "  suspects", one.suspects,
		other.suspects };
	rows[count++] = (struct numbers_row){ "spared clients",
		one.spared[0] + one.spared[1] + one.spared[2],
		other.spared[0] + other.spared[1] + other.spared[2] };
	rows[count++] = (struct numbers_row){ "  450 at first", one.spared[3],
		other.spared[3] };
	rows[count++] = (struct numbers_row){ "refused attempts", one.refused,
		other.refused };
	rows[count++] = (struct numbers_row){ "  accepted messages", one.lost,
		other.lost };
	output_table(NULL, &table);
	for (size_t i = 0; i < count; i++) {
		output_record(&rows[i]);
	}
	output_end();
}

/* The clients that a policy bans and the other does not; with `names` they
 * are told, too.  Gives back how many. */
static int64_t
put_only(const struct replay_clients *clients,
    const struct replay_clients *other, bool names)
{
	int64_t count = 0;

	for (size_t i = 0; i < clients->table.rows; i++) {
		const struct replay_client *client = table_row(
		    &clients->table, i);
		const struct replay_client *there = table_find(
		    &other->table, &client->who);

		if (client->newest == 0 ||
		    (there != NULL && there->newest != 0)) {
			continue;
		}
		count++;
		if (names) {
			output_string(NULL, piece_net(&client->who));
			output_say("  %s%s", piece_net(&client->who),
			    client_is_suspect(client) ? "  suspect" : "");
		}
	}
	return count;
}

static void
put_policy(const struct simulation *simulation, const struct simulation *other)
{
	const struct clients_sum sum = clients_sum(&simulation->clients);

	output_object(NULL, NULL);
	output_string("policy", simulation->conf.policy.name);
	output_int("bans", sum.bans);
	output_int("clients", sum.banned);
	output_int("suspects", sum.suspects);
	output_int("refused", sum.refused);
	output_int("lost", sum.lost);
	output_object("reasons", NULL);
	for (int i = 0; i < REASON_COUNT; i++) {
		output_int(reason_name((enum reason)i), sum.reason[i]);
	}
	output_end();
	output_object("spared", NULL);
	for (int i = 0; i < SPARED_BITS; i++) {
		output_int(spared_names[i], sum.spared[i]);
	}
	output_end();
	output_gap();
	output_say("banned by %s only: %s", simulation->conf.policy.name,
	    piece_count(put_only(&simulation->clients, &other->clients, false),
		"client", "clients"));
	output_list("only");
	(void)put_only(&simulation->clients, &other->clients, true);
	output_end();
	output_end();
}

/* ---- the verb ---- */

enum exit_status
replay_check(struct ctl *ctl)
{
	if (ctl->args->value[OPTION_POLICY] != NULL &&
	    ctl->args->value[OPTION_COMPARE] != NULL) {
		output_complain("--policy and --compare exclude each other");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
replay_logs(struct ctl *ctl)
{
	struct replay replay = { .ctl = ctl, .rules = ctl_rules(ctl) };
	const struct simulation *const
	    *both = (const struct simulation *const *)replay.simulation;
	const char *compared = ctl->args->value[OPTION_COMPARE];
	enum exit_status status = EXIT_USAGE;
	size_t bans = 0;

	if (replay.rules != NULL) {
		status = add_policy(&replay,
		    compared != NULL ? compared
				     : ctl->args->value[OPTION_POLICY]);
	}
	if (status == EXIT_FINE && compared != NULL) {
		status = add_policy(&replay, ctl->args->second);
	}
	if (status == EXIT_FINE) {
		status = read_logs(&replay);
	}
	for (size_t i = 0; i < replay.policies; i++) {
		bans += replay.simulation[i]->clients.bans;
	}
	if (status == EXIT_FINE && replay.policies > 1) {
		put_side_by_side(both);
		output_gap();
		output_say("%s", nowhere);
		output_object(NULL, NULL);
		output_int("lines", replay.lines);
		output_list("policies");
		put_policy(both[0], both[1]);
		put_policy(both[1], both[0]);
		output_end();
		output_gap();
		output_say("%s", piece_count(replay.lines, "line", "lines"));
		output_end();
	} else if (status == EXIT_FINE) {
		if (bans == 0) {
			output_say("nobody would have been banned");
			output_gap();
		}
		put_bans(&replay.simulation[0]->clients, true);
		put_bans(&replay.simulation[0]->clients, false);
		put_totals(&replay);
	}
	for (size_t i = 0; i < replay.policies; i++) {
		simulate_close(replay.simulation[i]);
	}
	rules_free(replay.rules);
	return status != EXIT_FINE ? status : bans > 0 ? EXIT_FINE : EXIT_NO;
}
