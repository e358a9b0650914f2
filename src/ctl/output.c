#include "ctl/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/policy.h"
#include "ctl/screen.h"

enum {
	LABEL = 11, /* a label and the blanks behind it */
	LINE_SIZE = 2048,
	VALUE_SIZE = OUTPUT_TIME_SIZE,
	PATH_SIZE = 256
};

struct value {
	enum {
		VALUE_NONE,
		VALUE_STRING,
		VALUE_INT,
		VALUE_TIME,
		VALUE_DURATION,
		VALUE_BOOL,
		VALUE_RATIO
	} type;
	const char *string;
	int64_t number;
};

static struct output_level *
top(struct output *out)
{
	return &out->level[out->depth - 1];
}

/* The column of that name, or NULL. */
static const struct column *
find_column(const struct layout *layout, const char *name)
{
	if (layout == NULL || name == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < COLUMNS_MAX; i++) {
		const struct column *column = &layout->column[i];

		if (column->name == NULL) {
			return NULL;
		}
		if (strcmp(column->name, name) == 0) {
			return column;
		}
	}
	return NULL;
}

/* ---- nesting ---- */

static void
json_to_stdout(void *to, const char *bytes, size_t len)
{
	fwrite(bytes, 1, len, to);
}

void
output_init(struct output *out, enum output_format format)
{
	memset(out, 0, sizeof(*out));
	out->format = format;
	json_init(&out->json, json_to_stdout, stdout);
}

bool
output_close(struct output *out)
{
	screen_close(out->screen);
	out->screen = NULL;
	return fflush(stdout) == 0 && !ferror(stdout) && !out->failed;
}

static void
push(
    struct output *out, int kind, const char *name, const struct layout *layout)
{
	if (out->depth > 0) {
		top(out)->count++;
	}
	if (out->depth == OUTPUT_DEPTH_MAX) {
		log_panic("output nests too deep");
	}
	out->level[out->depth++] = (struct output_level){
		.kind = kind,
		.name = name,
		.layout = layout,
	};
}

/* The end of the document: a line's end. */
static void
pop(struct output *out)
{
	out->depth--;
	if (out->depth == 0 && out->format == OUTPUT_JSON && !out->muted) {
		putchar('\n');
		out->json.comma = false;
	}
}

void
output_object(struct output *out, const char *name, const struct layout *labels)
{
	if (out->format == OUTPUT_JSON && !out->muted) {
		json_object(&out->json, name);
	}
	if (out->format == OUTPUT_CSV && out->depth == 0) {
		fputs("name,value\r\n", stdout);
	}
	push(out, OUTPUT_OBJECT, name, labels);
}

void
output_object_end(struct output *out)
{
	if (out->format == OUTPUT_JSON && !out->muted) {
		json_object_end(&out->json);
	}
	pop(out);
}

void
output_table(struct output *out, const char *name, const struct layout *layout)
{
	static const struct layout nothing;
	bool csv = out->format == OUTPUT_CSV;

	layout = layout != NULL ? layout : &nothing;
	out->muted = out->format == OUTPUT_TEXT ? layout == &nothing
						: layout->people;
	if (out->format == OUTPUT_JSON && !out->muted && !layout->lines) {
		json_array(&out->json, name);
	}
	if (!out->muted && (csv ? out->depth == 0 : !layout->records) &&
	    out->format != OUTPUT_JSON) {
		if (out->screen == NULL) {
			out->screen = screen_open(csv);
		}
		if (out->screen != NULL) {
			screen_begin(out->screen, layout);
		}
		out->failed |= out->screen == NULL;
	}
	push(out, OUTPUT_ROWS, name, layout);
}

void
output_row(struct output *out)
{
	const struct output_level *level = top(out);

	if (out->format == OUTPUT_JSON && !out->muted) {
		json_object(&out->json, NULL);
	}
	if (out->format == OUTPUT_TEXT && level->layout->records &&
	    level->count > 0) {
		putchar('\n');
	}
	push(out, OUTPUT_ROW, NULL, level->layout);
}

/* Whether cells are kept until their row is whole. */
static bool
in_table(const struct output *out)
{
	const struct output_level *level = &out->level[out->depth - 1];

	if (out->screen == NULL || out->muted || out->depth == 0) {
		return false;
	}
	return out->format == OUTPUT_CSV
		   ? out->level[0].kind == OUTPUT_ROWS
		   : level->kind == OUTPUT_ROW && !level->layout->records;
}

void
output_row_end(struct output *out)
{
	const struct layout *layout = top(out)->layout;

	if (out->format == OUTPUT_JSON && !out->muted) {
		json_object_end(&out->json);
		if (layout->lines) {
			putchar('\n');
			out->json.comma = false;
		}
	}
	if (in_table(out)) {
		screen_row(out->screen);
	}
	out->depth--;
}

int64_t
output_table_end(struct output *out)
{
	const struct layout *layout = top(out)->layout;
	int64_t rows = top(out)->count;

	if (out->format == OUTPUT_TEXT && !layout->records &&
	    out->screen != NULL) {
		screen_flush(out->screen);
	}
	if (out->format == OUTPUT_JSON && !out->muted && !layout->lines) {
		json_array_end(&out->json);
		pop(out);
	} else {
		out->depth--;
	}
	out->muted = false;
	return rows;
}

/* ---- values ---- */

static char *
local_text(int64_t at, bool full, char text[static OUTPUT_TIME_SIZE])
{

	time_t when = (time_t)at;
	struct tm local;

	if (localtime_r(&when, &local) == NULL ||
	    strftime(text, OUTPUT_TIME_SIZE, "%Y-%m-%d %H:%M:%S %Z", &local) ==
		0) {
		char utc[TIME_TEXT_SIZE];

		(void)text_copy(
		    text, OUTPUT_TIME_SIZE, text_from_time(at, utc));
	} else if (!full) {
		text[strlen("2026-11-21 19:05")] = '\0';
	}
	return text;
}

char *
output_time_text(int64_t at, char text[static OUTPUT_TIME_SIZE])
{
	return local_text(at, true, text);
}

char *
output_minute_text(int64_t at, char text[static OUTPUT_TIME_SIZE])
{
	return local_text(at, false, text);
}

char *
output_short_duration(int64_t seconds, char text[static OUTPUT_TIME_SIZE])
{
	char spaced[DURATION_TEXT_SIZE];
	struct text to;

	text_init(&to, text, OUTPUT_TIME_SIZE);
	text_from_duration(seconds, spaced);
	for (const char *at = spaced; *at != '\0'; at++) {
		if (*at != ' ' && *at != 'i' && *at != 'n') {
			text_add_char(&to, *at); /* "min" is "m" */
		}
	}
	return text;
}

char *
output_count(int64_t count, const char *one, const char *many,
    char text[static OUTPUT_COUNT_SIZE])
{
	(void)snprintf(text, OUTPUT_COUNT_SIZE, "%" PRId64 " %s", count,
	    count == 1 ? one : many);
	return text;
}

/* As programs read it. */
static const char *
plain_value(const struct value *value, char text[static VALUE_SIZE])
{
	struct text to;
	struct json json;

	text_init(&to, text, VALUE_SIZE);
	json_init(&json, json_to_text, &to);
	switch (value->type) {
	case VALUE_NONE:
		break;
	case VALUE_STRING:
		return value->string;
	case VALUE_INT:
	case VALUE_DURATION:
		json_int(&json, NULL, value->number);
		break;
	case VALUE_TIME:
		return text_from_time(value->number, text);
	case VALUE_BOOL:
		json_bool(&json, NULL, value->number != 0);
		break;
	case VALUE_RATIO:
		json_ratio(&json, NULL, value->number, POLICY_RATIO_ONE);
		break;
	}
	return text;
}

/* As people read it; times in a table without seconds and zone. */
static const char *
read_value(const struct value *value, bool cell, char text[static VALUE_SIZE])
{
	switch (value->type) {
	case VALUE_NONE:
		(void)text_copy(text, VALUE_SIZE, "-");
		return text;
	case VALUE_TIME:
		return cell ? local_text(value->number, false, text)
			    : output_time_text(value->number, text);
	case VALUE_DURATION:
		return cell ? output_short_duration(value->number, text)
			    : text_from_duration(value->number, text);
	case VALUE_BOOL:
		(void)text_copy(
		    text, VALUE_SIZE, value->number != 0 ? "yes" : "no");
		return text;
	case VALUE_RATIO:
		(void)snprintf(text, VALUE_SIZE, "%g %%",
		    (double)value->number * 100 / POLICY_RATIO_ONE);
		return text;
	case VALUE_STRING:
	case VALUE_INT:
		break;
	}
	return plain_value(value, text);
}

static void
emit_json(struct json *json, const char *name, const struct value *value)
{
	switch (value->type) {
	case VALUE_NONE:
		json_null(json, name);
		break;
	case VALUE_STRING:
		json_string(json, name, value->string);
		break;
	case VALUE_INT:
	case VALUE_DURATION:
		json_int(json, name, value->number);
		break;
	case VALUE_TIME:
		json_time(json, name, value->number);
		break;
	case VALUE_BOOL:
		json_bool(json, name, value->number != 0);
		break;
	case VALUE_RATIO:
		json_ratio(json, name, value->number, POLICY_RATIO_ONE);
		break;
	}
}

/* "bans.0.ref,1AQP9W" */
static void
emit_path(struct output *out, const char *name, const char *value)
{
	char path[PATH_SIZE];
	struct text text;

	text_init(&text, path, sizeof(path));
	for (size_t i = 1; i < out->depth; i++) {
		if (out->level[i].name != NULL) {
			text_addf(&text, "%s.", out->level[i].name);
		} else {
			text_addf(
			    &text, "%" PRId64 ".", out->level[i - 1].count - 1);
		}
	}
	if (name != NULL) {
		text_add(&text, name);
	} else {
		text_addf(&text, "%" PRId64, top(out)->count);
	}
	screen_csv(path);
	putchar(',');
	screen_csv(value);
	fputs("\r\n", stdout);
}

/* A member with its label, at once. */
static void
put_labelled(size_t indent, const char *label, const char *value)
{
	size_t width = utf8_width(label);

	screen_blanks(indent);
	screen_safe(stdout, label, strlen(label));
	screen_blanks(LABEL > width ? LABEL - width : 1);
	screen_wrapped(value, indent + LABEL, indent + LABEL);
}

static void
emit_text(struct output *out, const char *name, const char *value)
{
	const struct layout *layout = top(out)->layout;
	const struct column *column = find_column(layout, name);

	if (column == NULL) {
		return;
	}
	if (in_table(out)) {
		out->failed |= !screen_cell(
		    out->screen, (size_t)(column - layout->column), value);
	} else if (column->head != NULL) {
		put_labelled(layout->indent, column->head, value);
	}
}

/* A word of a list that is one cell. */
static void
add_word(struct output *out, const char *word)
{
	size_t len = strlen(out->list);

	(void)snprintf(out->list + len, sizeof(out->list) - len, "%s%s",
	    len > 0 ? " " : "", word);
}

/* A list is one cell of a table, else each word a line of its own in CSV. */
static bool
joined(const struct output *out)
{
	return out->format != OUTPUT_JSON && out->depth > 0 &&
	       out->level[out->depth - 1].kind == OUTPUT_LIST &&
	       (out->format == OUTPUT_TEXT ||
		   out->level[0].kind == OUTPUT_ROWS);
}

static void
emit(struct output *out, const char *name, const struct value *value)
{
	char buf[VALUE_SIZE] = "";

	if (out->muted) {
		return;
	}
	if (out->format == OUTPUT_JSON) {
		emit_json(&out->json, name, value);
	} else if (joined(out)) {
		add_word(out, out->format == OUTPUT_TEXT
				  ? read_value(value, true, buf)
				  : plain_value(value, buf));
	} else if (out->format == OUTPUT_CSV && !in_table(out)) {
		emit_path(out, name, plain_value(value, buf));
	} else if (out->format == OUTPUT_CSV) {
		emit_text(out, name, plain_value(value, buf));
	} else if (value->type != VALUE_NONE || in_table(out)) {
		emit_text(out, name, read_value(value, in_table(out), buf));
	}
	top(out)->count++;
}

void
output_list(struct output *out, const char *name)
{
	if (out->format == OUTPUT_JSON && !out->muted) {
		json_array(&out->json, name);
	}
	out->list[0] = '\0';
	push(out, OUTPUT_LIST, name, NULL);
}

void
output_list_end(struct output *out)
{
	bool one = joined(out);
	const char *name = top(out)->name;

	if (out->format == OUTPUT_JSON && !out->muted) {
		json_array_end(&out->json);
	}
	out->depth--;
	if (one) {
		output_string(
		    out, name, out->list[0] != '\0' ? out->list : NULL);
	}
}

void
output_string(struct output *out, const char *name, const char *value)
{
	const struct value string = {
		.type = value != NULL ? VALUE_STRING : VALUE_NONE,
		.string = value,
	};

	emit(out, name, &string);
}

void
output_net(struct output *out, const char *name, const struct net *net)
{
	char text[NET_TEXT_SIZE];

	output_string(out, name, net_format(net, text));
}

void
output_addr(struct output *out, const char *name, const struct addr *addr)
{
	char text[ADDR_TEXT_SIZE];

	output_string(out, name, addr_format(addr, text));
}

void
output_int(struct output *out, const char *name, int64_t value)
{
	emit(out, name, &(struct value){ VALUE_INT, NULL, value });
}

void
output_nonzero(struct output *out, const char *name, int64_t value)
{
	emit(out, name,
	    &(struct value){
		value != 0 ? VALUE_INT : VALUE_NONE, NULL, value });
}

void
output_time(struct output *out, const char *name, int64_t at)
{
	emit(out, name,
	    &(struct value){ at != 0 ? VALUE_TIME : VALUE_NONE, NULL, at });
}

void
output_duration(struct output *out, const char *name, int64_t seconds)
{
	emit(out, name, &(struct value){ VALUE_DURATION, NULL, seconds });
}

void
output_bool(struct output *out, const char *name, bool value)
{
	emit(out, name, &(struct value){ VALUE_BOOL, NULL, value });
}

void
output_ratio(struct output *out, const char *name, int64_t ratio)
{
	emit(out, name, &(struct value){ VALUE_RATIO, NULL, ratio });
}

void
output_none(struct output *out, const char *name)
{
	emit(out, name, &(struct value){ VALUE_NONE, NULL, 0 });
}

void
output_cell(struct output *out, const char *name, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	if (out->format != OUTPUT_TEXT) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	emit_text(out, name, text);
}

/* ---- sentences ---- */

void
output_say(struct output *out, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	if (out->format != OUTPUT_TEXT) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	screen_wrapped(line, 0, strspn(line, " ") + 2);
}

void
output_command(struct output *out, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	if (out->format != OUTPUT_TEXT) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	screen_safe(stdout, line, strlen(line));
	putchar('\n');
}

void
output_gap(struct output *out)
{
	if (out->format == OUTPUT_TEXT) {
		putchar('\n');
	}
}

void
output_line(struct output *out, const char *label, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	if (out->format != OUTPUT_TEXT) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	put_labelled(0, label, line);
}

void
output_complain(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* What was said before stands before it, also in a shared pipe. */
	(void)fflush(stdout);
	fputs("videur: ", stderr);
	screen_safe(stderr, line, strlen(line));
	putc('\n', stderr);
}

void
output_wrong(const char *what)
{
	(void)fflush(stdout);
	for (;;) {
		const size_t len = strcspn(what, "\n");

		screen_safe(stderr, what, len);
		putc('\n', stderr);
		if (what[len] == '\0') {
			return;
		}
		what += len + 1;
	}
}
