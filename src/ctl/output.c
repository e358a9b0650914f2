#include "ctl/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "core/policy.h"
#include "ctl/screen.h"

enum {
	DEPTH_MAX = 8,
	LINE_SIZE = 2048,
	PATH_SIZE = 256
};

enum level_kind {
	OBJECT,
	ROWS,
	ROW,
	LIST
};

struct level {
	enum level_kind kind;
	const char *name;            /* borrowed; NULL: has a position */
	const struct layout *layout; /* borrowed, or NULL */
	int64_t count;               /* values in it so far */
};

static struct {
	enum output_format format;
	FILE *to;   /* standard output, or what is kept back */
	char *kept; /* of it */
	size_t len;
	struct json json;
	struct level level[DEPTH_MAX];
	size_t depth;
	bool headed; /* CSV has its heading */
	bool muted;  /* inside a table that this format does not show */
} out;

static struct level *
top(void)
{
	return &out.level[out.depth - 1];
}

/* Whether a CSV line is a row, not "name,value". */
static bool
csv_has_rows(void)
{
	return out.level[0].kind == ROWS;
}

/* ---- the beginning and the end ---- */

static void
json_to_file(void *to, const char *bytes, size_t len)
{
	fwrite(bytes, 1, len, to);
}

void
output_init(enum output_format format, bool keep)
{
	out.format = format;
	out.to = keep ? open_memstream(&out.kept, &out.len) : stdout;
	out.to = out.to != NULL ? out.to : stdout;
	screen_init(out.to, format == OUTPUT_TEXT);
	json_init(&out.json, json_to_file, out.to);
}

bool
output_close(bool show)
{
	bool fine = screen_close();

	if (out.to != stdout) {
		fine = !ferror(out.to) && fclose(out.to) == 0 && fine;
		if (fine && show) {
			fwrite(out.kept, 1, out.len, stdout);
		}
		free(out.kept);
	}
	return fine;
}

/* By ECMA-48: CUP, EL, ED. */
bool
output_draw(size_t lines)
{
	bool fine = screen_close() && out.to != stdout && !ferror(out.to);
	const char *line;
	const char *end;

	fine = (out.to == stdout || fclose(out.to) == 0) && fine;
	line = out.kept;
	end = fine ? line + out.len : line;
	fputs("\033[H", stdout);
	for (size_t i = 0; i < lines && line < end; i++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		next = next != NULL ? next : end;
		printf("%s\033[K%.*s", i > 0 ? "\r\n" : "", (int)(next - line),
		    line);
		line = next + 1;
	}
	fputs("\033[J", stdout);
	free(out.kept);
	return fflush(stdout) == 0 && fine;
}

/* ---- CSV ---- */

/* One field, quoted where it needs to be. */
static void
put_csv(FILE *to, const char *text)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted) {
		putc('"', to);
	}
	while (*text != '\0') {
		size_t len = strcspn(text, "\"");

		screen_safe(to, text, len);
		if (text[len] == '"') {
			fputs("\"\"", to);
			len++;
		}
		text += len;
	}
	if (quoted) {
		putc('"', to);
	}
}

/* "bans.0.ref,1AQP9W" */
static void
put_csv_path(const char *name, const char *value)
{
	char path[PATH_SIZE];
	struct text text;

	text_init(&text, path, sizeof(path));
	for (size_t i = 1; i < out.depth; i++) {
		if (out.level[i].name != NULL) {
			text_addf(&text, "%s.", out.level[i].name);
		} else {
			text_addf(
			    &text, "%" PRId64 ".", out.level[i - 1].count - 1);
		}
	}
	if (name != NULL) {
		text_add(&text, name);
	} else {
		text_addf(&text, "%" PRId64, top()->count);
	}
	put_csv(out.to, path);
	putc(',', out.to);
	put_csv(out.to, value);
	fputs("\r\n", out.to);
}

/* ---- nesting ---- */

static void
push(enum level_kind kind, const char *name, const struct layout *layout)
{
	if (out.format == OUTPUT_JSON && !out.muted) {
		if (kind == OBJECT || kind == ROW) {
			json_object(&out.json, name);
		} else if (layout == NULL || !layout->lines) {
			json_array(&out.json, name);
		}
	}
	if (out.depth > 0) {
		top()->count++;
	}
	if (out.depth == DEPTH_MAX) {
		log_panic("output nests too deep");
	}
	out.level[out.depth++] = (struct level){
		.kind = kind,
		.name = name,
		.layout = layout,
	};
}

void
output_object(const char *name, const struct layout *layout)
{
	if (out.format == OUTPUT_CSV && out.depth == 0) {
		fputs("name,value\r\n", out.to);
	}
	push(OBJECT, name, layout);
}

void
output_table(const char *name, const struct layout *layout)
{
	static const struct layout nothing;
	const struct column *column;

	layout = layout != NULL ? layout : &nothing;
	out.muted = out.format == OUTPUT_TEXT
			? layout == &nothing || layout->open || layout->programs
			: layout->people;
	if (out.format == OUTPUT_TEXT) {
		screen_begin(layout);
	} else if (out.format == OUTPUT_CSV && out.depth == 0 && !out.muted &&
		   !out.headed) {
		for (column = layout->column; column->name != NULL; column++) {
			if ((column->flags & COLUMN_PEOPLE) != 0) {
				continue;
			}
			if (out.headed) {
				putc(',', out.to);
			}
			put_csv(out.to, column->name);
			out.headed = true;
		}
		fputs("\r\n", out.to);
	}
	push(ROWS, name, layout);
}

void
output_row(void)
{
	const struct level *level = top();

	if (out.format == OUTPUT_TEXT && level->layout->records &&
	    level->count > 0) {
		putc('\n', out.to);
	}
	push(ROW, NULL, level->layout);
}

void
output_list(const char *name)
{
	if (out.format == OUTPUT_CSV && out.depth == 0) {
		fputs("name,value\r\n", out.to);
	}
	push(LIST, name, NULL);
}

int64_t
output_end(void)
{
	const struct level level = *top();
	bool lines = level.layout != NULL && level.layout->lines;
	bool row = level.kind == ROW;

	out.depth--;
	if (out.muted) {
		out.muted = level.kind != ROWS;
	} else if (out.format == OUTPUT_JSON) {
		if (level.kind == OBJECT || row) {
			json_object_end(&out.json);
		} else if (!lines) {
			json_array_end(&out.json);
		}
		if (lines ? row : out.depth == 0) {
			putc('\n', out.to);
			out.json.comma = false;
		}
	} else if (out.format == OUTPUT_CSV && row && csv_has_rows()) {
		fputs("\r\n", out.to);
	} else if (out.format == OUTPUT_TEXT && row && !level.layout->records) {
		screen_row();
	} else if (out.format == OUTPUT_TEXT && level.kind == ROWS) {
		screen_flush();
	}
	return level.count;
}

void
output_end_or(const char *none)
{
	if (output_end() == 0) {
		output_say("%s", none);
	}
}

/* ---- values ---- */

/* As programs read it, and as people do; NULL: none. */
struct value {
	const char *plain;
	const char *people;
	bool quoted; /* in JSON */
};

/* A number, by what it is; in a cell of a table a time is shorter. */
static struct value
read_number(unsigned flags, int64_t number, bool cell)
{
	char utc[TIME_TEXT_SIZE];
	const char *text;

	if (number == 0 && (flags & (COLUMN_TIME | COLUMN_OPTIONAL)) != 0) {
		return (struct value){ .quoted = false };
	}
	if ((flags & COLUMN_TIME) != 0) {
		text = piece_time(number);
		return (struct value){
			.plain = piece("%s", text_from_time(number, utc)),
			.people = cell ? piece("%.16s", text) : text,
			.quoted = true,
		};
	}
	text = (flags & COLUMN_RATIO) != 0
		   ? piece("%g", (double)number / (double)POLICY_RATIO_ONE)
		   : piece("%" PRId64, number);
	return (struct value){ .plain = text, .people = text };
}

static struct value
read_value(const struct column *column, const void *member, bool cell)
{
	static const struct words *const vocabulary[] = { &kind_words,
		&reason_words, &stage_words, &service_words };
	char reply[REPLY_TEXT_SIZE];
	const char *text = NULL;
	struct value value = { .quoted = false };

	switch (column->type) {
	case COLUMN_BOOL:
		value.plain = *(const bool *)member ? "true" : "false";
		value.people = *(const bool *)member ? "yes" : "no";
		return value;
	case COLUMN_INT:
		return read_number(column->flags, *(const int *)member, cell);
	case COLUMN_INT64:
		return read_number(
		    column->flags, *(const int64_t *)member, cell);
	case COLUMN_CHARS:
		text = member;
		break;
	case COLUMN_STRING:
		text = *(const char *const *)member;
		break;
	case COLUMN_NET:
		text = piece_net(member);
		break;
	case COLUMN_ADDR:
		text = piece_addr(member);
		break;
	case COLUMN_KIND:
	case COLUMN_REASON:
	case COLUMN_STAGE:
	case COLUMN_SERVICE:
		text = words_at(vocabulary[column->type - COLUMN_KIND],
		    *(const unsigned *)member);
		break;
	case COLUMN_REPLY:
		text = piece("%s", reply_words(member, reply));
		break;
	}
	if (text != NULL &&
	    (text[0] != '\0' || (column->flags & COLUMN_OPTIONAL) == 0)) {
		value.plain = text;
		value.people = text;
		value.quoted = (column->flags & COLUMN_BARE) == 0;
	}
	return value;
}

/* The words of a text, each a value. */
static void
put_list(const char *name, const char *words)
{
	output_list(name);
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		output_string(NULL, piece("%.*s", (int)len, words));
		words += len + strspn(words + len, " ");
	}
	output_end();
}

static void
put_for_programs(const struct column *column, const void *member)
{
	const struct value value = read_value(column, member, false);
	const char *plain = value.plain != NULL ? value.plain : "";

	if ((column->flags & COLUMN_LIST) != 0 &&
	    (out.format == OUTPUT_JSON || !csv_has_rows())) {
		put_list(column->name, plain);
		return;
	}
	if (out.format == OUTPUT_CSV && !csv_has_rows()) {
		put_csv_path(column->name, plain);
	} else if (out.format == OUTPUT_CSV) {
		if (top()->count > 0) {
			putc(',', out.to);
		}
		put_csv(out.to, plain);
	} else if (value.quoted) {
		json_string(&out.json, column->name, plain);
	} else {
		json_raw(&out.json, column->name,
		    value.plain != NULL ? plain : "null");
	}
	top()->count++;
}

static void
put_for_people(const struct column *column, const void *member)
{
	const struct layout *layout = top()->layout;
	const bool cell = top()->kind == ROW && !layout->records;
	const bool blank = (column->flags & COLUMN_PEOPLE) != 0 &&
			   column->type == COLUMN_STRING;
	const struct value value = read_value(column, member, cell);

	if (cell) {
		screen_cell(column, value.plain != NULL ? value.people
				    : blank             ? ""
							: "-");
	} else if (value.plain != NULL && layout->records) {
		screen_labelled(column->head, value.people);
	}
}

static void
put(const struct column *column, const void *member)
{
	const struct layout *layout = top()->layout;
	const bool open = layout != NULL && layout->open;

	if (out.muted || (open && (column->flags & COLUMN_SECRET) != 0)) {
		return;
	}
	if (out.format != OUTPUT_TEXT) {
		if ((column->flags & COLUMN_PEOPLE) == 0) {
			put_for_programs(column, member);
		}
	} else if (column->head != NULL && screen_shows(layout, column)) {
		put_for_people(column, member);
	}
}

bool
output_shows(const char *name)
{
	const struct layout *layout = top()->layout;
	const struct column *column = layout->column;

	while (column->name != NULL && strcmp(column->name, name) != 0) {
		column++;
	}
	if (out.muted || column->name == NULL) {
		return false;
	}
	return out.format == OUTPUT_TEXT
		   ? column->head != NULL && screen_shows(layout, column)
		   : (column->flags & COLUMN_PEOPLE) == 0;
}

void
output_fields(const void *record)
{
	const struct column *column = top()->layout->column;

	for (; column->name != NULL; column++) {
		put(column, (const char *)record + column->at);
	}
}

void
output_record(const void *record)
{
	output_row();
	output_fields(record);
	output_end();
}

void
output_member(const char *name, const struct layout *layout, const void *record)
{
	output_object(name, layout);
	output_fields(record);
	output_end();
}

void
output_string(const char *name, const char *value)
{
	put(&(struct column){ .name = name, .type = COLUMN_STRING }, &value);
}

void
output_bool(const char *name, bool value)
{
	put(&(struct column){ .name = name, .type = COLUMN_BOOL }, &value);
}

void
output_number(const char *name, unsigned flags, int64_t value)
{
	put(
	    &(struct column){
		.name = name, .type = COLUMN_INT64, .flags = flags },
	    &value);
}

/* ---- in text only ---- */

void
output_words(
    enum output_shape shape, const char *label, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	if (out.format != OUTPUT_TEXT) {
		return;
	}
	if (*format == '\n') {
		putc(*format++, out.to);
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	switch (shape) {
	case OUTPUT_SENTENCE:
		screen_wrapped(line, 0, strspn(line, " ") + 2);
		break;
	case OUTPUT_COMMAND:
		screen_safe(out.to, line, strlen(line));
		putc('\n', out.to);
		break;
	case OUTPUT_LINE:
		screen_labelled(label, line);
		break;
	}
}

long
output_here(void)
{
	return out.to != stdout ? ftell(out.to) : 0;
}

void
output_restart(long here)
{
	if (out.format == OUTPUT_TEXT && out.to != stdout) {
		(void)fseek(out.to, here, SEEK_SET);
	}
}

/* ---- on standard error ---- */

static void
complain(const char *before, const char *line, size_t len)
{
	/* What was said before stands before it, also in a shared pipe. */
	(void)fflush(stdout);
	fputs(before, stderr);
	screen_safe(stderr, line, len);
	putc('\n', stderr);
}

void
output_complain(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	complain("videur: ", line, strlen(line));
}

void
output_wrong(const char *what)
{
	do {
		const size_t len = strcspn(what, "\n");

		complain("", what, len);
		what += len;
	} while (*what++ != '\0');
}
