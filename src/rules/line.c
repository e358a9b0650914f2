#include "rules/line.h"

#include <string.h>

#include "rules/rules.h"
#include "rules/stamp.h"

enum {
	PID_SPAN_MAX = 24, /* "[4194304]" and what else is put there */
	REPEATED_MAX = 1000
};

static bool
begins(const char *text, size_t len, const char *with, size_t with_len)
{
	return len >= with_len && memcmp(text, with, with_len) == 0;
}

#define BEGINS(text, len, with) begins(text, len, with, sizeof(with) - 1)

static void
set_tag(struct line_parts *parts, const char *tag, size_t len)
{
	parts->tag = tag;
	parts->tag_len = len;
}

static void
set_text(struct line_parts *parts, const char *from, const char *end)
{
	parts->text = from;
	parts->text_len = (size_t)(end - from);
}

/* "TAG[PID]: TEXT" */
static bool
split_tag(const char *at, const char *end, struct line_parts *parts)
{
	const char *tag = at;

	while (at < end && *at != '[' && *at != ':' && *at != ' ') {
		at++;
	}
	set_tag(parts, tag, (size_t)(at - tag));
	if (at < end && *at == '[') {
		size_t span = (size_t)(end - at);
		const char *close = memchr(
		    at, ']', span < PID_SPAN_MAX ? span : PID_SPAN_MAX);

		if (close == NULL) {
			return false;
		}
		at = close + 1;
	}
	if (at == end || *at != ':' || parts->tag_len == 0) {
		return false;
	}
	at++;
	at += at < end && *at == ' ';
	set_text(parts, at, end);
	return true;
}

/* Behind a time with a blank in it, which no syslog daemon writes. */
static bool
split_own_file(const char *at, const char *end, struct line_parts *parts)
{
	const char *text;

	if (at == end || *at != '#') {
		set_tag(parts, "exim", 4);
		set_text(parts, at, end);
		return true;
	}
	text = memchr(at, ' ', (size_t)(end - at));
	if (text == NULL) {
		return false;
	}
	set_tag(parts, "rspamd", 6);
	set_text(parts, text + 1, end);
	return true;
}

static bool
split_file_line(const char *at, const char *end, struct line_parts *parts)
{
	const char *blank;

	parts->stamp = at;
	parts->stamp_len = stamp_span(at, (size_t)(end - at));
	if (parts->stamp_len == 0) {
		return false;
	}
	at += parts->stamp_len + 1;
	if (parts->stamp[4] == '-' && parts->stamp[10] == ' ') {
		return split_own_file(at, end, parts);
	}
	blank = memchr(at, ' ', (size_t)(end - at));
	if (blank == NULL || blank == at) {
		return false;
	}
	if (blank[-1] == ':') { /* no host */
		set_tag(parts, "dovecot", 7);
		set_text(parts, at, end);
		return true;
	}
	return split_tag(blank + 1, end, parts);
}

/* What rsyslog makes of a line that comes again and again. */
static void
unfold_repeated(struct line_parts *parts)
{
	static const char before[] = "message repeated ";
	static const char behind[] = " times: [ ";
	const char *end = parts->text + parts->text_len;
	const char *at;
	int times = 0;

	parts->repeated = 1;
	if (!BEGINS(parts->text, parts->text_len, before)) {
		return;
	}
	at = parts->text + sizeof(before) - 1;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		times = times * 10 + (*at - '0');
		times = times > REPEATED_MAX ? REPEATED_MAX : times;
	}
	if (times > 0 && BEGINS(at, (size_t)(end - at), behind) &&
	    end[-1] == ']') {
		set_text(parts, at + sizeof(behind) - 1, end - 1);
		parts->repeated = times;
	}
}

bool
line_split(const struct log_line *line, struct line_parts *parts)
{
	size_t len = line->len < RULES_LINE_MAX ? line->len : RULES_LINE_MAX;

	if (line->tag != NULL) {
		parts->stamp = NULL;
		parts->stamp_len = 0;
		set_tag(parts, line->tag, strlen(line->tag));
		set_text(parts, line->text, line->text + len);
	} else if (!split_file_line(line->text, line->text + len, parts)) {
		return false;
	}
	unfold_repeated(parts);
	return true;
}
