/*
 * All that the doctor looks at, gathered before anything is judged.
 *
 * facts_gather() reads files, asks Postfix and the resolver, and tries what
 * other users can reach; facts_read_records() reads the database.  diagnose()
 * reads this struct alone, so that a test can make one up.
 */
#ifndef DOCTOR_FACTS_H
#define DOCTOR_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "conf/language.h"
#include "core/standing.h"
#include "dns/dns.h"
#include "doctor/mta.h"
#include "doctor/sendmail.h"
#include "engine/engine.h"
#include "store/store.h"

/* ---- which hosts take mail for a domain, by DNS ---- */

enum {
	MX_DOMAINS_MAX = 64,
	MX_HOSTS_MAX = 8,
	MX_ADDRESSES_MAX = 8,
	MX_NAME_SIZE = 256
};

struct mx_host {
	char name[MX_NAME_SIZE];
	struct addr address[MX_ADDRESSES_MAX];
	size_t addresses;
};

struct mx_domain {
	char name[MX_NAME_SIZE];
	bool bare; /* a host: only its own addresses are looked up */
	enum dns_answer answer;
	struct mx_host host[MX_HOSTS_MAX];
	size_t hosts;
};

/* Take the hosts out of an answer of MX records, or add the addresses of one
 * of A or AAAA records; either may be NULL.  False where it is no answer.  A
 * null MX (RFC 7505) names no host. */
bool mx_read(const unsigned char *answer, size_t len, struct mx_domain *hosts,
    struct mx_host *addresses);

/* Look up the names of `domain`.  It ends within `milliseconds`, and the few
 * seconds a last question may take. */
void mx_look(struct mx_domain *domain, size_t domains, int64_t milliseconds);

/* ---- from where the administrator is connected, by SSH ---- */

/* sshd leaves it in the environment and sudo takes it out; that of a parent
 * process still has it.  Find SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22 or
 * SSH_CLIENT in an environment as /proc gives it, NUL behind each variable. */
bool ssh_read_environment(const char *block, size_t len, struct addr *out);

/* The parent in the text of /proc/PID/stat; 0 for none. */
long ssh_read_parent(const char *stat);

/* The address of this session; false where there is none, or it cannot be
 * seen. */
bool ssh_find(struct addr *out);

/* ---- all of it ---- */

enum {
	FACTS_OWN_MAX = 128,
	FACTS_LOGS_MAX = CONF_LIST_MAX + 1,
	FACTS_MTAS_MAX = 8,
	FACTS_LINE_MAX = 256,
	FACTS_UNKNOWN = -1, /* only root can try what another user can reach */
	RECORDS_ALLOWS_MAX = 1024,
	RECORDS_NAMES_MAX = 8,
	RECORDS_SPAN = 24 * 3600, /* of the clients that are counted */
	/* Clocks of one host agree better than this. */
	RECORDS_SLACK = 60,
	/* Services sign every ten seconds; a busy database may delay that. */
	RECORDS_PEERS_MAX = 32,
	RECORDS_SILENCE = 120
};

/* A log that videur-watch follows, tried as the user it runs as. */
struct log_fact {
	char path[CONF_PATH_SIZE];
	int result;      /* 0, the errno it meets, or FACTS_UNKNOWN */
	char group[33];  /* the file's, where that may read it; or empty */
	bool is_journal; /* the system's */
	int64_t written; /* when it was last; 0: not known */
	int64_t last;    /* what its last line says about that, in the zone it
			  * is read with; 0: nothing, or with its own zone */
};

/* videur-web, asked where it listens: the worst first. */
enum page_answer {
	PAGE_UNASKED, /* nothing tells the world of it */
	PAGE_SILENT,  /* nobody listens there, or says anything */
	PAGE_SICK,    /* it says that it cannot read the database */
	PAGE_FINE
};

/* The unix socket videur.conf names, tried as the user Postfix or Sendmail runs
 * as. */
struct socket_fact {
	const char *path;       /* NULL: it listens by TCP */
	struct proc_user owner; /* mail_owner, or RunAsUser */
	int result;             /* as log_fact's */
	char blocked
	    [CONF_PATH_SIZE]; /* a folder the user cannot pass, or empty */
	char unsafe
	    [CONF_PATH_SIZE]; /* the first that others may write in, or empty */
};

/* What the database tells, read at one moment. */
struct records {
	enum store_result result; /* all below is only there on STORE_OK */
	char error[STORE_ERROR_SIZE];

	struct allow allow[RECORDS_ALLOWS_MAX];
	size_t allows;
	/* On the allow list, whose last answer is old. */
	struct allow_name old_name[RECORDS_NAMES_MAX];
	size_t old_names;

	struct state state[STATE_COUNT];
	int64_t ban_begins;    /* the latest of all */
	bool event_ahead;      /* one of an hour still to come */
	int64_t logins_banned; /* clients, for failed logins */

	/* Clients of the last RECORDS_SPAN, this host itself left out, and
	 * what was counted of them: sessions and offences. */
	int64_t clients;
	int64_t counted;
	struct net client;    /* one of them */
	int64_t counted_here; /* of this host itself */

	struct standing standing; /* of the administrator's address */
	struct store_numbers numbers;

	/* Of today and yesterday: what the milter saw, and what was read. */
	struct milter_seen seen;
	struct losses lost;
	struct sharing sharing;
	struct share_peer peer[RECORDS_PEERS_MAX];
	size_t peers;
	struct brake brake;
	/* Since when new bans are only observed, and those. */
	int64_t observing;
	struct suspects_count observed;
	struct {
		char name[CONF_PATH_SIZE];
		struct source_seen seen; /* without its name */
	} source[FACTS_LOGS_MAX];
	size_t sources;
};

/* Of Dovecot, whom it asks before a login. */
enum dovecot_setting {
	DOVECOT_URL,
	DOVECOT_HEADER,
	DOVECOT_BEFORE, /* "yes", "no" */
	DOVECOT_LOG_ONLY,
	DOVECOT_SETTINGS
};

struct facts {
	const struct conf *conf; /* borrowed */
	int64_t now;
	bool asked; /* for a Postfix of which the folder was given */

	struct net own[FACTS_OWN_MAX];
	size_t owns;
	struct mta mta[FACTS_MTAS_MAX]; /* and behind the first ... */
	size_t instances;               /* ... so many more of it */
	struct sendmail sendmail;       /* looked at where no Postfix is */
	/* Another mail server that is here, or NULL. */
	const char *other;
	char dovecot[FACTS_LINE_MAX]; /* its protocols, or empty */
	/* Its settings auth_policy_*, as it writes them; empty: as they are
	 * by default. */
	char auth_policy[DOVECOT_SETTINGS][FACTS_LINE_MAX];
	struct mx_domain mx[MX_DOMAINS_MAX];
	size_t domains;
	bool has_ssh;
	struct addr ssh;
	bool user_known;
	struct proc_user user; /* of the services */
	struct log_fact log[FACTS_LOGS_MAX];
	size_t logs;
	struct socket_fact socket;
	const char *unit;  /* of those that videur.conf adds, one that the
			   * journal does not know; or NULL */
	bool clock_adrift; /* it is not synchronised */
	bool no_landlock;  /* the kernel has none, or it is switched off */
	/* Who is nobody of ours may connect to the operator's unix sockets, or
	 * put another in their place. */
	bool operator_loose[CONF_LISTEN_MAX];
	bool operator_open[CONF_LISTEN_MAX];
	enum page_answer page;
	const char *page_listen;    /* where it answers so */
	struct mx_domain page_host; /* of lookup-url; no name: none */
	/* The owner's files of phrases, in the order of their tags. */
	struct {
		char tag[LANGUAGE_TAG_SIZE];
		struct language_faults faults;
	} language[LANGUAGES_MAX];
	size_t languages;
	const char *refused_contact; /* a contact Postfix would refuse, or
				      * NULL */
	/* Whether two paths are one file. */
	bool (*same)(const char *a, const char *b);
	char damage[STORE_ERROR_SIZE]; /* of the database, or empty */
	bool unlooked;                 /* not all of it was looked at */
	struct records records; /* not gathered: see facts_read_records() */
};

/* A new one, with everything but the records; NULL without memory.  `conf` is
 * borrowed; `postfix` is a folder or NULL, and so is `sendmail`, for which no
 * Postfix is asked. */
struct facts *facts_gather(const struct conf *conf, const char *postfix,
    const char *sendmail, int64_t now);
void facts_free(struct facts *facts);

/* One with what Postfix and its other instances tell alone. */
struct facts *facts_gather_postfix(
    const struct conf *conf, const char *postfix, int64_t now);

/* The mode that a service runs in where that is another one than `mode` and it
 * lives, or NULL. */
const char *records_other_mode(const struct state states[static STATE_COUNT],
    enum engine_state service, enum conf_mode mode, int64_t now);

/* Read the records, the first time or again. */
void facts_read_records(struct facts *facts, struct store *store);

/* Look for damage in the database, as far as there is time. */
void facts_look_for_damage(struct facts *facts, struct store *store);

/* Until when the allow list holds all of a network: INT64_MAX for good, 0 for
 * not at all. */
int64_t facts_allowed_until(const struct facts *facts, const struct net *net);

#endif
