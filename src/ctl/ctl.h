/*
 * What every verb works with: the configuration, the open database, the
 * words behind it; and the one way to write the audit.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/proc.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "ctl/args.h"
#include "ctl/output.h"
#include "store/store.h"

struct mta;
struct rules;

struct ctl {
	const struct conf *conf;
	const char *file; /* it was read from; NULL: the default */
	const struct args *args;
	const char *note;    /* for the audit: --note, or NULL */
	struct store *store; /* NULL before it is opened */
	int64_t now;         /* when the command began */
	FILE *spool;         /* what a check read before; closed at the end */
};

/* Whether it is STORE_OK; else false, after a complaint that says why the
 * database could not be used. */
bool ctl_well(struct ctl *ctl, enum store_result result);

/* Open the configured database to write, in the place of the empty one that a
 * verb was given; false after a complaint. */
bool ctl_open(struct ctl *ctl);

/* What is asked for. */
enum output_format ctl_format(const struct args *args);

/* Put what was done to whom into the audit, with the note. */
void ctl_audit(struct ctl *ctl, const char *what, const char *subject);

/* The policy of that name; false after a complaint. */
bool ctl_policy(const struct ctl *ctl, const char *name, struct policy *out);

/* The shipped log rules and the administrator's; NULL after a complaint. */
struct rules *ctl_rules(const struct ctl *ctl);

/* ---- what several verbs show of bans ---- */

/* Their rows as `list` has them, for JSON, and for text with other columns. */
extern const struct layout bans_layout;
/* With who made each, after hosts_read(). */
struct layout bans_layout_hosts(void);

/* One ban as a row of the open table, or what such a row has into the open
 * object.  Of an address that it holds, only what that one may know.  People
 * are told `detail` beside it. */
void bans_row(struct ctl *ctl, const struct ban *ban,
    const struct addr *address, const char *detail);
void bans_fields(struct ctl *ctl, const struct ban *ban,
    const struct addr *address, const char *detail);

/* ---- hosts that share what they learn ---- */

/* Read who they are; whether there is another one than this. */
bool hosts_read(struct ctl *ctl);
/* The id of the one of that name, 0 for this one; -1: there is none. */
int64_t hosts_find(const char *name);
/* The name of one, "" where there is no other. */
const char *hosts_name(int64_t id);
/* All of them: "mx1, mx2". */
const char *hosts_names(void);
/* The same with that column for the name of a host before the one named
 * `before`, where there is another one. */
struct layout hosts_layout(
    const struct layout *layout, const char *before, struct column column);

/* Whom a verb is to change: an address stands for its client, a network and
 * the ban behind a ref for itself. */
struct net ctl_client(const struct ctl *ctl, const struct target *target);

/* Answer for each target, the document of programs being a list where several
 * may be asked for; EXIT_NO where one of them is. */
enum exit_status ctl_each(struct ctl *ctl,
    enum exit_status (*answer)(struct ctl *ctl, const struct target *target));

/* One line about a ban that has just been written. */
void bans_began(struct ctl *ctl, const struct ban *ban);

/* "23h59m", "forever", or of one that refuses nobody now its state. */
const char *bans_left(const struct ban *ban, int64_t now);

/* "1 would be refused (only observed)": how every verb counts bans that hold
 * and refuse nobody. */
const char *bans_observed(int64_t count);

/* Those of an address that is not allowed, the last-ending first. */
struct bans_observed {
	struct ban ban[STANDING_BANS_MAX];
	size_t bans;
};
void bans_read_observed(struct ctl *ctl, const struct standing *standing,
    struct bans_observed *out);

/* "refused at RCPT TO, port 25", or "covered by ref 1AQP9W": of a ban of the
 * standing, where it refuses sessions. */
const char *bans_where(const struct standing *standing, const struct ban *ban);

/*
 * In words: clear, allowed (by what), never banned; or for a ban a sentence,
 * for several a table, the last-ending first, with until when, for what, and
 * where it refuses, or would; where that is told `below`, only how many.  Reads
 * the allow list and the observed bans.
 */
void bans_standing(
    struct ctl *ctl, const struct standing *standing, bool below);

/* "lifted by root: they called", of a ban that was lifted and where the audit
 * has it; else empty. */
const char *traces_lifted(struct ctl *ctl, const struct ban *ban);

/* The commands that show an address's lines in the logs that are followed. */
void traces_logs(struct ctl *ctl, const struct addr *address, int64_t since);

/* From when on --since asks. */
int64_t ctl_since(const struct ctl *ctl, int64_t otherwise);

/* Tables of suspects and of changes by hand; how many rows they have. */
int64_t list_put_suspects(struct ctl *ctl, const char *name, int64_t most);
int64_t list_put_changes(struct ctl *ctl, const char *name, int64_t since);
/* The services' signs of life. */
void status_put_life(struct ctl *ctl);

/* ---- the mode ---- */

struct state;

/* Since when new bans are only observed (0: no service says so), and what they
 * were. */
struct observing {
	int64_t since;
	struct suspects_count count;
};
void mode_observing(
    struct ctl *ctl, const struct state *states, struct observing *out);
/* "12 bans, 3 of them suspects (mail accepted before)". */
const char *mode_observed(const struct observing *observing);

/* ---- the verbs ---- */

/*
 * Each does what its row in ctl/main says, and gives back what the command
 * ends with; what a check refuses is refused before the database is touched.
 * Those that read or change something are called within a bracket of the
 * store.  With EXIT_USAGE they have complained and nothing is changed; what
 * they print is shown once the bracket ended well, so that no pager holds it
 * open.
 */
typedef enum exit_status verb(struct ctl *ctl);

/* Change the mode in videur.conf, and have the services know of it.  They make
 * their own brackets; EXIT_NO where one does not say that it does. */
verb mode_enforce, mode_observe;

verb status_show;
verb brake_show; /* EXIT_NO while it is on */
verb brake_release;

/* --suspects takes no names. */
verb list_names_check;
verb list_show;
verb list_suspects;
verb list_check; /* EXIT_NO where it is banned */
verb list_changes;
verb explain_show;

/* Refuses networks that are too wide, never banned, or allowed by the
 * configuration. */
verb ban_check;
verb ban_add, ban_clear;
/* The first of Postfix's networks that overlaps it and could be banned; NULL for
 * none.  Borrowed. */
const struct net *ban_own_network(const struct mta *mta, const struct net *who);
/* Bans in others' files; they make their own brackets. */
verb import_drop, import_csv, import_json, import_fail2ban;
/* Refuses what is very wide without --force; asks DNS of a name, which must be
 * told something, without --force. */
verb allow_check;
verb allow_list, allow_add, allow_remove;
/* One of network and name. */
verb allow_remove_check;
verb allow_names;

/* Understands all lines of standard input first. */
verb report_lines_check;
/* They make their own brackets. */
verb report_lines, report_one;

verb rules_list, rules_test;

/* Goes on until it is ended; makes its own brackets. */
verb tail_show;
/* Goes on until a key or a signal ends it, with --once once. */
verb top_show;
/* They may mail it. */
verb digest_show, digest_send;
/* --svg excludes the other forms. */
verb stats_check;
verb stats_show;
/* Refuses to replace a file without --force. */
verb backup_check;
verb backup_database;
verb restore_database;
/* All that is known of a client. */
verb forget_client;

/* --policy and --compare exclude each other. */
verb replay_check;
verb replay_logs;

/* The folder given as --postfix must be one. */
verb doctor_check;
/* It opens the database itself: that this cannot be done is a finding, after
 * which all else is still looked at. */
verb doctor_run;

/* Change Postfix as the doctor says, or take that back; the folder given as
 * --config must be one.  Both open the database themselves. */
verb setup_check;
verb setup_postfix;

verb codes_show;

/* What holds, and where each setting came from; that all files the
 * configuration names are fine. */
verb config_show, config_check;

/* From the configured database into the file that is named, which must not
 * be there yet. */
verb rescue_check;
verb rescue_database;
verb rescue_seen;

/* The form and what belongs together with it. */
verb export_check;
/* EXIT_NO where the command it ran did not end well. */
verb export_bans;
/* Makes its own bracket. */
verb export_fbl;

/* How it stands with what is shared; EXIT_NO where it is not as it should be.
 * The check refuses a configuration that shares nothing. */
verb share_status, share_check;
/* They become videur-share. */
verb share_init, share_leave;
/* The same in short, where the configuration shares. */
void share_put(struct ctl *ctl);

/* The words as one text, or "-": what stands on standard input, line by
 * line. */
verb decode_text;

#endif
