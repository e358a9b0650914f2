/*
 * A log line taken apart: when, which daemon, what it says.
 *
 * Read is what syslog daemons write, "TIME HOST TAG[PID]: TEXT" with any form
 * of the time, a priority before it and a level behind it or behind the host;
 * RFC 5424; and what some daemons write into files of their own:
 *
 *   2026-11-21 23:44:51 H=...                    Exim: the tag is "exim"
 *   2026-11-21 23:44:51 #812(normal) <a1b2c3>; ... Rspamd: "rspamd"
 *   Nov 21 23:44:51 imap-login: Info: ...        Dovecot: "dovecot", with
 *                                                either form of the time
 *
 * Such a line may stand behind the time of Docker, a CRI or multilog.  The
 * parts point into the line; one that Docker keeps as {"log":"LINE\n", ...}
 * is copied.
 */
#ifndef RULES_LINE_H
#define RULES_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/rules.h"

/*
 * A time: "Nov 21 23:44:51" or "Nov 21 23:44:51.431" (no year, no zone),
 * "2026-11-21T23:44:51.431428+00:00" and "2026-11-21 23:44:51 +0100" (both may
 * lack the zone), and TAI64N ("@" and 24 hex digits).  What is missing is
 * resolved as rules.h says of struct rules_clock.
 */
struct stamp {
	size_t span;     /* bytes */
	size_t zone;     /* where its zone begins, */
	size_t zone_len; /* of so many bytes */
};

struct line_parts {
	const char *time; /* NULL where it came with the line */
	struct stamp stamp;
	const char *tag;
	size_t tag_len;
	const char *text;
	size_t text_len;
	bool guessed; /* the daemon, and the text is not like one of its own */
	int64_t pid;  /* of the daemon, 0 where it is not told */
	int repeated; /* how often: "message repeated 3 times: [ TEXT]" is 3 */
	bool again;   /* "last message repeated": so often the line before */
	char undone[RULES_LINE_MAX]; /* what a string of JSON holds */
};

/* False where the line is no such line, or was cut at RULES_LINE_MAX. */
bool line_split(const struct log_line *line, struct line_parts *parts);

/*
 * Find and read the time a line begins with.  What is found is judged by where
 * its separators stand alone, and a blank is behind it; it may be no time after
 * all, and false then.
 */
bool stamp_find(const char *text, size_t len, struct stamp *stamp);
bool stamp_read(const char *text, const struct stamp *stamp,
    struct rules_clock *clock, int64_t *at);

#endif
