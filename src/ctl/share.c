/*
 * `share`: how it stands with what several hosts share; and what needs the
 * server is done by videur-share.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "engine/engine.h"
#include "store/shared.h"

/* ---- status ---- */

struct peer_row {
	struct share_peer peer;
	int64_t behind; /* entries of this host's that it has not read */
	const char *clock;
	const char *seen;
	char differs[64];
};

static const struct layout peers = {
	.column = {
	    { "name", OF(peer_row, peer.name), "HOST", 0 },
	    { "seen", OF(peer_row, peer.seen), NULL, COLUMN_TIME },
	    { "seen_ago", OF(peer_row, seen), "SEEN", COLUMN_PEOPLE },
	    { "behind", OF(peer_row, behind), "BEHIND", COLUMN_RIGHT },
	    { "pending", OF(peer_row, peer.pending), "TO SEND", COLUMN_RIGHT },
	    { "clock_ms", OF(peer_row, peer.clock), NULL, 0 },
	    { "clock", OF(peer_row, clock), "CLOCK",
		COLUMN_RIGHT | COLUMN_PEOPLE },
	    { "version", OF(peer_row, peer.version), "VERSION", 0 },
	    { "differs", OF(peer_row, differs), "DIFFERS",
		COLUMN_LIST | COLUMN_WRAP },
	},
};

struct peers_shown {
	struct ctl *ctl;
	const struct sharing *sharing;
};

static void
put_peer(void *to, const struct share_peer *peer)
{
	const struct peers_shown *shown = to;
	const struct sharing *sharing = shown->sharing;
	const unsigned faults = engine_peer_faults(
	    shown->ctl->conf, peer, sharing->asked);
	struct peer_row row = { .peer = *peer,
		.behind = sharing->self.read > peer->position
			      ? sharing->self.read - peer->position
			      : 0,
		.clock = piece("%+.1f s", (double)peer->clock / 1000),
		.seen = peer->seen != 0
			    ? piece("%s ago",
				  piece_short(shown->ctl->now - peer->seen))
			: peer->version[0] != '\0'
			    ? "left"
			    : "" /* only its entries */ };
	struct text text;

	text_init(&text, row.differs, sizeof(row.differs));
	for (size_t i = 0; i < PEER_FAULTS; i++) {
		if ((faults & 1U << i) != 0) {
			text_add(&text, text.len > 0 ? " " : "");
			text_add(&text, words_at(&peer_words, i));
		}
	}
	output_record(&row);
}

/* The line about this host itself. */
static void
say_self(const struct ctl *ctl, const struct sharing *sharing)
{
	const char *waits = piece_count(
	    sharing->self.pending, "entry waits", "entries wait");

	if (sharing->connected) {
		output_line("sharing", "as %s, connected since %s, %s",
		    ctl->conf->share_name, piece_time(sharing->since), waits);
	} else if (sharing->asked == 0 || sharing->since == 0) {
		output_line("NOT SHARING",
		    "videur-share has not run yet: systemctl enable --now "
		    "videur-share");
	} else if (sharing->why[0] != '\0') {
		output_line("NOT SHARING", "since %s: %s; %s",
		    piece_time(sharing->since), sharing->why, waits);
	} else {
		output_line("NOT SHARING",
		    "videur-share does not run: its last sign of life was %s "
		    "ago; %s",
		    piece_duration(ctl->now - sharing->asked), waits);
	}
	if (sharing->missed > 0) {
		output_line("missed",
		    "at %s, after this host was away: entries up to %" PRId64
		    " had expired in part before it read them",
		    piece_time(sharing->missed_at), sharing->missed);
	}
}

static void
put_self(const struct ctl *ctl, const struct sharing *sharing)
{
	output_string("name", ctl->conf->share_name);
	output_bool("joined", sharing->joined);
	output_bool("connected", sharing->connected);
	output_time("since", sharing->since);
	output_string("why", sharing->why[0] != '\0' ? sharing->why : NULL);
	output_time("seen", sharing->asked);
	output_int("sent", sharing->self.sent);
	output_int("pending", sharing->self.pending);
	output_int("read", sharing->self.read);
	output_int("missed", sharing->missed);
	output_time("missed_at", sharing->missed > 0 ? sharing->missed_at : 0);
}

void
share_put(struct ctl *ctl)
{
	struct sharing sharing = { .joined = false };

	if (!conf_shares(ctl->conf)) {
		output_string("sharing", NULL);
		return;
	}
	engine_sharing(ctl->store, ctl->conf, ctl->now, &sharing);
	output_object("sharing", NULL);
	put_self(ctl, &sharing);
	output_int("hosts", sharing.hosts);
	output_int("differ", sharing.differ);
	output_end();
	say_self(ctl, &sharing);
	output_line("", "%s%s",
	    piece_count(sharing.hosts, "other host", "other hosts"),
	    sharing.differ > 0
		? piece(", %" PRId64 " of them away or different: see "
			"\"videur share status\"",
		      sharing.differ)
		: "");
}

enum exit_status
share_check(struct ctl *ctl)
{
	if (!conf_shares(ctl->conf)) {
		output_complain("%s has no section share with database and "
				"name: nothing is shared",
		    ctl->file != NULL ? ctl->file : CONF_DEFAULT_FILE);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
share_status(struct ctl *ctl)
{
	struct sharing sharing = { .joined = false };
	struct peers_shown shown = { ctl, &sharing };

	engine_sharing(ctl->store, ctl->conf, ctl->now, &sharing);
	output_object(NULL, NULL);
	put_self(ctl, &sharing);
	say_self(ctl, &sharing);
	output_gap();
	output_table("hosts", &peers);
	store_share_peer_each(ctl->store, put_peer, &shown);
	output_end_or("no other host yet");
	output_time("checked_at", ctl->now);
	output_end();
	return sharing.connected && sharing.differ == 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- what needs the server ---- */

/* Become videur-share, which lies beside this program, or as installed in
 * sbin/. */
static enum exit_status
become(struct ctl *ctl, const char *what, const char *word)
{
	static const char *const places[] = { "", "../sbin/" };
	const char *file = ctl->file != NULL ? ctl->file : CONF_DEFAULT_FILE;
	const char *const argv[] = { "videur-share", "-c", file, what, word,
		NULL };
	char program[PATH_MAX] = "";
	char name[sizeof("../sbin/videur-share")];
	char there[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[len > 0 ? len : 0] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)snprintf(name, sizeof(name), "%svideur-share", places[i]);
		if (file_beside(program, name, there, sizeof(there)) &&
		    access(there, X_OK) == 0) {
			/* execv() changes no word. */
			(void)execv(there, (char *const *)(uintptr_t)argv);
		}
	}
	output_complain("videur-share cannot be run (%s): is its package "
			"installed?",
	    strerrordesc_np(errno));
	return EXIT_USAGE;
}

enum exit_status
share_init(struct ctl *ctl)
{
	return become(
	    ctl, "init", ctl->args->words > 2 ? ctl->args->word[2] : NULL);
}

enum exit_status
share_leave(struct ctl *ctl)
{
	return become(ctl, "leave", NULL);
}
