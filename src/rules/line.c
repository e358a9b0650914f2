#include "rules/line.h"

#include <stdlib.h>
#include <string.h>

enum {
	PID_SPAN_MAX = 24, /* "[4194304]" and what else is put there */
	PID_MAX = 1 << 30,
	REPEATED_MAX = 1000,
	EXIM_ID_MIN = 16, /* "1tFabc-0000AB-CD" */
	EXIM_ID_MAX = 23  /* "1tFabc-0000000abCd-AbCd" */
};

/* Whether the text up to `end` begins with a literal. */
#define BEGINS(at, end, with)                                                  \
	((size_t)((end) - (at)) >= sizeof(with) - 1 &&                         \
	    memcmp((at), (with), sizeof(with) - 1) == 0)

#define LAST "last message repeated "

static bool
set_parts(struct line_parts *parts, const char *tag, size_t tag_len,
    const char *text, const char *end)
{
	parts->tag = tag;
	parts->tag_len = tag_len;
	parts->text = text;
	parts->text_len = (size_t)(end - text);
	return true;
}

/* The number at *at, at most `most`, and on behind its digits. */
static int
number(const char **at, const char *end, int most)
{
	int value = 0;

	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
		value = value < most / 10 ? value * 10 + (**at - '0') : most;
	}
	return value;
}

/* "TAG[PID]: TEXT" */
static bool
split_tag(const char *tag, const char *end, struct line_parts *parts)
{
	const char *at = tag;
	int pid = 0;
	size_t len;

	while (at < end && *at != '[' && *at != ':' && *at != ' ') {
		at++;
	}
	len = (size_t)(at - tag);
	if (at < end && *at == '[') {
		const char *most = end - at < PID_SPAN_MAX ? end
							   : at + PID_SPAN_MAX;

		at++;
		pid = number(&at, most, PID_MAX);
		at = memchr(at, ']', (size_t)(most - at));
		if (at == NULL) {
			return false;
		}
		at++;
	}
	if (at == end || *at != ':' || len == 0) {
		return false;
	}
	at++;
	at += at < end && *at == ' ';
	parts->pid = pid;
	return set_parts(parts, tag, len, at, end);
}

/* "HOST TAG PID ID DATA TEXT", what RFC 5424 has behind the time */
static bool
split_protocol(const char *at, const char *end, struct line_parts *parts)
{
	const char *word[4];
	bool inside = false;
	bool quoted = false;

	for (int i = 0; i < 4; i++) {
		word[i] = at;
		at = memchr(at, ' ', (size_t)(end - at));
		if (at == NULL) {
			return false;
		}
		at++;
	}
	/* Data is "-", or "[a b=\"c\"][d]" with "\]" and blanks in quotes. */
	for (; at < end && (inside || *at != ' '); at++) {
		if (*at == '"') {
			quoted = !quoted;
		} else if (quoted) {
			at += *at == '\\' && at + 1 < end;
		} else {
			inside = *at == '[' || (inside && *at != ']');
		}
	}
	/* rsyslog puts a blank before the text's own. */
	for (int i = 0; i < 2 && at < end && *at == ' '; i++) {
		at++;
	}
	at += BEGINS(at, end, "\xef\xbb\xbf") ? 3 : 0;
	parts->tag_len = (size_t)(word[2] - 1 - word[1]);
	parts->pid = number(&word[2], end, PID_MAX);
	return set_parts(parts, word[1], parts->tag_len, at, end);
}

/* Behind the word "mail.info" or "<mail.info>" and its blank, or `at`. */
static const char *
skip_level(const char *at, const char *end)
{
	const char *word = at;
	bool dot = false;

	for (; at < end && *at != ' ' && *at != '[' && *at != ':'; at++) {
		dot |= *at == '.';
	}
	return dot && at < end && *at == ' ' ? at + 1 : word;
}

/* Where a whole line begins behind the time that Docker, a CRI or multilog
 * put before it, which ends at `at`; NULL where none does. */
static const char *
inner_line(const char *stamp, const char *at, const char *end)
{
	const char *inner = at;
	struct stamp unused;

	if (stamp[0] != '@' && (stamp[4] != '-' || stamp[10] != 'T')) {
		return NULL;
	}
	if (BEGINS(at, end, "stdout F ") || BEGINS(at, end, "stderr F ")) {
		return at + 9;
	}
	if (stamp[0] == '@') { /* of socklog: "mail.info: " */
		inner = memchr(at, ' ', (size_t)(end - at));
		inner = inner != NULL && inner > at && inner[-1] == ':'
			    ? inner + 1
			    : at;
	}
	return stamp_find(inner, (size_t)(end - inner), &unused) ? inner : NULL;
}

/* Whether the text is like those of Exim that are of no message: of a session,
 * or of a queue run. */
static bool
is_exim(const char *at, const char *end)
{
	const char *blank = memchr(at, ' ', (size_t)(end - at));
	size_t id;

	if (blank != NULL && *at == '[' && blank[-1] == ']') { /* its pid */
		at = blank + 1;
		blank = memchr(at, ' ', (size_t)(end - at));
	}
	id = (size_t)((blank != NULL ? blank : end) - at);
	return (end - at > 2 && at[1] == '=') ||
	       BEGINS(at, end, "Start queue run") ||
	       BEGINS(at, end, "End queue run") ||
	       (id >= EXIM_ID_MIN && id <= EXIM_ID_MAX && at[6] == '-' &&
		   (at[id - 3] == '-' || at[id - 5] == '-'));
}

/* Behind a time with a blank in it, which no syslog daemon writes by itself. */
static bool
split_own_file(const char *at, const char *end, struct line_parts *parts)
{
	const char *blank = memchr(at, ' ', (size_t)(end - at));

	if (at < end && *at == '#') {
		return blank != NULL &&
		       set_parts(parts, "rspamd", 6, blank + 1, end);
	}
	if (blank != NULL && blank > at && blank[-1] == ':' &&
	    BEGINS(blank + 1, end, "Info: ")) {
		return set_parts(parts, "dovecot", 7, at, end);
	}
	if (blank != NULL && split_tag(blank + 1, end, parts) &&
	    parts->tag[parts->tag_len] == '[') {
		return true; /* some do, where they are told to */
	}
	parts->guessed = !is_exim(at, end);
	return set_parts(parts, "exim", 4, at, end);
}

/* Behind the time of a line of syslog. */
static bool
split_host(const char *at, const char *end, struct line_parts *parts)
{
	const char *blank;
	const char *level;

	at = at < end && *at == '<' ? skip_level(at, end) : at;
	blank = memchr(at, ' ', (size_t)(end - at));
	if (blank == NULL || blank == at) {
		return false;
	}
	if (blank[-1] == ':') { /* no host */
		if (blank[-2] == ']' || BEGINS(at, end, "dovecot:")) {
			return split_tag(at, end, parts);
		}
		/* Dovecot puts "Info: " or another level before all that it
		 * writes into a file of its own. */
		level = memchr(blank + 1, ':', (size_t)(end - blank - 1));
		parts->guessed = level == NULL || blank[1] < 'A' ||
				 blank[1] > 'Z' ||
				 memchr(blank + 1, ' ',
				     (size_t)(level - blank - 1)) != NULL;
		return set_parts(parts, "dovecot", 7, at, end);
	}
	return split_tag(blank + 1, end, parts) ||
	       split_tag(skip_level(blank + 1, end), end, parts) ||
	       (BEGINS(blank + 1, end, LAST) &&
		   set_parts(parts, blank, 0, blank + 1, end));
}

/* The priority, the version of RFC 5424 and the time that a line begins with,
 * and what is behind them: perhaps a whole line. */
static bool
split_file_line(const char *at, const char *end, struct line_parts *parts)
{
	const char *inner = at;
	bool protocol;
	int depth = 0;

	do {
		at = inner;
		if (at < end && *at == '<') {
			at = memchr(at, '>', (size_t)(end - at));
			if (at == NULL) {
				return false;
			}
			at++;
		}
		protocol = BEGINS(at, end, "1 ");
		at += protocol ? 2 : 0;
		parts->time = at;
		if (!stamp_find(at, (size_t)(end - at), &parts->stamp)) {
			return false;
		}
		at += parts->stamp.span + 1;
		inner = protocol ? NULL : inner_line(parts->time, at, end);
	} while (inner != NULL && ++depth < 2);
	if (protocol) {
		return split_protocol(at, end, parts);
	}
	return parts->time[4] == '-' && parts->time[10] == ' '
		   ? split_own_file(at, end, parts)
		   : split_host(at, end, parts);
}

/* What stands in a string of JSON, up to a line's end; how long it is.  A
 * control character becomes a blank, one that is no ASCII "?". */
static size_t
json_undo(const char *at, const char *end, char *out, size_t size)
{
	size_t len = 0;

	while (at < end && *at != '"' && len < size) {
		char c = *at++;

		if (c == '\\' && at < end) {
			c = *at++;
			if (c == 'n') {
				break;
			}
			if (c == 'u' && end - at >= 4) {
				const char hex[] = { at[0], at[1], at[2], at[3],
					'\0' };
				unsigned long code = strtoul(hex, NULL, 16);

				c = (char)(code > 0 && code < 128 ? code : '?');
				at += 4;
			} else if (strchr("btfr", c) != NULL) {
				c = ' ';
			}
		}
		out[len++] = c;
	}
	return len;
}

/* What syslog daemons make of a line that comes again and again: rsyslog
 * "message repeated 3 times: [ TEXT]", others "last message repeated 3 times",
 * syslog-ng "Last message 'TEXT' repeated 3 times, suppressed by ...". */
static void
unfold_repeated(struct line_parts *parts)
{
	static const char quoted[] = "' repeated ";
	const char *end = parts->text + parts->text_len;
	const char *at = parts->text;
	int times;

	if (BEGINS(at, end, "message repeated ")) {
		at += strlen("message repeated ");
	} else if (BEGINS(at, end, LAST)) {
		at += strlen(LAST);
	} else if (BEGINS(at, end, "Last message '")) {
		at = memmem(at, parts->text_len, quoted, strlen(quoted));
		at = at != NULL ? at + strlen(quoted) : end;
	} else {
		return;
	}
	times = number(&at, end, REPEATED_MAX);
	if (times == 0) {
		return;
	}
	if (parts->text[0] == 'm' && BEGINS(at, end, " times: [ ") &&
	    end[-1] == ']') {
		parts->text = at + strlen(" times: [ ");
		parts->text_len = (size_t)(end - 1 - parts->text);
		parts->repeated = times;
	} else if (parts->text[0] != 'm' && BEGINS(at, end, " time")) {
		parts->again = true;
		parts->repeated = times;
	}
}

bool
line_split(const struct log_line *line, struct line_parts *parts)
{
	static const char docker[] = "{\"log\":\"";
	size_t len = line->len;
	const char *text = line->text;
	const char *end = text + len;

	if (line->tag == NULL && BEGINS(text, end, docker)) {
		len = json_undo(text + sizeof(docker) - 1, end, parts->undone,
		    sizeof(parts->undone));
		text = parts->undone;
		end = text + len;
	}
	if (text == NULL || len >= RULES_LINE_MAX) {
		return false; /* it was cut, and may say anything */
	}
	end -= end > text && end[-1] == '\r';
	parts->guessed = false;
	parts->again = false;
	parts->repeated = 1;
	parts->pid = line->tag != NULL ? line->pid : 0;
	if (line->tag != NULL) {
		parts->time = NULL;
		(void)set_parts(parts, line->tag, strlen(line->tag), text, end);
	} else if (!split_file_line(text, end, parts)) {
		return false;
	}
	unfold_repeated(parts);
	return true;
}
