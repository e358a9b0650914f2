#include "web/page_part.h"

#include "base/text.h"
#include "conf/conf.h"
#include "web/page.h"
#include "web/site.h"

enum {
	REPORT_SIZE = 2048,
	MAILTO_SIZE = 3 * REPORT_SIZE + 512
};

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* For a part of a URI (RFC 6068); a line ends as mail has it. */
static void
add_encoded(struct text *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	while (*text != '\0') {
		const char *from = text;
		unsigned char c;

		while (is_unreserved(*text)) {
			text++;
		}
		text_add_bytes(out, from, (size_t)(text - from));
		c = (unsigned char)*text;
		if (c == '\n') {
			text_add(out, "%0D%0A");
		} else if (c != '\0') {
			const char code[] = { '%', hex[c >> 4], hex[c & 15] };

			text_add_bytes(out, code, sizeof(code));
		}
		text += c != '\0';
	}
}

static void
tell_mailto(struct page_part *part, const char *report)
{
	const char *contact = site_conf(part->view->site)->contact;
	const char *subject = page_words(part, "report-subject", part->scope);
	char *uri = told_room(part->told, MAILTO_SIZE);
	struct text out;

	if (uri == NULL || subject == NULL || contact[0] == '\0') {
		return;
	}
	text_init(&out, uri, MAILTO_SIZE);
	text_addf(&out, "mailto:%s?subject=", contact);
	add_encoded(&out, subject);
	text_add(&out, "&body=");
	add_encoded(&out, report);
	told_text(part->told, part->scope, SLOT_MAILTO, out.cut ? NULL : uri);
}

/* The five facts: those we know, and blanks for the others. */
void
page_report_tell(struct page_part *part, const struct ban *ban)
{
	char *report = told_room(part->told, REPORT_SIZE);
	char told_at[TIME_TEXT_SIZE];
	struct text out;

	told_text(part->told, part->scope, SLOT_REPLY, page_reply(part, ban));
	/* When it was last refused is for those who were there. */
	if (part->view->hours != NULL && ban->told > 0) {
		told_copy(part->told, part->scope, SLOT_REPORT_TIME,
		    text_from_time(ban->told, told_at));
	}
	if (report == NULL) {
		return;
	}
	text_init(&out, report, REPORT_SIZE);
	if (book_render_plain(site_book(part->view->site, part->view->language),
		"report.txt", part->scope, &out)) {
		told_lines(part->told, part->scope, SLOT_REPORT, report);
		tell_mailto(part, report);
	}
}
