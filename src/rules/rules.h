/*
 * Log lines become findings.
 *
 * A struct rules is the compiled set of rule files: those compiled in (the
 * .rule files beside this header) and the administrator's, of which one of
 * the same name takes the place of the shipped one.  It never changes and may
 * be shared between threads; a struct rules_scratch is one thread's own.
 *
 * Of a log only its clock is kept from line to line.  What a line alone cannot
 * tell (whose message a queue id is, whether that client had logged in) is left
 * to the caller, who has a memory: see finding.queue.
 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/kind.h"
#include "logs/log_file.h"

struct rules;
struct rules_scratch;

enum {
	RULES_ERROR_SIZE = 4096, /* many lines */
	RULES_NAME_SIZE = 65,
	RULES_QUEUE_SIZE = 33,
	RULES_USER_SIZE = 256,
	RULES_LINE_MAX = LOG_LINE_MAX, /* bytes; a line so long tells nothing */
	/* Of one line, whatever it says: any user of a host can write one that
	 * claims to be of a daemon, and each event is a row. */
	RULES_EVENTS_MAX = 1000
};

/*
 * Load the shipped rules and those of `folder` (its *.rule files in the
 * order of their names; a folder that does not exist holds none).  NULL comes
 * back where one is wrong, with `error`, a line "FILE:LINE:COLUMN: what"
 * for each error of the first such file.  Else `error` holds the warnings, in
 * the same form with "warning: " before what, or is empty.
 */
struct rules *rules_load(
    const char *folder, char error[static RULES_ERROR_SIZE]);
void rules_free(struct rules *rules);

/* NULL without memory. */
struct rules_scratch *rules_scratch_new(const struct rules *rules);
void rules_scratch_free(struct rules_scratch *scratch);

/* One log line.  From a file: time, host and tag stand in the text.  From
 * the journal they are known apart, and `text` is the message alone. */
struct log_line {
	const char *text; /* not ended by NUL; no newline */
	size_t len;
	const char *tag; /* "postfix/smtpd" or NULL: take all from the text */
	int64_t at;      /* with a tag only */
	int64_t pid;     /* likewise; 0 where it is not known */
};

enum finding_what {
	FINDING_NOTHING,
	FINDING_OFFENCE,   /* kind, address, events; perhaps user and queue */
	FINDING_LOGIN,     /* a good login: address and user */
	FINDING_QUEUE,     /* a message's client: address, queue, and user
			     where it had logged in */
	FINDING_SESSION,   /* a session ended: address, accepted recipients
			     and messages */
	FINDING_SENT,      /* our mail was delivered: the other server's
			     address, and the message's queue id */
	FINDING_SUPPRESSED /* the journal dropped `events` messages */
};

/* "offence", "login" ... as a rule file has it. */
const char *finding_word(enum finding_what what);

struct finding {
	enum finding_what what;
	/* Whether the line is in a form that is read and of a daemon that some
	 * rule looks at, whatever it says: set for every line, and `at` with
	 * it.  A log without such lines is one that nothing comes of. */
	bool understood;
	const char *rule;   /* its name; lives as long as the rules */
	const char *file;   /* its file's, up to a dot: "postfix-smtpd" */
	const char *source; /* what to call the source of the event */
	enum kind kind;
	struct addr address;
	enum service service; /* that wrote the line; ANY: not known */
	int64_t at;
	/* Of one line: "(auth failed, 3 attempts)" is 3.  At most
	 * RULES_EVENTS_MAX, but for FINDING_SUPPRESSED. */
	int events;
	/* The milter saw what led to this line and counted it: where the
	 * milter is the one who counts such things, the line is not counted
	 * once more. */
	bool milter_saw;
	bool milter_never;  /* it is never asked about such: count the line */
	bool heuristic;     /* a virus by a name that is no virus's */
	bool null_sender;   /* the message, or what would be one, is a bounce */
	int64_t recipients; /* FINDING_SESSION: accepted at RCPT */
	int64_t messages;   /* FINDING_SESSION: accepted */
	/* As the log has it, cut at its size; never to be stored. */
	char user[RULES_USER_SIZE];
	/* The message's queue id, or empty.  An offence whose message came
	 * from a client that had logged in does not count: the caller asks
	 * what FINDING_QUEUE told earlier. */
	char queue[RULES_QUEUE_SIZE];
	int64_t pid; /* of the daemon that wrote the line, or 0 */
};

/*
 * What is kept of a log from line to line; start with rules_clock().  A time
 * without year and zone is the latest such moment in `zone` that is not more
 * than a day after `reference` (seconds; when the file was written, or now).
 * A zone is "+HH:MM", "-HH:MM" or a name ("Europe/Paris"), is borrowed, and
 * needs a process of one thread; NULL and "" are this host's.
 */
struct rules_clock {
	int64_t reference;
	const char *zone;
	char prefix[24]; /* the last line's hour */
	int64_t at;      /* and when it began */
	bool local;      /* the last line's time lacked its zone */
	/* The last line's offence, or nothing: "last message repeated 3
	 * times" is three more of it. */
	struct finding last;
};
struct rules_clock rules_clock(int64_t reference, const char *zone);

/* Look at one line; false where it means nothing: then only `understood` and
 * `at` are set. */
bool rules_match(const struct rules *rules, struct rules_scratch *scratch,
    const struct log_line *line, struct rules_clock *clock,
    struct finding *finding);

/* For lists: rule by rule, in the order they are tried. */
struct rules_info {
	const char *name;
	const char *file; /* "postfix-smtpd.rule (built in)" or a path */
	const char *tags; /* the daemon tags it looks at */
	enum finding_what what;
	enum kind kind;    /* of an offence */
	const char *about; /* one line for people */
};
void rules_each(const struct rules *rules,
    void (*each)(void *to, const struct rules_info *info), void *to);

#endif
