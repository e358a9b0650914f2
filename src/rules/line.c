#include "rules/line.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/rules.h"

enum {
	PID_SPAN_MAX = 24, /* "[4194304]" and what else is put there */
	REPEATED_MAX = 1000,
	BSD_SPAN = 15,     /* "Nov 21 23:44:51" */
	BSD_HOUR = 9,      /* "Nov 21 23" */
	ISO_SPAN = 19,     /* "2026-11-21T23:44:51" */
	ISO_HOUR = 13,     /* "2026-11-21T23" */
	TAI_SPAN = 25,     /* "@4000000065..." */
	TAI_SECONDS = 17,  /* "@" and the seconds, the rest is nanoseconds */
	EXIM_ID_MIN = 16,  /* "1tFabc-0000AB-CD" */
	EXIM_ID_MAX = 23,  /* "1tFabc-0000000abCd-AbCd" */
	FRACTION_MAX = 10, /* point and nanoseconds */
	ZONE_MAX = 6,      /* "+01:00" */
	YEARS_BACK = 8,    /* far enough to meet a 29th of February */
	HOUR = 3600,
	MINUTE = 60,
	LAST_MINUTE = 59,
	DAY = 86400
};

struct rules_clock
rules_clock(int64_t reference, const char *zone)
{
	return (struct rules_clock){ .reference = reference, .zone = zone };
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- where a time ends ---- */

static size_t
fraction_span(const char *text, size_t len)
{
	size_t span = 1;

	if (len == 0 || (text[0] != '.' && text[0] != ',')) {
		return 0;
	}
	while (span < len && span < FRACTION_MAX && is_digit(text[span])) {
		span++;
	}
	return span;
}

static size_t
zone_span(const char *text, size_t len)
{
	size_t span = 1;

	if (len > 0 && text[0] == 'Z') {
		return 1;
	}
	if (len == 0 || (text[0] != '+' && text[0] != '-')) {
		return 0;
	}
	while (span < len && span < ZONE_MAX &&
	       (is_digit(text[span]) || text[span] == ':')) {
		span++;
	}
	return span;
}

/* The time of TAI64N, as daemontools counts it: 10 s ahead of Unix, and no
 * leap seconds since.  False where it is none. */
static bool
tai_time(const char *text, int64_t *at)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t seconds = 0;

	for (int i = 1; i < TAI_SPAN; i++) {
		const char *digit = text[i] != '\0' ? strchr(digits, text[i])
						    : NULL;

		if (digit == NULL) {
			return false;
		}
		if (i < TAI_SECONDS) {
			seconds = seconds << 4 | (uint64_t)(digit - digits);
		}
	}
	*at = (int64_t)(seconds - (UINT64_C(1) << 62) - 10);
	return *at >= 0 && *at <= UINT32_MAX;
}

/* Whether a time of at least BSD_SPAN bytes is like "Nov 21 23:44:51". */
static bool
is_bsd(const char *text)
{
	return text[3] == ' ' && text[6] == ' ' && text[9] == ':' &&
	       text[12] == ':';
}

size_t
stamp_span(const char *text, size_t len)
{
	size_t span = ISO_SPAN;
	int64_t at;
	size_t zone;

	if (len <= BSD_SPAN) {
		return 0;
	}
	if (is_bsd(text)) {
		span = BSD_SPAN +
		       fraction_span(text + BSD_SPAN, len - BSD_SPAN);
		return span < len && text[span] == ' ' ? span : 0;
	}
	if (text[0] == '@' && len > TAI_SPAN) {
		return text[TAI_SPAN] == ' ' && tai_time(text, &at) ? TAI_SPAN
								    : 0;
	}
	if (len <= ISO_SPAN || text[4] != '-' || text[7] != '-' ||
	    (text[10] != 'T' && text[10] != ' ') || text[13] != ':' ||
	    text[16] != ':') {
		return 0;
	}
	span += fraction_span(text + span, len - span);
	zone = zone_span(text + span, len - span);
	/* With a blank before the time there is one before the zone too. */
	if (zone == 0 && text[10] == ' ' && len > span && text[span] == ' ') {
		zone = zone_span(text + span + 1, len - span - 1);
		zone += zone > 0;
	}
	span += zone;
	return span < len && text[span] == ' ' ? span : 0;
}

/* ---- what a time means ---- */

/* A number of `digits` digits from `min` to `max`; a blank may stand for a
 * leading zero.  False where it is none. */
static bool
number(const char *text, int digits, int min, int max, int *out)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (!is_digit(text[i]) && (i > 0 || text[i] != ' ')) {
			return false;
		}
		value = value * 10 + (text[i] == ' ' ? 0 : text[i] - '0');
	}
	*out = value;
	return value >= min && value <= max;
}

/* "Z", "+01:00", "+0100", "+01"; seconds east. */
static bool
zone_offset(const char *text, size_t len, int64_t *offset)
{
	int hours = 0;
	int minutes = 0;
	size_t rest = 3;

	if (len == 1 && text[0] == 'Z') {
		*offset = 0;
		return true;
	}
	if (len < 3 || !number(text + 1, 2, 0, 14, &hours)) {
		return false;
	}
	rest += len > 3 && text[3] == ':';
	if (len > 3 &&
	    (len != rest + 2 || !number(text + rest, 2, 0, 59, &minutes))) {
		return false;
	}
	*offset = (int64_t)(hours * 3600 + minutes * 60) *
		  (text[0] == '-' ? -1 : 1);
	return true;
}

/* An hour as a line names it. */
struct hour {
	struct tm tm;
	bool has_year;
	bool has_zone;
	int64_t east; /* of Greenwich, with a zone */
};

/* "Nov 21 23", or "2026-11-21T23" with a zone or none */
static bool
read_hour(
    const char *text, const char *zone, size_t zone_len, struct hour *hour)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm *tm = &hour->tm;

	*hour = (struct hour){ .has_year = zone != NULL,
		.has_zone = zone_len > 0 };
	if (!hour->has_year) {
		while (memcmp(months + (size_t)tm->tm_mon * 3, text, 3) != 0) {
			if (++tm->tm_mon == 12) {
				return false;
			}
		}
		return number(text + 4, 2, 1, 31, &tm->tm_mday) &&
		       number(text + 7, 2, 0, 23, &tm->tm_hour);
	}
	if (!number(text, 4, 1970, 9999, &tm->tm_year) ||
	    !number(text + 5, 2, 1, 12, &tm->tm_mon) ||
	    !number(text + 8, 2, 1, 31, &tm->tm_mday) ||
	    !number(text + 11, 2, 0, 23, &tm->tm_hour)) {
		return false;
	}
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return !hour->has_zone || zone_offset(zone, zone_len, &hour->east);
}

static bool
same_moment(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour &&
	       a->tm_min == b->tm_min;
}

/*
 * The latest moment, not after `limit`, that this host's clock shows as
 * `wanted`: two when it is put back, none when it is put forward.
 */
static bool
local_moment(const struct tm *wanted, int64_t limit, int64_t *at)
{
	bool found = false;

	for (int dst = 0; dst <= 1; dst++) {
		struct tm tm = *wanted;
		struct tm shown;
		time_t time;

		tm.tm_isdst = dst;
		time = mktime(&tm);
		if (localtime_r(&time, &shown) != NULL &&
		    same_moment(&shown, wanted) && time <= limit &&
		    (!found || time > *at)) {
			*at = time;
			found = true;
		}
	}
	return found;
}

/* When a minute of the hour began; false where there is none. */
static bool
resolve(const struct hour *hour, int minute, int64_t reference, int64_t *at)
{
	struct tm tm = hour->tm;
	struct tm shown;
	time_t now = (time_t)reference;
	int year;

	tm.tm_min = minute;
	if (hour->has_zone) {
		shown = tm;
		*at = timegm(&shown) - hour->east;
		return same_moment(&shown, &tm); /* no 30th of February */
	}
	if (hour->has_year) {
		return local_moment(&tm, INT64_MAX, at);
	}
	if (localtime_r(&now, &shown) == NULL) {
		return false;
	}
	/* On the last of December a day later is next year already. */
	year = shown.tm_year + (shown.tm_mon == 11 && shown.tm_mday == 31);
	for (int back = 0; back <= YEARS_BACK; back++) {
		tm.tm_year = year - back;
		if (local_moment(&tm, reference + DAY, at)) {
			return true;
		}
	}
	return false;
}

bool
stamp_read(
    const char *text, size_t span, struct rules_clock *clock, int64_t *at)
{
	const char *minutes = text + BSD_HOUR + 1; /* "44:51" */
	const char *zone = NULL;
	size_t zone_len = 0;
	char key[sizeof(clock->prefix)] = ""; /* the hour and the zone */
	struct hour hour;
	int64_t first;
	int64_t last;
	int minute;
	int second;

	if (text[0] == '@') {
		clock->local = false;
		return tai_time(text, at);
	}
	clock->local = true;
	memcpy(key, text, BSD_HOUR);
	if (!is_bsd(text)) {
		size_t behind = ISO_SPAN +
				fraction_span(text + ISO_SPAN, span - ISO_SPAN);

		behind += behind < span && text[behind] == ' ';
		minutes = text + ISO_HOUR + 1;
		zone = text + behind;
		zone_len = span - behind;
		clock->local = zone_len == 0;
		memcpy(key, text, ISO_HOUR);
		memcpy(key + ISO_HOUR, zone, zone_len);
	}
	/* 60 is a leap second. */
	if (!number(minutes, 2, 0, LAST_MINUTE, &minute) ||
	    !number(minutes + 3, 2, 0, 60, &second)) {
		return false;
	}
	if (memcmp(clock->prefix, key, sizeof(key)) == 0) {
		*at = clock->at + (int64_t)minute * MINUTE + second;
		return true;
	}
	if (!read_hour(text, zone, zone_len, &hour) ||
	    !resolve(&hour, minute, clock->reference, at)) {
		return false;
	}
	*at += second;
	/* Keep the hour, unless the clock is put forward or back in it. */
	if (resolve(&hour, 0, clock->reference, &first) &&
	    resolve(&hour, LAST_MINUTE, clock->reference, &last) &&
	    last - first == HOUR - MINUTE) {
		memcpy(clock->prefix, key, sizeof(key));
		clock->at = first;
	}
	return true;
}

/* ---- the parts of a line ---- */

/* Whether the text up to `end` begins with a literal. */
#define BEGINS(at, end, with)                                                  \
	((size_t)((end) - (at)) >= sizeof(with) - 1 &&                         \
	    memcmp((at), (with), sizeof(with) - 1) == 0)

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

/* "TAG[PID]: TEXT" */
static bool
split_tag(const char *tag, const char *end, struct line_parts *parts)
{
	const char *at = tag;
	size_t len;

	while (at < end && *at != '[' && *at != ':' && *at != ' ') {
		at++;
	}
	len = (size_t)(at - tag);
	if (at < end && *at == '[') {
		size_t span = (size_t)(end - at);

		at = memchr(at, ']', span < PID_SPAN_MAX ? span : PID_SPAN_MAX);
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
	return set_parts(
	    parts, word[1], (size_t)(word[2] - 1 - word[1]), at, end);
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
	return stamp_span(inner, (size_t)(end - inner)) > 0 ? inner : NULL;
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

/* The priority, the version of RFC 5424 and the time that a line begins with;
 * NULL where there is no time, else what follows it. */
static const char *
take_stamp(
    const char *at, const char *end, struct line_parts *parts, bool *protocol)
{
	if (at < end && *at == '<') { /* the priority */
		at = memchr(at, '>', (size_t)(end - at));
		if (at == NULL) {
			return NULL;
		}
		at++;
	}
	*protocol = BEGINS(at, end, "1 ");
	at += *protocol ? 2 : 0;
	parts->stamp = at;
	parts->stamp_len = stamp_span(at, (size_t)(end - at));
	return parts->stamp_len > 0 ? at + parts->stamp_len + 1 : NULL;
}

/* Whether a text begins with a word that Dovecot puts before all it writes
 * into a file of its own. */
static bool
is_level(const char *at, const char *end)
{
	static const char *const levels[] = { "Info: ", "Warning: ", "Error: ",
		"Debug: ", "Fatal: ", "Panic: " };

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		size_t len = strlen(levels[i]);

		if ((size_t)(end - at) >= len &&
		    memcmp(at, levels[i], len) == 0) {
			return true;
		}
	}
	return false;
}

/* Behind the time of a line of syslog. */
static bool
split_host(const char *at, const char *end, struct line_parts *parts)
{
	const char *blank;

	at = at < end && *at == '<' ? skip_level(at, end) : at;
	blank = memchr(at, ' ', (size_t)(end - at));
	if (blank == NULL || blank == at) {
		return false;
	}
	if (blank[-1] == ':') { /* no host */
		if (blank[-2] == ']' || BEGINS(at, end, "dovecot:")) {
			return split_tag(at, end, parts);
		}
		parts->guessed = !is_level(blank + 1, end);
		return set_parts(parts, "dovecot", 7, at, end);
	}
	return split_tag(blank + 1, end, parts) ||
	       split_tag(skip_level(blank + 1, end), end, parts);
}

static bool
split_file_line(const char *at, const char *end, struct line_parts *parts)
{
	bool protocol = false;
	const char *inner;

	at = take_stamp(at, end, parts, &protocol);
	inner = at == NULL || protocol ? NULL
				       : inner_line(parts->stamp, at, end);
	if (inner != NULL) { /* a whole line behind a container's time */
		at = take_stamp(inner, end, parts, &protocol);
	}
	if (at == NULL) {
		return false;
	}
	if (protocol) {
		return split_protocol(at, end, parts);
	}
	return parts->stamp[4] == '-' && parts->stamp[10] == ' '
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

/* What rsyslog makes of a line that comes again and again. */
static void
unfold_repeated(struct line_parts *parts)
{
	static const char before[] = "message repeated ";
	static const char behind[] = " times: [ ";
	const char *end = parts->text + parts->text_len;
	const char *at = parts->text;
	int times = 0;

	parts->repeated = 1;
	if (!BEGINS(at, end, before)) {
		return;
	}
	at += sizeof(before) - 1;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		times = times * 10 + (*at - '0');
		times = times > REPEATED_MAX ? REPEATED_MAX : times;
	}
	if (times > 0 && BEGINS(at, end, behind) && end[-1] == ']') {
		parts->text = at + sizeof(behind) - 1;
		parts->text_len = (size_t)(end - 1 - parts->text);
		parts->repeated = times;
	}
}

bool
line_split(const struct log_line *line, struct line_parts *parts)
{
	static const char docker[] = "{\"log\":\"";
	size_t len = line->len < RULES_LINE_MAX ? line->len : RULES_LINE_MAX;
	const char *text = line->text;
	const char *end = text + len;

	if (line->tag == NULL && BEGINS(text, end, docker)) {
		len = json_undo(text + sizeof(docker) - 1, end, parts->undone,
		    sizeof(parts->undone));
		text = parts->undone;
		end = text + len;
	}
	end -= end > text && end[-1] == '\r';
	parts->guessed = false;
	if (line->tag != NULL) {
		parts->stamp = NULL;
		parts->stamp_len = 0;
		(void)set_parts(parts, line->tag, strlen(line->tag), text, end);
	} else if (!split_file_line(text, end, parts)) {
		return false;
	}
	unfold_repeated(parts);
	return true;
}
