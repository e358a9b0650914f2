/*
 * What happened in the last day, as text that is read as mail; and that mail.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

enum {
	DAY = 24 * 3600,
	BANS_MAX = 1000000, /* that are counted */
	SHOWN = 10          /* of clients and of suspects */
};

/* ---- what happened ---- */

struct cause_row {
	const char *reason;
	int64_t bans;
	int64_t observed;
};

static const struct layout causes = {
	.column = {
	    { "reason", OF(cause_row, reason), "REASON", 0 },
	    { "bans", OF(cause_row, bans), "BANS", COLUMN_RIGHT },
	    { "observed", OF(cause_row, observed), "ONLY OBSERVED", COLUMN_RIGHT },
	},
};

static void
count_ban(void *to, const struct ban *ban)
{
	struct cause_row *row = (struct cause_row *)to + ban_cause(ban);

	row->bans += !ban->observed;
	row->observed += ban->observed;
}

static void
put_bans(struct ctl *ctl, int64_t since)
{
	struct cause_row rows[CAUSE_COUNT] = { { .reason = NULL } };
	const int64_t before = store_happened_before(
	    ctl->store, HAPPENED_BAN, since, BANS_MAX);

	store_ban_after(ctl->store, before, BANS_MAX, count_ban, rows);
	output_table("bans", &causes);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		rows[i].reason = words_at(&cause_words, i);
		if (rows[i].bans + rows[i].observed > 0) {
			output_record(&rows[i]);
		}
	}
	output_end_or("none");
}

static const struct layout busiest = {
	.column = {
	    { "client", OF(refused_client, who), "ADDRESS", 0 },
	    { "reason", OF(refused_client, reason), "REASON", 0 },
	    { "hits", OF(refused_client, hits), "REFUSED", COLUMN_RIGHT },
	    { "told", OF(refused_client, at), "LAST", COLUMN_TIME },
	    { "ref", OF(refused_client, ref), "REF", 0 },
	},
};

static void
put_client(void *to, const struct refused_client *refused)
{
	(void)to;
	output_record(refused);
}

static enum exit_status
put_digest(struct ctl *ctl, int64_t since)
{
	char host[256] = "";
	struct brake brake;

	(void)gethostname(host, sizeof(host) - 1);
	output_object(NULL, NULL);
	output_string("host", host);
	output_time("since", since);
	output_time("until", ctl->now);
	output_say("videur on %s, from %s to %s", host, piece_time(since),
	    piece_time(ctl->now));
	output_say("\nBans that began:");
	put_bans(ctl, since);
	output_say("\nClients refused most often:");
	output_table("refused", &busiest);
	store_refused(ctl->store, since, SHOWN, put_client, NULL);
	output_end_or("nobody was refused");
	output_say("\nBanned now, though mail was accepted before (look at "
		   "these):");
	if (list_put_suspects(ctl, "suspects", SHOWN) == 0) {
		output_say("nobody");
	}
	output_say("\nServices:");
	status_put_life(ctl);
	engine_brake(ctl->store, ctl->conf, ctl->now, &brake);
	output_bool("brake", brake.on);
	output_line("brake", "%s%s", brake.on ? "ON" : "off",
	    piece_when(" since ", brake.since));
	output_say("\nChanged by hand:");
	if (list_put_changes(ctl, "changes", since) == 0) {
		output_say("nothing");
	}
	output_end();
	return EXIT_FINE;
}

/* ---- the mail ---- */

/* Run a program and wait; false after a complaint where it did not end well. */
static bool
run(char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = 0;
	int error;

	(void)posix_spawn_file_actions_init(&actions);
	if (in >= 0) {
		(void)posix_spawn_file_actions_adddup2(
		    &actions, in, STDIN_FILENO);
	}
	if (out >= 0) {
		(void)posix_spawn_file_actions_adddup2(
		    &actions, out, STDOUT_FILENO);
	}
	error = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	while (error == 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (error != 0) {
		output_complain("%s: %s", argv[0], strerrordesc_np(error));
	} else if (status != 0) {
		output_complain("%s did not end well", argv[0]);
	}
	return error == 0 && status == 0;
}

/* RFC 5322, and RFC 3834: no program is to answer it. */
static bool
write_head(const struct ctl *ctl, const char *address, int to)
{
	const time_t now = (time_t)ctl->now;
	char host[256] = "";
	char date[64];
	struct tm local;

	(void)gethostname(host, sizeof(host) - 1);
	return localtime_r(&now, &local) != NULL &&
	       strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z",
		   &local) > 0 &&
	       dprintf(to,
		   "From: videur <%s%s%s>\n"
		   "To: <%s>\n"
		   "Subject: videur on %s: what happened\n"
		   "Date: %s\n"
		   "Auto-Submitted: auto-generated\n"
		   "MIME-Version: 1.0\n"
		   "Content-Type: text/plain; charset=utf-8\n"
		   "Content-Transfer-Encoding: 8bit\n\n",
		   ctl->conf->contact[0] != '\0' ? ctl->conf->contact
						 : "videur@",
		   ctl->conf->contact[0] != '\0' ? "" : host, "", address, host,
		   date) > 0;
}

/* What this program says, run once more, is the body: what it prints at its end
 * is its answer, or nothing. */
static enum exit_status
mail(struct ctl *ctl, const char *address)
{
	const char *given = ctl->args->value[OPTION_SINCE];
	char program[] = "sendmail";
	char whole_input[] = "-i";
	char end[] = "--";
	char self[] = "/proc/self/exe";
	char digest[] = "digest";
	char since[64] = "--since=1d";
	char file[CONF_PATH_SIZE + 2];
	char to[CONF_TEXT_SIZE];
	char *body[] = { self, digest, since, NULL, NULL };
	char *sendmail[] = { program, whole_input, end, to, NULL };
	const int whole = memfd_create("digest", MFD_CLOEXEC);
	bool fine = whole >= 0 && text_copy(to, sizeof(to), address);

	if (given != NULL) {
		(void)text_print(since, sizeof(since), "--since=%s", given);
	}
	if (ctl->file != NULL) {
		(void)text_print(file, sizeof(file), "-c%s", ctl->file);
		body[1] = file;
		body[2] = digest;
		body[3] = since;
	}
	fine = fine && write_head(ctl, address, whole) &&
	       run(body, -1, whole) && lseek(whole, 0, SEEK_SET) == 0 &&
	       run(sendmail, whole, -1);
	if (whole >= 0) {
		(void)close(whole);
	}
	if (fine) {
		output_say("handed to sendmail, for %s", address);
	}
	output_object(NULL, NULL);
	output_string("mailed_to", fine ? address : NULL);
	output_end();
	return fine ? EXIT_FINE : EXIT_NO;
}

enum exit_status
digest_show(struct ctl *ctl)
{
	const char *address = ctl->args->value[OPTION_MAIL];

	return address != NULL
		   ? mail(ctl, address)
		   : put_digest(ctl, ctl_since(ctl, ctl->now - DAY));
}

enum exit_status
digest_send(struct ctl *ctl)
{
	if (ctl->conf->digest[0] == '\0') {
		output_say("no address is configured (digest)");
		output_object(NULL, NULL);
		output_string("mailed_to", NULL);
		output_end();
		return EXIT_FINE;
	}
	return mail(ctl, ctl->conf->digest);
}
