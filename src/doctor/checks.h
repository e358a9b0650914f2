/*
 * From facts to what is wrong, the line that fixes it, and what
 * `doctor --fix` allows by itself.  Pure, but for facts->same.
 *
 * What can be found, and what is said of it, stands in findings.table.  Texts
 * are kept as they were given, hostile bytes included; whoever prints them
 * makes them safe.
 */
#ifndef DOCTOR_CHECKS_H
#define DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor/change.h"
#include "doctor/mta.h"
#include "store/store.h"

struct conf;
struct facts;
struct sendmail_filter;

enum {
	REMARK_NAME_SIZE = 32,
	REMARK_TEXT_SIZE = 768,
	REMARK_WORDS = 5, /* that a check gives along, at most */
	DIAGNOSIS_MAX = 256,
	CHANGES_MAX = 64,
	FIXES_MAX = 128,
	FIX_VISIT = 7 * 24 * 3600 /* s the administrator's address is
				   * allowed for */
};

enum severity {
	SEVERITY_OK,
	SEVERITY_FIXED,   /* was wrong until just now */
	SEVERITY_WARNING, /* works, and should be looked at */
	SEVERITY_PROBLEM, /* is wrong */
	SEVERITY_COUNT
};

/* What a check found. */
struct remark {
	const char *check; /* which one; borrowed for good */
	char finding[REMARK_NAME_SIZE];
	enum severity state;
	char what[REMARK_TEXT_SIZE];
	char fix[REMARK_TEXT_SIZE]; /* the line that fixes it, or empty */
};

/* Remarks in the order they were made, each once, and the changes of Postfix
 * that their lines make.  Starts all zero. */
struct diagnosis {
	struct remark remark[DIAGNOSIS_MAX];
	size_t remarks;
	size_t lost; /* that found no room */
	struct change change[CHANGES_MAX];
	size_t changes;
	bool changes_cut; /* there were more, or too long ones */
	/* Whose turn it is; the caller sets it. */
	const char *check;
	const struct mta *mta; /* of the host's Postfixes */
	const char *place;     /* what is said begins with it; NULL: nothing */
};

/* Say one more thing: a finding of the table, and the words that stand for
 * {1}, {2} ... in it; NULL for none. */
void diagnosis_add(struct diagnosis *out, const char *finding,
    const char *const words[static REMARK_WORDS]);
#define diagnosis_say(out, finding, ...)                                       \
	diagnosis_add(                                                         \
	    out, finding, (const char *const[REMARK_WORDS]){ __VA_ARGS__ })

/* Note that a setting of the Postfix at hand should be this, for that service
 * or (NULL) in main.cf; gives back the line that makes it so. */
const char *diagnosis_change(struct diagnosis *out, const char *service,
    const char *name, const char *value);

/* A number as such a word; returns `text`. */
enum {
	NUMBER_SIZE = 24
};
const char *diagnosis_number(int64_t number, char text[static NUMBER_SIZE]);

/* How many there are of a state; what found no room is a problem. */
size_t diagnosis_count(const struct diagnosis *diagnosis, enum severity state);

/* "ok", "fixed", "warning", "problem". */
const char *severity_name(enum severity state);

/* Go through all checks; one that finds nothing wrong says so in a line. */
void diagnose(const struct facts *facts, struct diagnosis *out);

/* Through those that look at how Postfix is set up alone. */
void diagnose_postfix(const struct facts *facts, struct diagnosis *out);

struct fixes {
	struct {
		const char *check; /* which found that it is needed */
		struct allow allow;
	} fix[FIXES_MAX];
	size_t fixes;
};

/* What `doctor --fix` puts on the allow list.  The host's own networks for
 * good: those Postfix trusts, and the mail hosts of its domains.  The
 * administrator's client, that is one IPv4 address or an IPv6 /64, for
 * FIX_VISIT.  Nothing that is covered already or too wide. */
void fixes_find(const struct facts *facts, struct fixes *out);

/* The checks, each by what it looks at; one that says nothing has found
 * nothing wrong.  For diagnose() alone. */
typedef void checker(const struct facts *facts, struct diagnosis *out);

/* check_nets.c: who must never be banned. */
checker check_own_addresses, check_allow, check_mynetworks, check_mx, check_ssh,
    check_proxy;

/* check_postfix.c: how Postfix is set up. */
checker check_postfix, check_socket;

/* Whether users log in and hand in mail at that port; and whether the policy's
 * bans for failed logins hold at such ports alone. */
bool is_submission_port(const struct conf *conf, int port);
bool auth_bans_submission_alone(const struct conf *conf);

/* One smtpd, and our milter in its list. */
struct hook {
	const struct facts *facts;
	const struct mta *mta;
	const struct mta_service *service;
	struct milter_view view;
	struct milters milters;
	size_t at; /* our milter's place; milters.milters: none */
	enum same_milter same;
	bool own_milters;   /* the service has a list of its own */
	const char *where;  /* the place of that list */
	const char *action; /* what becomes of mail where ours does not answer;
			     * NULL where ours is not there */
	bool right;         /* ours stays in the list as it is written */
};

/* A check of one smtpd; and each of them, but for one that takes back on this
 * host what a scanner was given: that passes no milter again. */
typedef void looker(struct hook *hook, struct diagnosis *out);
looker look_at_chain, look_at_action, look_at_settings, look_at_logins;
void each_service(
    const struct facts *facts, struct diagnosis *out, looker *look);

/* check_sendmail.c: how Sendmail is set up. */
checker check_sendmail;

/* Whether one of its filters is videur-milter, by its name or socket; and what
 * the name or socket of one tells, or NULL. */
bool sendmail_is_ours(
    const struct facts *facts, const struct sendmail_filter *filter);
const struct known_filter *sendmail_known_filter(
    const struct sendmail_filter *filter);

/* check_dovecot.c: logins that a ban does not reach. */
checker check_reach;

/* check_seen.c: what ought to be seen, and what is. */
checker check_scanners, check_seen, check_logs;

#endif
