/*
 * A log line taken apart: when, which daemon, what it says.
 *
 * Read is what syslog daemons write, "TIME HOST TAG[PID]: TEXT" with either
 * form of the time, and what some daemons write into files of their own:
 *
 *   2026-11-21 23:44:51 H=...                    Exim: the tag is "exim"
 *   2026-11-21 23:44:51 #812(normal) <a1b2c3>; ... Rspamd: "rspamd"
 *   Nov 21 23:44:51 imap-login: Info: ...        Dovecot: "dovecot"
 *
 * Nothing is copied: the parts point into the line.
 */
#ifndef RULES_LINE_H
#define RULES_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct log_line;

struct line_parts {
	const char *stamp; /* NULL where the time came with the line */
	size_t stamp_len;
	const char *tag;
	size_t tag_len;
	const char *text;
	size_t text_len;
	int repeated; /* how often: "message repeated 3 times: [ TEXT]" is 3 */
};

/* False where the line is no such line. */
bool line_split(const struct log_line *line, struct line_parts *parts);

#endif
