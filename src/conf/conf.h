/*
 * videur.conf and its policy, as one value that never changes.
 *
 * conf_load() reads, checks and gives back a struct conf that is shared by
 * counting references; a reload makes a new one.  Keys, defaults and limits
 * are in the table of keys.c and in videur.conf(5).
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/table.h"
#include "conf/language.h"
#include "core/kind.h"
#include "core/policy.h"

enum {
	CONF_PATH_SIZE = 256,
	CONF_TEXT_SIZE = 201,
	CONF_ALLOW_MAX = 192,
	CONF_LIST_MAX = 32,
	CONF_PROSE_SIZE = 1001,
	CONF_PORTS_MAX = 16,
	CONF_LISTEN_MAX = 8,
	CONF_SCANNERS_MAX = 8,
	CONF_NAME_SIZE = 33, /* of a policy or a scanner */
	CONF_HOST_SIZE = 64,
	CONF_CONNECTION_SIZE = 512,
	CONF_VALUE_SIZE = 16384, /* of a list at its longest */
	CONF_ERROR_SIZE = 4096   /* many lines; see log_lines() */
};

#define CONF_DEFAULT_FILE "/etc/videur/videur.conf"

/* A list of short texts, as written. */
struct conf_list {
	char item[CONF_LIST_MAX][CONF_PATH_SIZE];
	size_t items;
};

/* Whether it is one of them. */
bool conf_list_has(const struct conf_list *list, const char *text);

enum conf_mode {
	CONF_ENFORCE,
	CONF_OBSERVE
};

/* "enforce", "observe". */
const char *conf_mode_name(enum conf_mode mode);

enum conf_on_error {
	CONF_ACCEPT,
	CONF_TEMPFAIL
};

/* Where a log begins that was never read before. */
enum conf_start {
	CONF_NOW,     /* with what is written from now on */
	CONF_BACKFILL /* with all that is there */
};

/* Which program counts a kind. */
enum conf_source {
	CONF_MILTER,
	CONF_WATCH,
	CONF_NOBODY,
	CONF_UNSAID /* conf_counts() decides */
};

/* Units whose lines the shipped rules read; Debian runs Postfix as instances of
 * postfix@. */
#define CONF_UNITS                                                             \
	"postfix.service,postfix@*.service,dovecot.service,amavis.service,"    \
	"amavisd.service,rspamd.service,exim4.service,exim.service,"           \
	"sendmail.service,spamass-milter.service,clamav-milter.service"

struct conf {
	char database[CONF_PATH_SIZE];      /* /var/lib/videur/videur.db */
	enum conf_mode mode;                /* enforce */
	char user[33];                      /* empty: the folder's owner */
	char contact[CONF_TEXT_SIZE];       /* a mail address, or empty */
	char lookup_url[REPLY_URL_MAX + 1]; /* or empty */
	uint16_t submission_port[CONF_PORTS_MAX]; /* 465, 587 */
	size_t submission_ports;
	char nameserver[64];  /* "127.0.0.1:53", or empty: the host's */
	unsigned client_ipv4; /* prefix length of a client: 32 */
	unsigned client_ipv6; /* 64 */
	enum conf_source source[KIND_COUNT]; /* as `sources` says */
	struct policy policy;

	/* Never banned; see conf_allows(). */
	struct net allow[CONF_ALLOW_MAX];
	size_t allows;

	/* Their mail is other people's: rules give it a weight of its own. */
	struct net forwarder[CONF_LIST_MAX];
	size_t forwarders;

	/* Mail to these is never refused, as to postmaster. */
	struct conf_list always_open;

	/* The scanners that run on this host, by name, and the rule files
	 * ("amavis") whose spam and virus lines are verdicts that no header
	 * shows. */
	char scanner[CONF_SCANNERS_MAX][CONF_NAME_SIZE];
	size_t scanners;
	struct conf_list scanner_log;

	/* brake { }: see engine_brake(). */
	int64_t brake_bans;       /* 5; 0: no brake */
	int64_t brake_within;     /* 10 min */
	int64_t brake_accepted;   /* 3 */
	int64_t brake_days;       /* 3 */
	int64_t brake_span;       /* 7 d */
	int64_t brake_recipients; /* 3 */
	int64_t brake_quiet;      /* 1 h */

	/* keep { }: seconds; bans are kept so long after memory. */
	int64_t keep_events;  /* 30 d */
	int64_t keep_tallies; /* 35 d */
	int64_t keep_bans;    /* 30 d */
	int64_t keep_audit;   /* 365 d */
	int64_t keep_daily;   /* 400 d: sums by day */

	/* share { }: what videur-share connects to, in libpq's words without a
	 * password, and this host's name there; both or none. */
	char share_database[CONF_CONNECTION_SIZE];
	char share_name[CONF_HOST_SIZE];

	char digest[CONF_TEXT_SIZE]; /* a mail address, or empty */
	/* A command and its arguments, run with what is to be told. */
	struct conf_list notify;

	/* Seconds that whom a user wrote to is spared; 0: off. */
	int64_t correspondents;

	struct {
		char listen[CONF_PATH_SIZE]; /* libmilter's syntax */
		unsigned socket_mode;        /* 0660 */
		char socket_group[33];       /* postfix, where it exists */
		enum conf_on_error on_error; /* accept */
		/* "X-Spam-Flag: YES" ...: the scanners' and the file's own. */
		struct conf_list spam_header;
		struct conf_list virus_header;
		enum kind heuristics; /* what Heuristics.* and PUA are: spam */
	} milter;

	struct {
		struct conf_list listen;          /* 127.0.0.1:8025 */
		struct conf_list metrics_listen;  /* or none */
		struct conf_list operator_listen; /* or none: unix, loopback */
		/* Where Dovecot asks, or nowhere: unix, loopback, private. */
		struct conf_list auth_policy_listen;
		char auth_policy_header[CONF_TEXT_SIZE]; /* as Dovecot's
							  * auth_policy_server_api_header,
							  * or empty */
		struct net trusted_proxy[CONF_LIST_MAX];
		size_t trusted_proxies;
		unsigned rate; /* requests a visitor may make in a minute: 60;
				* 0: any */
		char certificate[CONF_PATH_SIZE]; /* PEM; empty: no TLS */
		char key[CONF_PATH_SIZE];
		char templates[CONF_PATH_SIZE]; /* folder whose files take the
						 * place of those compiled in;
						 * or empty */
		char site_name[CONF_TEXT_SIZE]; /* or empty */
		char logo[CONF_PATH_SIZE];      /* an image's file, or empty */
		char zone[65];                  /* "Europe/Paris"; empty: UTC */
		char accent[8];                 /* "#0b5c8a", or empty */
		char abuse[CONF_TEXT_SIZE]; /* who hears of spam from here */
		struct conf_list languages; /* {"fr", "en"}: the first is the
					     * default; empty: all */
		/* The owner's own words, as text: for all languages, and
		 * ("paragraph-de") for some. */
		char paragraph[CONF_PROSE_SIZE];
		struct conf_paragraph {
			char text[CONF_PROSE_SIZE];
			char tag[LANGUAGE_TAG_SIZE]; /* empty: not there */
		} paragraph_in[LANGUAGES_MAX];
	} web;

	struct {
		char
		    journal[CONF_PATH_SIZE]; /* "yes", "no", a file or folder */
		/* Of the journal, that count: names, where ".service" may be
		 * left out, or globs. */
		struct conf_list units; /* CONF_UNITS */
		struct conf_list files;
		enum conf_start start;      /* now */
		char rules[CONF_PATH_SIZE]; /* folder of the owner's rules */
		/* Of times without one: "Europe/Paris", "+02:00"; empty: the
		 * host's. */
		char zone[65];
	} watch;

	unsigned references; /* see conf_hold() */
};

/*
 * Load `path`; NULL means the default file, and its absence the defaults.
 * NULL comes back where anything is wrong, with `error` saying all of it, a
 * line "FILE:LINE:COLUMN: what" for each.  Else `error` holds the warnings, in
 * the same form with "warning: " before what, or is empty.
 */
struct conf *conf_load(const char *path, char error[static CONF_ERROR_SIZE]);

/* The same, but what could be read comes back where something is wrong, too:
 * to look further.  NULL where there is no memory. */
struct conf *conf_read(
    const char *path, bool *fine, char error[static CONF_ERROR_SIZE]);

/* The same with a text in the place of what stands in `file`, one of those that
 * are read: to check a change before it is made. */
struct conf *conf_read_draft(const char *path, const char *file,
    const char *text, bool *fine, char error[static CONF_ERROR_SIZE]);

/* Where the value of a setting outside of sections is; line 0 where it is not
 * given.  False with `error`. */
struct conf_place {
	char file[CONF_PATH_SIZE];
	int line;
	int column; /* in characters, from 1 */
};
bool conf_find(const char *path, const char *name, struct conf_place *out,
    char error[static CONF_ERROR_SIZE]);

/* A setting as it holds. */
struct conf_setting {
	const char *section; /* NULL: at the top */
	const char *name;
	const char *value; /* as the file has it: 10m, "text", {one, two} */
	/* "default", "FILE:LINE", "scanner" for what the named scanners add, or
	 * "FILE:LINE, scanner". */
	const char *from;
};

/* Load `path` as conf_load() does, and hand over each setting, borrowed.  False
 * where anything is wrong. */
bool conf_each(const char *path,
    void (*each)(void *to, const struct conf_setting *setting), void *to,
    char error[static CONF_ERROR_SIZE]);

/* Share and let go; the last one frees it.  Safe between threads. */
struct conf *conf_hold(struct conf *conf);
void conf_drop(struct conf *conf);

/* The owner's words for the page in that language; empty for none. */
const char *conf_paragraph(const struct conf *conf, const char *tag);

/* Whether this host shares with others. */
bool conf_shares(const struct conf *conf);

/* What tells its policy from another one's, on hosts of the same version; gives
 * back `text`. */
char *conf_policy_hash(
    const struct conf *conf, char text[static HASH_TEXT_SIZE]);

/* Whether videur-watch follows any log. */
bool conf_watches(const struct conf *conf);

/* Whether the owner named an address that is open to banned clients as well:
 * then no number of hits closes MAIL to them. */
bool conf_names_open(const struct conf *conf);

/* Whether the client is a known forwarder, or one of them is in it: a list
 * names single addresses, and of IPv6 a client is more than one. */
bool conf_forwards(const struct conf *conf, const struct net *client);

/* Whether the file's allow list or the host's own addresses hold it: the
 * interfaces are read again where that was more than a minute ago.  Safe
 * between threads. */
bool conf_allows(const struct conf *conf, const struct addr *address);

/* Whether one of the host's own addresses is in it, by what was known at most
 * `age` milliseconds ago: 0 before a ban by hand is written.  Safe between
 * threads. */
enum {
	CONF_OWN_NEW = 1000,     /* before one by a rule: there may be many */
	CONF_OWN_AGE = 60 * 1000 /* elsewhere */
};
bool conf_is_own(const struct net *client, int64_t age);

/*
 * Whether program `who` counts a kind of event; the watcher for what it read
 * by the rule file of that name ("postfix-cleanup", or NULL).  What `sources`
 * says decides.  Else spam and virus count the milter, where it trusts a
 * header, and the watcher where a scanner names the rule file: no message is
 * seen by both, because one that is tagged is not refused.  All others have a
 * default.
 */
bool conf_counts(const struct conf *conf, enum kind kind, enum conf_source who,
    const char *rule_file);

/* Whether the program counts the kind at all, by whatever rule file. */
bool conf_counted_by(
    const struct conf *conf, enum kind kind, enum conf_source who);

/* Whether it can name a policy or scanner: a-z, 0-9 and '-', at most 32. */
bool conf_is_policy_name(const char *name);

/* Whether it may be a mail address. */
bool conf_is_mail(const char *text);

/* The names of those that ship. */
void conf_policy_each(void (*each)(void *to, const char *name), void *to);

/*
 * Read a policy: `name` from the folder policies/ beside `conf_path`, else
 * the one compiled in.  False with `error` set, as by conf_load(), where there
 * is none or it is wrong; else with warnings in it.
 */
bool conf_policy(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE]);

#endif
