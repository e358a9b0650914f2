#include "core/reply.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* Read a run of one to three digits; NULL where there is none. */
static const char *
skip_digits(const char *at)
{
	const char *start = at;

	while (isdigit((unsigned char)*at) && at - start < 3) {
		at++;
	}
	return at > start ? at : NULL;
}

/* The end of an enhanced code "5.7.1" at `at` (RFC 3463), or NULL. */
static const char *
skip_enhanced(const char *at)
{
	const char *end = at + 1;

	if ((*at != '4' && *at != '5') || *end != '.') {
		return NULL;
	}
	end = skip_digits(end + 1);
	if (end == NULL || *end != '.') {
		return NULL;
	}
	end = skip_digits(end + 1);
	return end != NULL && (*end == ' ' || *end == '\0') ? end : NULL;
}

const char *
reply_parse(const char *text, const char *own, struct reply *out)
{
	const char *enhanced_end;
	struct text enhanced;

	*out = (struct reply){ 0 };
	if ((text[0] != '4' && text[0] != '5') ||
	    skip_digits(text) != text + 3 || text[3] != ' ') {
		return "a reply begins with a code 4xx or 5xx and a blank";
	}
	memcpy(out->code, text, 3);
	text += 4;
	enhanced_end = skip_enhanced(text);
	if (enhanced_end != NULL) {
		if (*text != out->code[0]) {
			return "code and enhanced code are of two classes";
		}
		text_init(&enhanced, out->enhanced, sizeof(out->enhanced));
		text_add_bytes(&enhanced, text, (size_t)(enhanced_end - text));
		text = enhanced_end + (*enhanced_end == ' ');
	}
	if (*text == '\0' || *text == ' ') {
		return "the phrase is missing";
	}
	if (!text_is_plain(text) || strchr(text, '%') != NULL) {
		return "the phrase must be printable ASCII without '%'";
	}
	if (!text_copy(out->phrase, sizeof(out->phrase), text)) {
		return "the phrase is longer than 190 characters";
	}
	own = own == NULL ? "" : own;
	if (!text_is_plain(own) || strchr(own, '%') != NULL) {
		return "its own code must be printable ASCII without '%'";
	}
	return text_copy(out->own, sizeof(out->own), own)
		   ? NULL
		   : "its own code is longer than 32 characters";
}

bool
reply_fits(const struct reply *reply)
{
	return strlen(reply->phrase) + strlen(reply->own) <= REPLY_WORDS_MAX;
}

/* One string after the other, up to NULL. */
static void
add_all(struct text *text, const char *const *words)
{
	while (*words != NULL) {
		text_add(text, *words++);
	}
}

/* NOLINTBEGIN(readability-function-size): each is a part of the text */
char *
reply_phrase(const struct reply *reply, const char *who, const char *network,
    int64_t ends, const char *lookup_url, const char *ref,
    char text[static REPLY_TEXT_SIZE])
{
	char until[TIME_TEXT_SIZE];
	struct text out;

	text_init(&out, text, REPLY_TEXT_SIZE);
	text_add(&out, reply->phrase);
	if (who != NULL) {
		add_all(&out, (const char *[]){ " [", who, "]", NULL });
	}
	if (ends != 0) {
		add_all(&out, (const char *[]){ ", blocked until ",
				  text_from_time(ends, until),
				  network != NULL ? " with all of " : NULL,
				  network, NULL });
	}
	if (lookup_url != NULL && lookup_url[0] != '\0') {
		add_all(
		    &out, (const char *[]){ ". See ", lookup_url,
			      who != NULL ? "?ip=" : "", who != NULL ? who : "",
			      ref == NULL   ? NULL
			      : who != NULL ? "&ref="
					    : "?ref=",
			      ref, NULL });
	}
	if (reply->own[0] != '\0') {
		add_all(&out, (const char *[]){ " ", reply->own, NULL });
	}
	/* Code and enhanced code are to stand before it. */
	if (network != NULL &&
	    (out.cut || out.len + sizeof("550 5.999.999") >= REPLY_TEXT_SIZE)) {
		return reply_phrase(
		    reply, who, NULL, ends, lookup_url, ref, text);
	}
	return text;
}

char *
reply_line(const struct reply *reply, const char *who, const char *network,
    int64_t ends, const char *lookup_url, const char *ref,
    char text[static REPLY_TEXT_SIZE])
{
	char phrase[REPLY_TEXT_SIZE];
	struct text out;

	text_init(&out, text, REPLY_TEXT_SIZE);
	add_all(&out, (const char *[]){ reply->code, " ", reply->enhanced,
			  reply->enhanced[0] != '\0' ? " " : "",
			  reply_phrase(reply, who, network, ends, lookup_url,
			      ref, phrase),
			  NULL });
	return text;
}

/* NOLINTEND(readability-function-size) */

char *
reply_words(const struct reply *reply, char text[static REPLY_TEXT_SIZE])
{
	return reply_line(reply, NULL, NULL, 0, NULL, NULL, text);
}

bool
reply_spares(const char *path)
{
	static const char postmaster[] = "postmaster";
	size_t len = strlen(path);

	if (len >= 2 && path[0] == '<' && path[len - 1] == '>') {
		path++;
		len -= 2;
	}
	return (len == strlen(postmaster) &&
		   strncasecmp(path, postmaster, len) == 0) ||
	       strncasecmp(path, "postmaster@", 11) == 0 ||
	       strncasecmp(path, "abuse@", 6) == 0;
}
