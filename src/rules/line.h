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

struct rules_clock;

struct line_parts {
	const char *stamp; /* NULL where the time came with the line */
	size_t stamp_len;
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

/* False where the line is no such line. */
bool line_split(const struct log_line *line, struct line_parts *parts);

/*
 * The time a line begins with: "Nov 21 23:44:51" or "Nov 21 23:44:51.431" (no
 * year, no zone), "2026-11-21T23:44:51.431428+00:00" and "2026-11-21 23:44:51
 * +0100" (both may lack the zone), and TAI64N ("@" and 24 hex digits).  What is missing is resolved as rules.h says of struct
 * rules_clock.
 */

/* How many of the bytes `text` begins with are a time, judged by where its
 * separators stand alone; 0 where it begins with none.  The byte behind a
 * time is a blank. */
size_t stamp_span(const char *text, size_t len);

/* Read a time of that span, to seconds; false where it is none after all. */
bool stamp_read(
    const char *text, size_t span, struct rules_clock *clock, int64_t *at);

#endif
