#include "ctl/ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bounce/bounce.h"
#include "logs/log_lines.h"

enum {
	RECORD_SIZE = 16 * 1024, /* a line and those folded behind it */
	TITLES_SIZE = 128
};

struct decoding {
	struct output *out;
	int64_t now;
	bool lines; /* what is found is told with its line */
	bool known; /* anything was understood */
};

static const struct layout finds = {
	.column = { { "line", NULL, 0, 0 }, { "providers", NULL, 0, 0 },
	    { "own", NULL, 0, 0 }, { "phrase", NULL, 0, 0 },
	    { "code", NULL, 0, 0 }, { "enhanced", NULL, 0, 0 },
	    { "temporary", NULL, 0, 0 }, { "known", NULL, 0, 0 },
	    { "old", NULL, 0, 0 }, { "means", NULL, 0, 0 },
	    { "lasts", "  lasts", 0, 0 }, { "seconds", NULL, 0, 0 },
	    { "remedy", "  do", 0, 0 }, { "ip", "  address", 0, 0 },
	    { "ends", NULL, 0, 0 }, { "ref", "  ref", 0, 0 } },
	.records = true,
};

/* ---- one text ---- */

/* "LPN027_503 (450 4.7.1): laposte.net, temporary". */
static void
say_head(struct output *out, const struct bounce_find *find)
{
	static const char *const outcomes[] = {
		[BOUNCE_UNSAID] = "the text does not tell whether for good",
		[BOUNCE_TEMPORARY] = "temporary",
		[BOUNCE_FINAL] = "final",
	};
	const char *what = find->own;
	bool both = find->code[0] != '\0' && find->enhanced[0] != '\0';
	bool any = find->code[0] != '\0' || find->enhanced[0] != '\0';
	char titles[TITLES_SIZE];
	struct text text;

	if (find->phrase != NULL) {
		what = find->phrase;
	} else if (find->own[0] == '\0') {
		what = "blocked until";
	}
	text_init(&text, titles, sizeof(titles));
	for (enum bounce_provider i = 0; i < BOUNCE_PROVIDERS; i++) {
		if ((find->providers & bounce_bit(i)) != 0) {
			text_addf(&text, "%s%s", text.len > 0 ? ", " : "",
			    bounce_provider_title(i));
		}
	}
	output_say(out, "%s%s%s%s%s%s: %s, %s", what, any ? " (" : "",
	    find->code, both ? " " : "", find->enhanced, any ? ")" : "", titles,
	    outcomes[find->outcome]);
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
put_meaning(struct output *out, const struct bounce_meaning *meaning)
{
	static const struct bounce_meaning unknown;

	if (meaning == NULL) {
		output_line(out, "  means",
		    "not known: it has the provider's form, but its reason is "
		    "none that they tell of; the words beside it may say more");
	} else {
		output_line(out, "  means", "%s%s", meaning->means,
		    meaning->old ? " (an old code, no longer given)" : "");
	}
	output_bool(out, "known", meaning != NULL);
	meaning = meaning != NULL ? meaning : &unknown;
	output_bool(out, "old", meaning->old);
	output_string(out, "means", or_null(meaning->means));
	output_string(out, "lasts", or_null(meaning->lasts));
	output_nonzero(out, "seconds", meaning->seconds);
	output_string(out, "remedy", or_null(meaning->remedy));
}

static void
put_find(
    struct decoding *decoding, int64_t line, const struct bounce_find *find)
{
	struct output *out = decoding->out;
	char until[OUTPUT_TIME_SIZE];
	char left[DURATION_TEXT_SIZE];

	output_row(out);
	say_head(out, find);
	if (decoding->lines) {
		output_line(out, "  line", "%" PRId64, line);
	}
	output_int(out, "line", line);
	output_list(out, "providers");
	for (enum bounce_provider i = 0; i < BOUNCE_PROVIDERS; i++) {
		if ((find->providers & bounce_bit(i)) != 0) {
			output_string(out, NULL, bounce_provider_name(i));
		}
	}
	output_end(out);
	output_text(out, "own", find->own);
	output_string(out, "phrase", find->phrase);
	output_text(out, "code", find->code);
	output_text(out, "enhanced", find->enhanced);
	if (find->outcome == BOUNCE_UNSAID) {
		output_none(out, "temporary");
	} else {
		output_bool(
		    out, "temporary", find->outcome == BOUNCE_TEMPORARY);
	}
	put_meaning(out, find->meaning);
	if (find->has_address) {
		output_addr(out, "ip", &find->address);
	} else {
		output_none(out, "ip");
	}
	output_time(out, "ends", find->ends);
	if (find->ends > decoding->now) {
		output_line(out, "  until", "%s, %s left",
		    output_time_text(find->ends, until),
		    text_from_duration(find->ends - decoding->now, left));
	} else if (find->ends != 0) {
		output_line(out, "  until", "%s, over already",
		    output_time_text(find->ends, until));
	}
	output_text(out, "ref", find->ref);
	output_end(out);
}

static void
decode(struct decoding *decoding, int64_t line, const char *text, size_t len)
{
	struct bounce bounce;

	if (bounce_decode(text, len, &bounce)) {
		decoding->known = true;
	}
	for (size_t i = 0; i < bounce.finds; i++) {
		put_find(decoding, line, &bounce.find[i]);
	}
	if (bounce.more) {
		output_say(decoding->out, "and more; give it in smaller parts");
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
		output_complain("out of memory");
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

static enum exit_status
decode_lines(struct decoding *decoding)
{
	char error[LOG_ERROR_SIZE];
	struct log_reader *reader = log_reader_open("-", error);
	enum log_reader_result result;
	static char buf[RECORD_SIZE]; /* of a record */
	struct text record;
	int64_t first = 1; /* line of it */
	const char *text;
	size_t len;

	if (reader == NULL) {
		output_complain("%s", error);
		return EXIT_USAGE;
	}
	text_init(&record, buf, sizeof(buf));
	while ((result = log_reader_next(reader, &text, &len)) ==
	       LOG_READER_LINE) {
		bool folded = len > 0 && (text[0] == ' ' || text[0] == '\t');

		if (!folded || len + 2 > sizeof(buf) - record.len) {
			decode(decoding, first, buf, record.len);
			text_init(&record, buf, sizeof(buf));
			first = reader->number;
		}
		text_add(&record, record.len > 0 ? "\n" : "");
		text_add_bytes(&record, text, len);
	}
	decode(decoding, first, buf, record.len);
	if (result == LOG_READER_FAILED) {
		output_complain("%s", reader->error);
	}
	log_reader_close(reader);
	return result == LOG_READER_FAILED ? EXIT_USAGE : EXIT_FINE;
}

enum exit_status
decode_text(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	struct output *out = &ctl->out;
	struct decoding decoding = {
		.out = out,
		.now = ctl->now,
		.lines = args->files == 1 && strcmp(args->file[0], "-") == 0,
	};
	enum exit_status status;

	output_table(out, NULL, &finds);
	status = decoding.lines ? decode_lines(&decoding)
				: decode_words(&decoding, args);
	if (output_end(out) == 0 && status == EXIT_FINE) {
		output_say(out,
		    "nothing in it is known as a reply of FranceServ, Free, "
		    "SFR, laposte.net or Orange");
		output_say(out,
		    "give the whole reply, as the bounce or the log has it: "
		    "with a code like LPN027_503, OFR_999 or SFR_IN_104, or a "
		    "phrase like \"Too many errors from your IP\"");
	}
	return status == EXIT_FINE && !decoding.known ? EXIT_NO : status;
}
