#include "ctl/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "core/policy.h"
#include "ctl/screen.h"

enum {
	LABEL = 11, /* a label and the blanks behind it */
	LINE_SIZE = 2048,
	VALUE_SIZE = OUTPUT_TIME_SIZE,
	PATH_SIZE = 256
};

static struct output_level *
top(struct output *out)
{
	return &out->level[out->depth - 1];
}

/* Whether there is JSON to write. */
static bool
in_json(const struct output *out)
{
	return out->format == OUTPUT_JSON && !out->muted;
}

/* Whether cells are kept until their row is whole. */
static bool
in_table(const struct output *out)
{
	const struct output_level *level = &out->level[out->depth - 1];

	if (out->muted || out->depth == 0 || out->format == OUTPUT_JSON) {
		return false;
	}
	return out->format == OUTPUT_CSV
		   ? out->level[0].kind == OUTPUT_ROWS
		   : level->kind == OUTPUT_ROW && level->layout != NULL &&
			 !level->layout->records;
}

/* A list is one cell of a table; elsewhere CSV has a line for each value. */
static bool
in_cell(const struct output *out)
{
	return out->depth > 0 &&
	       out->level[out->depth - 1].kind == OUTPUT_LIST &&
	       (out->format == OUTPUT_TEXT ||
		   (out->format == OUTPUT_CSV &&
		       out->level[0].kind == OUTPUT_ROWS));
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
	free(out->screen.buf);
	out->screen.buf = NULL;
	return !out->failed;
}

static void
push(struct output *out, enum output_kind kind, const char *name,
    const struct layout *layout)
{
	if (in_json(out) && (kind == OUTPUT_OBJECT || kind == OUTPUT_ROW)) {
		json_object(&out->json, name);
	} else if (in_json(out) && (layout == NULL || !layout->lines)) {
		json_array(&out->json, name);
	}
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

void
output_object(struct output *out, const char *name, const struct layout *labels)
{
	if (out->format == OUTPUT_CSV && out->depth == 0) {
		fputs("name,value\r\n", stdout);
	}
	push(out, OUTPUT_OBJECT, name, labels);
}

void
output_table(struct output *out, const char *name, const struct layout *layout)
{
	static const struct layout nothing;
	bool csv = out->format == OUTPUT_CSV;

	layout = layout != NULL ? layout : &nothing;
	out->muted = out->format == OUTPUT_TEXT ? layout == &nothing
						: layout->people;
	if (!out->muted && out->format != OUTPUT_JSON &&
	    (csv ? out->depth == 0 : !layout->records)) {
		screen_begin(&out->screen, layout, csv);
	}
	push(out, OUTPUT_ROWS, name, layout);
}

void
output_row(struct output *out)
{
	const struct output_level *level = top(out);

	if (out->format == OUTPUT_TEXT && level->layout->records &&
	    level->count > 0) {
		putchar('\n');
	}
	push(out, OUTPUT_ROW, NULL, level->layout);
}

void
output_list(struct output *out, const char *name)
{
	out->list[0] = '\0';
	push(out, OUTPUT_LIST, name, NULL);
}

int64_t
output_end(struct output *out)
{
	const struct output_level level = *top(out);
	bool lines = level.layout != NULL && level.layout->lines;
	bool one = in_cell(out);

	if (in_json(out)) {
		if (level.kind == OUTPUT_OBJECT || level.kind == OUTPUT_ROW) {
			json_object_end(&out->json);
		} else if (!lines) {
			json_array_end(&out->json);
		}
		if (lines ? level.kind == OUTPUT_ROW : out->depth == 1) {
			putchar('\n');
			out->json.comma = false;
		}
	}
	if (level.kind == OUTPUT_ROW && in_table(out)) {
		screen_row(&out->screen);
	}
	if (level.kind == OUTPUT_ROWS) {
		screen_flush(&out->screen);
		out->muted = false;
	}
	out->depth--;
	if (one) {
		output_string(
		    out, level.name, out->list[0] != '\0' ? out->list : NULL);
	}
	return level.count;
}

/* ---- pieces of sentences ---- */

char *
output_time_text(int64_t at, char text[static OUTPUT_TIME_SIZE])
{
	char utc[TIME_TEXT_SIZE];
	time_t when = (time_t)at;
	struct tm local;

	if (localtime_r(&when, &local) == NULL ||
	    strftime(text, OUTPUT_TIME_SIZE, "%Y-%m-%d %H:%M:%S %Z", &local) ==
		0) {
		(void)text_copy(
		    text, OUTPUT_TIME_SIZE, text_from_time(at, utc));
	}
	return text;
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

/* ---- values ---- */

/* "bans.0.ref,1AQP9W" */
static void
put_path(struct output *out, const char *name, const char *value)
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

static void
put_labelled(size_t indent, const char *label, const char *value)
{
	int width = (int)utf8_width(label, strlen(label));

	printf("%*s%s%*s", (int)indent, "", label,
	    LABEL > width ? LABEL - width : 1, "");
	screen_wrapped(value, indent + LABEL, indent + LABEL);
}

/* A cell, or a member with its label at once; nothing where there is no column
 * of that name. */
static void
put_cell(struct output *out, const char *name, const char *value)
{
	const struct layout *layout = top(out)->layout;
	size_t i = 0;

	if (layout == NULL || name == NULL) {
		return;
	}
	while (layout->column[i].name != NULL &&
	       strcmp(layout->column[i].name, name) != 0) {
		i++;
	}
	if (layout->column[i].name == NULL) {
		return;
	}
	if (in_table(out)) {
		out->failed |= !screen_cell(&out->screen, i, value);
	} else if (layout->column[i].head != NULL) {
		put_labelled(layout->indent, layout->column[i].head, value);
	}
}

/* A value as programs read it, and as people do; NULL: none.  JSON quotes it
 * where it is a text. */
static void
put(struct output *out, const char *name, bool text, const char *plain,
    const char *people)
{
	bool none = plain == NULL;

	if (out->muted) {
		return;
	}
	plain = none ? "" : plain;
	if (out->format == OUTPUT_JSON && text) {
		json_string(&out->json, name, plain);
	} else if (out->format == OUTPUT_JSON) {
		json_raw(&out->json, name, none ? "null" : plain);
	} else if (in_cell(out)) {
		size_t len = strlen(out->list);

		(void)snprintf(out->list + len, sizeof(out->list) - len, "%s%s",
		    len > 0 ? " " : "",
		    out->format == OUTPUT_TEXT ? people : plain);
	} else if (out->format == OUTPUT_CSV && !in_table(out)) {
		put_path(out, name, plain);
	} else if (out->format == OUTPUT_CSV) {
		put_cell(out, name, plain);
	} else if (!none || in_table(out)) {
		put_cell(out, name, people);
	}
	top(out)->count++;
}

void
output_none(struct output *out, const char *name)
{
	put(out, name, false, NULL, "-");
}

void
output_string(struct output *out, const char *name, const char *value)
{
	put(out, name, value != NULL, value, value != NULL ? value : "-");
}

void
output_text(struct output *out, const char *name, const char *value)
{
	output_string(out, name, value[0] != '\0' ? value : NULL);
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
	char text[VALUE_SIZE];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	put(out, name, false, text, text);
}

void
output_nonzero(struct output *out, const char *name, int64_t value)
{
	if (value == 0) {
		output_none(out, name);
	} else {
		output_int(out, name, value);
	}
}

void
output_time(struct output *out, const char *name, int64_t at)
{
	char plain[TIME_TEXT_SIZE];
	char people[OUTPUT_TIME_SIZE] = "";

	if (at == 0) {
		output_none(out, name);
		return;
	}
	if (out->format == OUTPUT_TEXT) {
		output_time_text(at, people);
	}
	if (in_table(out)) {
		people[strlen("2026-11-21 19:05")] = '\0';
	}
	put(out, name, true, text_from_time(at, plain), people);
}

void
output_duration(struct output *out, const char *name, int64_t seconds)
{
	char plain[VALUE_SIZE];
	char people[OUTPUT_TIME_SIZE];

	(void)snprintf(plain, sizeof(plain), "%" PRId64, seconds);
	put(out, name, false, plain,
	    in_table(out) || in_cell(out)
		? output_short_duration(seconds, people)
		: text_from_duration(seconds, people));
}

void
output_bool(struct output *out, const char *name, bool value)
{
	put(out, name, false, value ? "true" : "false", value ? "yes" : "no");
}

void
output_ratio(struct output *out, const char *name, int64_t ratio)
{
	char text[VALUE_SIZE];

	(void)snprintf(
	    text, sizeof(text), "%g", (double)ratio / (double)POLICY_RATIO_ONE);
	put(out, name, false, text, text);
}

void
output_words(struct output *out, enum output_shape shape, const char *name,
    const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	if (out->format != OUTPUT_TEXT) {
		return;
	}
	if (*format == '\n') {
		putchar(*format++);
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	switch (shape) {
	case OUTPUT_CELL:
		put_cell(out, name, line);
		break;
	case OUTPUT_SENTENCE:
		screen_wrapped(line, 0, strspn(line, " ") + 2);
		break;
	case OUTPUT_COMMAND:
		screen_safe(stdout, line, strlen(line));
		putchar('\n');
		break;
	case OUTPUT_LINE:
		put_labelled(0, name, line);
		break;
	}
}

/* ---- on standard error ---- */

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
