#include "ctl/decode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "bounce/bounce.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "logs/log_lines.h"

enum {
	RECORD_SIZE = 16 * 1024, /* a line and those folded behind it */
	TITLES_SIZE = 128
};

struct decoding {
	int64_t now;
	bool lines; /* what is found is told with its line */
	bool spoken;
	bool known;        /* anything was understood */
	struct json *json; /* NULL: for people */
};

/* ---- for people ---- */

/* "FranceServ, Free". */
static char *
say_providers(uint32_t providers, char titles[static TITLES_SIZE])
{
	struct text text;

	text_init(&text, titles, TITLES_SIZE);
	for (enum bounce_provider i = 0; i < BOUNCE_PROVIDERS; i++) {
		if ((providers & bounce_bit(i)) != 0) {
			text_addf(&text, "%s%s", text.len > 0 ? ", " : "",
			    bounce_provider_title(i));
		}
	}
	return titles;
}

static const char *
say_outcome(enum bounce_outcome outcome)
{
	static const char *const words[] = {
		[BOUNCE_UNSAID] = "the text does not tell whether for good",
		[BOUNCE_TEMPORARY] = "temporary",
		[BOUNCE_FINAL] = "final",
	};

	return words[outcome];
}

/* "LPN027_503 (450 4.7.1): laposte.net, temporary". */
static void
say_head(const struct bounce_find *find)
{
	char titles[TITLES_SIZE];
	const char *what = find->own;
	bool both = find->code[0] != '\0' && find->enhanced[0] != '\0';
	bool any = find->code[0] != '\0' || find->enhanced[0] != '\0';

	if (find->phrase != NULL) {
		what = find->phrase;
	} else if (find->own[0] == '\0') {
		what = "blocked until";
	}
	print_line("%s%s%s%s%s%s: %s, %s", what, any ? " (" : "", find->code,
	    both ? " " : "", find->enhanced, any ? ")" : "",
	    say_providers(find->providers, titles), say_outcome(find->outcome));
}

static void
say_until(const struct bounce_find *find, int64_t now)
{
	char until[PRINT_TIME_SIZE];
	char left[DURATION_TEXT_SIZE];

	print_time(find->ends, until);
	if (find->ends > now) {
		print_line("  until    %s, %s left", until,
		    text_from_duration(find->ends - now, left));
	} else {
		print_line("  until    %s, over already", until);
	}
}

static void
say_meaning(const struct bounce_find *find)
{
	const struct bounce_meaning *meaning = find->meaning;

	if (meaning == NULL) {
		print_line(
		    "  means    not known: it has the provider's form, but "
		    "its reason is none that they tell of; the words "
		    "beside it may say more");
		return;
	}
	print_line("  means    %s%s", meaning->means,
	    meaning->old ? " (an old code, no longer given)" : "");
	if (meaning->lasts != NULL) {
		print_line("  lasts    %s", meaning->lasts);
	}
	print_line("  do       %s", meaning->remedy);
}

static void
say_find(
    struct decoding *decoding, int64_t line, const struct bounce_find *find)
{
	char address[ADDR_TEXT_SIZE];

	if (decoding->spoken) {
		print_line("%s", "");
	}
	decoding->spoken = true;
	say_head(find);
	if (decoding->lines) {
		print_line("  line     %" PRId64, line);
	}
	say_meaning(find);
	if (find->has_address) {
		print_line(
		    "  address  %s", addr_format(&find->address, address));
	}
	if (find->ends != 0) {
		say_until(find, decoding->now);
	}
	if (find->ref[0] != '\0') {
		print_line("  ref      %s", find->ref);
	}
}

static void
say_nothing(void)
{
	print_line(
	    "nothing in it is known as a reply of FranceServ, Free, SFR, "
	    "laposte.net or Orange");
	print_line(
	    "give the whole reply, as the bounce or the log has it: with "
	    "a code like LPN027_503, OFR_999 or SFR_IN_104, or a phrase "
	    "like \"Too many errors from your IP\"");
}

/* ---- for programs ---- */

static void
put_text(struct json *json, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		json_string(json, name, text);
	} else {
		json_null(json, name);
	}
}

static void
meaning_json(struct json *json, const struct bounce_meaning *meaning)
{
	static const struct bounce_meaning unknown;

	json_bool(json, "known", meaning != NULL);
	if (meaning == NULL) {
		meaning = &unknown;
	}
	json_bool(json, "old", meaning->old);
	put_text(json, "means", meaning->means);
	put_text(json, "lasts", meaning->lasts);
	if (meaning->seconds > 0) {
		json_int(json, "seconds", meaning->seconds);
	} else {
		json_null(json, "seconds");
	}
	put_text(json, "remedy", meaning->remedy);
}

static void
find_json(struct json *json, int64_t line, const struct bounce_find *find)
{
	char address[ADDR_TEXT_SIZE] = "";

	json_object(json, NULL);
	json_int(json, "line", line);
	json_array(json, "providers");
	for (enum bounce_provider i = 0; i < BOUNCE_PROVIDERS; i++) {
		if ((find->providers & bounce_bit(i)) != 0) {
			json_string(json, NULL, bounce_provider_name(i));
		}
	}
	json_array_end(json);
	put_text(json, "own", find->own);
	put_text(json, "phrase", find->phrase);
	put_text(json, "code", find->code);
	put_text(json, "enhanced", find->enhanced);
	if (find->outcome == BOUNCE_UNSAID) {
		json_null(json, "temporary");
	} else {
		json_bool(json, "temporary", find->outcome == BOUNCE_TEMPORARY);
	}
	meaning_json(json, find->meaning);
	if (find->has_address) {
		addr_format(&find->address, address);
	}
	put_text(json, "ip", address);
	if (find->ends != 0) {
		json_time(json, "ends", find->ends);
	} else {
		json_null(json, "ends");
	}
	put_text(json, "ref", find->ref);
	json_object_end(json);
}

/* ---- one text ---- */

static void
decode(struct decoding *decoding, int64_t line, const char *text, size_t len)
{
	struct bounce bounce;

	if (bounce_decode(text, len, &bounce)) {
		decoding->known = true;
	}
	for (size_t i = 0; i < bounce.finds; i++) {
		if (decoding->json != NULL) {
			find_json(decoding->json, line, &bounce.find[i]);
		} else {
			say_find(decoding, line, &bounce.find[i]);
		}
	}
	if (bounce.more && decoding->json == NULL) {
		print_line("and more; give it in smaller parts");
	}
}

static enum exit_status
decode_words(struct decoding *decoding, const struct args *args)
{
	struct text text;
	size_t size = 1;
	char *buf;

	for (size_t i = 0; i < args->files; i++) {
		size += strlen(args->file[i]) + 1;
	}
	buf = malloc(size);
	if (buf == NULL) {
		print_complaint("out of memory");
		return EXIT_DATABASE;
	}
	text_init(&text, buf, size);
	for (size_t i = 0; i < args->files; i++) {
		text_addf(&text, "%s%s", i > 0 ? " " : "", args->file[i]);
	}
	decode(decoding, 1, text.buf, text.len);
	free(buf);
	return EXIT_FINE;
}

/* ---- standard input ---- */

/* A line and those folded behind it. */
struct record {
	struct text text;
	int64_t line; /* its first */
	char buf[RECORD_SIZE];
};

static void
end_record(struct decoding *decoding, struct record *record)
{
	decode(decoding, record->line, record->buf, record->text.len);
	text_init(&record->text, record->buf, sizeof(record->buf));
}

static void
take_line(struct decoding *decoding, struct record *record, int64_t number,
    const char *text, size_t len)
{
	bool folded = len > 0 && (text[0] == ' ' || text[0] == '\t');
	size_t room = sizeof(record->buf) - record->text.len;

	if (!folded || len + 2 > room) {
		end_record(decoding, record);
		record->line = number;
	}
	if (record->text.len > 0) {
		text_add_char(&record->text, '\n');
	}
	text_add_bytes(&record->text, text, len);
}

static enum exit_status
decode_lines(struct decoding *decoding)
{
	char error[LOG_ERROR_SIZE];
	struct log_reader *reader = log_reader_open("-", error);
	struct record *record;
	enum log_reader_result result;
	const char *text;
	size_t len;

	if (reader == NULL) {
		print_complaint("%s", error);
		return EXIT_USAGE;
	}
	record = malloc(sizeof(*record));
	if (record == NULL) {
		log_reader_close(reader);
		print_complaint("out of memory");
		return EXIT_DATABASE;
	}
	record->line = 1;
	text_init(&record->text, record->buf, sizeof(record->buf));
	while ((result = log_reader_next(reader, &text, &len)) ==
	       LOG_READER_LINE) {
		take_line(decoding, record, reader->number, text, len);
	}
	end_record(decoding, record);
	if (result == LOG_READER_FAILED) {
		print_complaint("%s", reader->error);
	}
	free(record);
	log_reader_close(reader);
	return result == LOG_READER_FAILED ? EXIT_USAGE : EXIT_FINE;
}

enum exit_status
decode_text(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	bool lines = args->files == 1 && strcmp(args->file[0], "-") == 0;
	bool in_json = args_given(args, OPTION_JSON);
	struct json json = { .comma = false };
	struct decoding decoding = {
		.now = ctl->now,
		.lines = lines,
		.json = in_json ? &json : NULL,
	};
	enum exit_status status;

	if (in_json) {
		print_json_begin(&json);
		json_array(&json, NULL);
	}
	status = lines ? decode_lines(&decoding)
		       : decode_words(&decoding, args);
	if (in_json) {
		json_array_end(&json);
		print_json_end(&json);
	} else if (status == EXIT_FINE && !decoding.spoken) {
		say_nothing();
	}
	return status == EXIT_FINE && !decoding.known ? EXIT_NO : status;
}
