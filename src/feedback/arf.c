/*
 * Reports about single mails.
 */
#include <ctype.h>
#include <gmime/gmime.h>
#include <stdarg.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/words.h"
#include "feedback/feedback.h"

enum {
	FIELD_SIZE = 256,
	AHEAD = 24 * 3600 /* s that a clock may be ahead of ours */
};

/* Types that are complaints, RFC 5965 section 7.3.  The others ask for nothing
 * that a ban would give: not-spam takes a complaint back, opt-out is about a
 * list, other says nothing for certain.  And auth-failure (RFC 6591) tells a
 * domain's owner that a check failed: honest forwarders break SPF, and nobody
 * complained. */
static const char *const complaints[] = { "abuse", "fraud", "virus" };
static const struct words complaint_types = WORDS_OF(complaints);

static enum arf_result
unusable(char why[static FEEDBACK_WHY_SIZE], const char *what)
{
	(void)text_copy(why, FEEDBACK_WHY_SIZE, what);
	return ARF_UNUSABLE;
}

/* ---- fields ---- */

/* A header field's text without blanks around it, cut where it is long; false
 * where there is none. */
static bool
field(void *of, const char *name, char out[static FIELD_SIZE])
{
	const char *text = g_mime_object_get_header(GMIME_OBJECT(of), name);
	size_t len;

	text = text != NULL ? text + strspn(text, " \t\r\n") : "";
	(void)text_copy(out, FIELD_SIZE, text);
	for (len = strlen(out); len > 0 && strchr(" \t\r\n", out[len - 1]);) {
		out[--len] = '\0';
	}
	return len > 0;
}

/* The address that a text begins with: "192.0.2.7", "[192.0.2.7]", and
 * "[IPv6:2001:db8::7]" as RFC 5321 has it; a comment may follow. */
static bool
read_address(const char *text, struct addr *out)
{
	char bare[ADDR_TEXT_SIZE];
	size_t len;

	text += text[0] == '[';
	text += strncasecmp(text, "IPv6:", 5) == 0 ? 5 : 0;
	len = strcspn(text, " \t\r\n[](),;");
	if (len >= sizeof(bare)) {
		return false;
	}
	memcpy(bare, text, len);
	bare[len] = '\0';
	return addr_parse(bare, out);
}

/* The client of the mail server that took a mail in: the first address in
 * brackets before "by" of the topmost Received.  Those below it are the
 * sender's to forge. */
static bool
read_received(GMimeMessage *mail, struct addr *out)
{
	char text[FIELD_SIZE];
	const char *received = text;
	const char *by;

	if (mail == NULL || !field(mail, "Received", text)) {
		return false;
	}
	by = strstr(received, " by ");
	for (; *received != '\0' && received != by; received++) {
		if ((*received == '[' || *received == '(') &&
		    read_address(received + 1, out)) {
			return true;
		}
	}
	return false;
}

/* A time (RFC 5322) that was; INT64_MIN where it is none. */
static int64_t
read_time(const char *text, int64_t now)
{
	GDateTime *time = g_mime_utils_header_decode_date(text);
	int64_t at = INT64_MIN;

	if (time != NULL) {
		at = g_date_time_to_unix(time);
		g_date_time_unref(time);
	}
	return at > 0 && at <= now + AHEAD ? at : INT64_MIN;
}

/* ---- a report's identity ---- */

/* Its Message-ID; of one without it a hash of its body, as what an MTA puts
 * into the header changes from delivery to delivery. */
static void
identify(
    GMimeMessage *message, const char *mail, size_t len, struct complaint *out)
{
	static const unsigned char key[HASH_KEY_SIZE];
	const char *id = g_mime_message_get_message_id(message);
	const char *body = memmem(mail, len, "\n\n", 2);
	const char *other = memmem(mail, len, "\n\r\n", 3);
	char hash[HASH_TEXT_SIZE];
	struct text text;

	text_init(&text, out->id, sizeof(out->id));
	if (id != NULL && id[0] != '\0' && strlen(id) < sizeof(out->id) - 2) {
		text_addf(&text, "<%s>", id);
		return;
	}
	if (body == NULL || (other != NULL && other < body)) {
		body = other;
	}
	body = body != NULL ? body : mail;
	text_addf(&text, "body %s",
	    hash_text(key, body, len - (size_t)(body - mail), hash));
}

/* ---- parts ---- */

static bool
is_of(GMimeObject *part, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(
	    g_mime_object_get_content_type(part), type, subtype);
}

/* The first part of that type right in the mail, or NULL; borrowed. */
static GMimeObject *
find_part(GMimeObject *root, const char *type, const char *subtype)
{
	GMimeMultipart *all;

	if (!GMIME_IS_MULTIPART(root)) {
		return is_of(root, type, subtype) ? root : NULL;
	}
	all = GMIME_MULTIPART(root);
	for (int i = 0; i < g_mime_multipart_get_count(all); i++) {
		GMimeObject *part = g_mime_multipart_get_part(all, i);

		if (is_of(part, type, subtype)) {
			return part;
		}
	}
	return NULL;
}

static GMimeMessage *
parse(const char *mail, size_t len)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail, len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/* The fields in a part, which stand as a header does; or NULL.  The caller frees
 * it. */
static GMimeMessage *
part_fields(GMimeObject *part)
{
	GMimeDataWrapper *content = GMIME_IS_PART(part)
					? g_mime_part_get_content(
					      GMIME_PART(part))
					: NULL;
	GMimeMessage *fields = NULL;
	GMimeStream *stream;
	GByteArray *bytes;
	size_t skip = 0;

	if (content == NULL) {
		return NULL;
	}
	stream = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	while (skip < bytes->len && isspace(bytes->data[skip])) {
		skip++;
	}
	if (skip < bytes->len) {
		fields = parse(
		    (const char *)bytes->data + skip, bytes->len - skip);
	}
	g_object_unref(stream);
	return fields;
}

/* The mail that was complained of, or its header; or NULL.  The caller frees
 * it. */
static GMimeMessage *
find_original(GMimeObject *root)
{
	GMimeObject *part = find_part(root, "message", "rfc822");
	GMimeMessage *original = NULL;

	if (part != NULL && GMIME_IS_MESSAGE_PART(part)) {
		original = g_mime_message_part_get_message(
		    GMIME_MESSAGE_PART(part));
		return original != NULL ? g_object_ref(original) : NULL;
	}
	part = find_part(root, "text", "rfc822-headers");
	return part != NULL ? part_fields(part) : NULL;
}

/* ---- ARF ---- */

/* How many it reports, which is 1 where it says nothing of use. */
static int64_t
read_incidents(GMimeMessage *fields)
{
	char text[FIELD_SIZE];
	int64_t number;

	return !field(fields, "Incidents", text) ||
		       !text_to_int(text, 1, UINT32_MAX, &number)
		   ? 1
	       : number < FEEDBACK_MAIL_MAX ? number
					    : FEEDBACK_MAIL_MAX;
}

/* Whom it is about: without Source-IP, which is optional and not in each
 * provider's reports, what the mail itself says. */
static bool
read_source(GMimeMessage *fields, GMimeMessage *original, struct complaint *out,
    char why[static FEEDBACK_WHY_SIZE])
{
	char text[FIELD_SIZE];
	struct text said;

	text_init(&said, why, FEEDBACK_WHY_SIZE);
	if (!field(fields, "Source-IP", text)) {
		text_add(&said, "a report without Source-IP");
		return read_received(original, &out->address);
	}
	text_addf(&said, "Source-IP \"%.60s\" is not an address", text);
	return read_address(text, &out->address);
}

static enum arf_result
read_report(GMimeMessage *fields, GMimeMessage *original, int64_t now,
    struct complaint *out, char why[static FEEDBACK_WHY_SIZE])
{
	char text[FIELD_SIZE];

	if (!field(fields, "Feedback-Type", text)) {
		return unusable(why, "a report without Feedback-Type");
	}
	for (char *c = text; *c != '\0'; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	if (words_find(&complaint_types, text) == complaint_types.count) {
		(void)text_print(why, FEEDBACK_WHY_SIZE,
		    "a report of type \"%.40s\" is no complaint", text);
		return ARF_OTHER;
	}
	(void)text_copy(out->type, sizeof(out->type), text);
	if (!read_source(fields, original, out, why)) {
		return ARF_UNUSABLE;
	}
	/* Received-Date is what it was called before there was an RFC. */
	if (field(fields, "Arrival-Date", text) ||
	    field(fields, "Received-Date", text)) {
		out->at = read_time(text, now);
	}
	out->number = read_incidents(fields);
	return ARF_COMPLAINT;
}

/* ---- Microsoft's JMRP ---- */

static bool
is_jmrp(GMimeMessage *original)
{
	return original != NULL &&
	       g_mime_object_get_header(
		   GMIME_OBJECT(original), "X-HmXmrOriginalRecipient") != NULL;
}

/* The client stands in the report's subject. */
static enum arf_result
read_jmrp(GMimeMessage *message, GMimeMessage *original, int64_t now,
    struct complaint *out, char why[static FEEDBACK_WHY_SIZE])
{
	char text[FIELD_SIZE];
	const char *rest = field(message, "Subject", text)
			       ? text_after(
				     text, "complaint about message from ")
			       : NULL;

	(void)text_copy(out->type, sizeof(out->type), "abuse");
	if ((rest == NULL || !read_address(rest, &out->address)) &&
	    !read_received(original, &out->address)) {
		return unusable(why, "a report of JMRP without an address");
	}
	if (field(original, "Received", text) &&
	    (rest = strrchr(text, ';')) != NULL) {
		out->at = read_time(rest + 1, now);
	}
	return ARF_COMPLAINT;
}

/* ---- any mail ---- */

static enum arf_result
read_parts(GMimeMessage *message, GMimeObject *report, GMimeMessage *original,
    int64_t now, struct complaint *out, char why[static FEEDBACK_WHY_SIZE])
{
	GMimeMessage *fields;
	enum arf_result result;

	if (report == NULL) {
		return is_jmrp(original)
			   ? read_jmrp(message, original, now, out, why)
			   : unusable(why, "no report of a feedback loop");
	}
	fields = part_fields(report);
	if (fields == NULL) {
		return unusable(why, "a report without fields");
	}
	result = read_report(fields, original, now, out, why);
	g_object_unref(fields);
	return result;
}

static enum arf_result
read_message(GMimeMessage *message, int64_t now, struct complaint *out,
    char why[static FEEDBACK_WHY_SIZE])
{
	GMimeObject *root = g_mime_message_get_mime_part(message);
	GMimeMessage *original;
	enum arf_result result;
	char date[FIELD_SIZE];

	if (root == NULL) {
		return unusable(why, "no report of a feedback loop");
	}
	original = find_original(root);
	result = read_parts(message,
	    find_part(root, "message", "feedback-report"), original, now, out,
	    why);
	if (original != NULL) {
		g_object_unref(original);
	}
	if (out->at == INT64_MIN && field(message, "Date", date)) {
		out->at = read_time(date, now);
	}
	return result;
}

/* What GLib has to say of a mail that is not well formed. */
static void
say_nothing(
    const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

enum arf_result
arf_read(const char *mail, size_t len, int64_t now, struct complaint *out,
    char why[static FEEDBACK_WHY_SIZE])
{
	static bool begun;
	enum arf_result result;
	GMimeMessage *message;
	const char *line;

	if (!begun) {
		(void)g_log_set_default_handler(say_nothing, NULL);
		g_mime_init();
		begun = true;
	}
	*out = (struct complaint){ .at = INT64_MIN, .number = 1 };
	why[0] = '\0';
	/* An MTA that hands a mail to a program may put this before it. */
	if (len > 5 && memcmp(mail, "From ", 5) == 0 &&
	    (line = memchr(mail, '\n', len)) != NULL) {
		len -= (size_t)(line + 1 - mail);
		mail = line + 1;
	}
	message = parse(mail, len);
	if (message == NULL) {
		return unusable(why, "no mail");
	}
	identify(message, mail, len, out);
	result = read_message(message, now, out, why);
	g_object_unref(message);
	return result;
}
