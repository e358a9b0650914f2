/*
 * The end of a block as an entry for a calendar (RFC 5545): text alone, made
 * for this request and nothing of it kept.
 */
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "base/words.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/page.h"
#include "web/site.h"

enum {
	LINE_MAX_OCTETS = 75, /* 3.1, its end not counted */
	STAMP_SIZE = 17,
	LINK_SIZE = REPLY_URL_MAX + ADDR_TEXT_SIZE + BAN_REF_SIZE + 16
};

/* A line so far. */
struct line {
	struct text *out;
	size_t octets;
};

/* One character more, on a line of its own where it does not fit. */
static void
put(struct line *line, const char *bytes, size_t len)
{
	if (line->octets + len > LINE_MAX_OCTETS) {
		text_add(line->out, "\r\n ");
		line->octets = 1;
	}
	text_add_bytes(line->out, bytes, len);
	line->octets += len;
}

/* Text as a value has it (3.3.11), or, if `bare`, as it is.  A phrase that goes
 * on in the next line of its file is one line; what is no UTF-8 or controls
 * something is '?'. */
static void
put_text(struct line *line, const char *text, bool bare)
{
	while (*text != '\0') {
		const size_t len = utf8_printable(text);
		const bool escape = !bare && strchr("\\;,", *text) != NULL;

		if (text_after(text, "\n\t") != NULL) {
			put(line, " ", 1);
			text++;
		} else if (*text == '\n') {
			put(line, "\\n", 2);
		} else if (len == 0) {
			put(line, "?", 1);
		} else if (escape) {
			put(line, (const char[]){ '\\', *text }, 2);
		} else {
			put(line, text, len);
		}
		text += len > 0 ? len : 1;
	}
}

/* "20261121T180542Z" */
static void
stamp(int64_t at, char out[static STAMP_SIZE])
{
	char iso[TIME_TEXT_SIZE];
	struct text text;

	text_init(&text, out, STAMP_SIZE);
	for (const char *c = text_from_time(at, iso); *c != '\0'; c++) {
		if (*c != '-' && *c != ':') {
			text_add_char(&text, *c);
		}
	}
}

/* What to do then, and the page about this address: with the ref where the
 * visitor has it. */
static const char *
describe(struct page *page, char link[static LINK_SIZE])
{
	const char *url = page->site->conf->lookup_url;
	const struct ban *asked = page_ref_ban(page->standing, page->ref);
	const char *words = page_words(page, "calendar-text");
	char *both = page_data_room(page->data, PAGE_WORDS_SIZE + LINK_SIZE);
	char ip[ADDR_TEXT_SIZE];
	struct text text;

	text_init(&text, link, LINK_SIZE);
	if (url[0] != '\0') {
		text_addf(&text, "%s?ip=%s%s%s", url,
		    addr_format(&page->standing->address, ip),
		    asked != NULL ? "&ref=" : "",
		    asked != NULL ? asked->ref : "");
	}
	if (words == NULL || both == NULL) {
		return NULL;
	}
	(void)text_print(both, PAGE_WORDS_SIZE + LINK_SIZE, "%s%s%s", words,
	    link[0] != '\0' ? "\n" : "", link);
	return both;
}

void
page_calendar_fill(struct page *page)
{
	const struct reply *reply = ban_reply(&page->standing->ban[0]);
	char ip[ADDR_TEXT_SIZE];

	section_copy(
	    page->root, VAR_IP, addr_format(&page->standing->address, ip));
	section_yes(page->root, VAR_TEMPORARY, reply->code[0] == '4');
}

bool
page_calendar_write(struct page *page, struct text *out)
{
	/* The last to end: before that not all is accepted again. */
	const struct ban *ban = &page->standing->ban[0];
	const char *host = strstr(page->site->conf->lookup_url, "://");
	const char *summary = page_words(page, "calendar-summary");
	char link[LINK_SIZE];
	const char *words = describe(page, link);
	struct line line = { .out = out };
	char begins[STAMP_SIZE], ends[STAMP_SIZE], now[STAMP_SIZE];
	char ip[ADDR_TEXT_SIZE];
	char own[ADDR_TEXT_SIZE + STAMP_SIZE + LINK_SIZE];

	stamp(ban->begins, begins);
	stamp(ban->ends, ends);
	stamp(page->standing->checked_at, now);
	/* The same for the same block, so that a second entry takes the place
	 * of the first. */
	host = host != NULL ? host + 3 : "videur";
	(void)snprintf(own, sizeof(own), "%s-%s@%.*s", begins,
	    addr_format(&page->standing->address, ip), (int)strcspn(host, "/"),
	    host);
	const struct {
		const char *begin;
		const char *text; /* NULL: the line is left out */
		bool bare;
	} lines[] = {
		{ "BEGIN:VCALENDAR", "", true },
		{ "VERSION:2.0", "", true },
		{ "PRODID:-//videur//look-up//EN", "", true },
		{ "BEGIN:VEVENT", "", true },
		{ "UID:", own, false },
		{ "DTSTAMP:", now, true },
		{ "DTSTART:", ends, true },
		{ "SUMMARY:", summary, false },
		{ "DESCRIPTION:", words, false },
		{ "URL:", link[0] != '\0' ? link : NULL, true },
		{ "TRANSP:TRANSPARENT", "", true },
		/* Once, when it is over. */
		{ "BEGIN:VALARM", "", true },
		{ "ACTION:DISPLAY", "", true },
		{ "TRIGGER:PT0S", "", true },
		{ "DESCRIPTION:", summary, false },
		{ "END:VALARM", "", true },
		{ "END:VEVENT", "", true },
		{ "END:VCALENDAR", "", true },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].text != NULL) {
			put_text(&line, lines[i].begin, true);
			put_text(&line, lines[i].text, lines[i].bare);
			text_add(out, "\r\n");
			line.octets = 0;
		}
	}
	return summary != NULL && words != NULL && !out->cut;
}
