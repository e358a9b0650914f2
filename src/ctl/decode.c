#include "ctl/ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bounce/bounce.h"
#include "logs/log_file.h"

enum {
	RECORD_SIZE = 16 * 1024 /* a line and those folded behind it */
};

struct decoding {
	int64_t now;
	bool lines; /* what is found is told with its line */
	bool known; /* anything was understood */
};

struct find_row {
	struct bounce_find find;
	struct bounce_meaning meaning;
	int64_t line;
	const char *where; /* NULL: all is one line */
	const char *providers;
	const char *temporary;
	bool known;
	bool old;
	const char *told;
	const char *ip;
	const char *until;
};

static const struct layout finds = {
	.column = {
	    { "line", OF(find_row, line), NULL, 0 },
	    { "where", OF(find_row, where), "  line", COLUMN_PEOPLE },
	    { "providers", OF(find_row, providers), NULL, COLUMN_LIST },
	    { "own", OF(find_row, find.own), NULL, COLUMN_OPTIONAL },
	    { "phrase", OF(find_row, find.phrase), NULL, 0 },
	    { "code", OF(find_row, find.code), NULL, COLUMN_OPTIONAL },
	    { "enhanced", OF(find_row, find.enhanced), NULL, COLUMN_OPTIONAL },
	    { "temporary", OF(find_row, temporary), NULL, COLUMN_BARE },
	    { "known", OF(find_row, known), NULL, 0 },
	    { "old", OF(find_row, old), NULL, 0 },
	    { "means", OF(find_row, meaning.means), NULL, COLUMN_OPTIONAL },
	    { "told", OF(find_row, told), "  means", COLUMN_PEOPLE },
	    { "lasts", OF(find_row, meaning.lasts), "  lasts", COLUMN_OPTIONAL },
	    { "seconds", OF(find_row, meaning.seconds), NULL, COLUMN_OPTIONAL },
	    { "remedy", OF(find_row, meaning.remedy), "  do", COLUMN_OPTIONAL },
	    { "ip", OF(find_row, ip), "  address", 0 },
	    { "ends", OF(find_row, find.ends), NULL, COLUMN_TIME },
	    { "until", OF(find_row, until), "  until", COLUMN_PEOPLE },
	    { "ref", OF(find_row, find.ref), "  ref", COLUMN_OPTIONAL },
	},
	.records = true,
};

/* ---- one text ---- */

static const struct {
	const char *words;
	const char *temporary;
} outcomes[] = {
	[BOUNCE_UNSAID] = { "the text does not tell whether for good", NULL },
	[BOUNCE_TEMPORARY] = { "temporary", "true" },
	[BOUNCE_FINAL] = { "final", "false" },
};

/* "LPN027_503 (450 4.7.1): laposte.net, temporary". */
static void
say_head(const struct bounce_find *find, const char *titles)
{
	const char *what = find->phrase != NULL   ? find->phrase
			   : find->own[0] != '\0' ? find->own
						  : "blocked until";
	bool both = find->code[0] != '\0' && find->enhanced[0] != '\0';
	bool any = find->code[0] != '\0' || find->enhanced[0] != '\0';

	output_say("%s%s%s%s%s%s: %s, %s", what, any ? " (" : "", find->code,
	    both ? " " : "", find->enhanced, any ? ")" : "", titles,
	    outcomes[find->outcome].words);
}

static void
put_find(
    struct decoding *decoding, int64_t line, const struct bounce_find *find)
{
	const struct bounce_meaning *meaning = find->meaning;
	const char *titles = "";
	struct find_row row = {
		.find = *find,
		.line = line,
		.where = decoding->lines ? piece("%" PRId64, line) : NULL,
		.providers = "",
		.temporary = outcomes[find->outcome].temporary,
		.known = meaning != NULL,
		.told = "not known: it has the provider's form, but its "
			"reason is none that they tell of; the words beside "
			"it may say more",
		.ip = find->has_address ? piece_addr(&find->address) : NULL,
	};

	if (meaning != NULL) {
		row.meaning = *meaning;
		row.old = meaning->old != 0;
		row.told = piece("%s%s", meaning->means,
		    meaning->old ? " (an old code, no longer given)" : "");
	}
	if (find->ends > decoding->now) {
		row.until = piece("%s, %s left", piece_time(find->ends),
		    piece_duration(find->ends - decoding->now));
	} else if (find->ends != 0) {
		row.until = piece("%s, over already", piece_time(find->ends));
	}
	for (enum bounce_provider i = 0; i < BOUNCE_PROVIDERS; i++) {
		bool first = titles[0] == '\0';

		if ((find->providers & bounce_bit(i)) == 0) {
			continue;
		}
		titles = piece("%s%s%s", titles, first ? "" : ", ",
		    bounce_providers[i].title);
		row.providers = piece("%s%s%s", row.providers, first ? "" : " ",
		    bounce_providers[i].name);
	}
	output_row();
	say_head(find, titles);
	output_fields(&row);
	output_end();
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
		output_say("and more; give it in smaller parts");
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
	const struct args *args = ctl->args;
	struct decoding decoding = {
		.now = ctl->now,
		.lines = args->files == 1 && strcmp(args->file[0], "-") == 0,
	};
	enum exit_status status;

	output_table(NULL, &finds);
	status = decoding.lines ? decode_lines(&decoding)
				: decode_words(&decoding, args);
	if (output_end() == 0 && status == EXIT_FINE) {
		output_say(
		    "nothing in it is known as a reply of FranceServ, Free, "
		    "SFR, laposte.net or Orange");
		output_say(
		    "give the whole reply, as the bounce or the log has it: "
		    "with a code like LPN027_503, OFR_999 or SFR_IN_104, or a "
		    "phrase like \"Too many errors from your IP\"");
	}
	return status == EXIT_FINE && !decoding.known ? EXIT_NO : status;
}
