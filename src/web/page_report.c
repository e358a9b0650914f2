#include "web/page_part.h"

#include "base/text.h"
#include "conf/conf.h"
#include "web/page.h"
#include "web/site.h"

enum {
	REPORT_SIZE = 2048
};

/* What is sent, and where to. */
struct mail {
	const char *to;
	const char *subject;
	const char *body;
};

/* What stands for itself in a part of a URI (RFC 3986, section 2.3). */
static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* For a part of a URI (RFC 6068); a line ends as mail has it.  Nothing is left
 * that HTML would have escaped. */
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
			text_add_bytes(out, "%0D%0A", 6);
		} else if (c != '\0') {
			const char code[] = { '%', hex[c >> 4], hex[c & 15] };

			text_add_bytes(out, code, sizeof(code));
		}
		text += c != '\0';
	}
}

static void
write_mailto(const void *what, struct text *out)
{
	const struct mail *mail = what;

	text_add(out, "mailto:");
	template_escape(out, mail->to);
	text_add(out, "?subject=");
	add_encoded(out, mail->subject);
	text_add(out, "&amp;body=");
	add_encoded(out, mail->body);
}

static void
tell_mailto(struct page_part *part, const char *report)
{
	struct mail *mail = told_room(part->told, sizeof(*mail));

	if (mail != NULL) {
		mail->to = site_conf(part->view->site)->contact;
		mail->subject = page_words(part, "report-subject", part->scope);
		mail->body = report;
		if (mail->to[0] != '\0' && mail->subject != NULL) {
			told_write(part->told, part->scope, SLOT_MAILTO,
			    write_mailto, mail);
		}
	}
}

/* The five facts: those we know, and blanks for the others. */
void
page_report_tell(
    struct page_part *part, const struct ban *ban, const char *reply)
{
	char *report = told_room(part->told, REPORT_SIZE);
	char told_at[TIME_TEXT_SIZE];
	struct text out;

	told_text(part->told, part->scope, SLOT_REPLY, reply);
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
