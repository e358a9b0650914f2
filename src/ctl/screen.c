#include "ctl/screen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/layout.h"

enum {
	BATCH = 200,     /* rows that columns are measured by */
	SCREEN = 80,     /* columns of a line */
	LABEL = 11,      /* a label and the blanks behind it */
	GAP = 2,         /* between two columns of a table */
	WRAP_LEAST = 24, /* room that is enough for a text beside others */
	BELOW = 4,       /* how far a text below its row is indented */
	ADDRESS = 15     /* a first column keeps so much */
};

static struct {
	FILE *to; /* borrowed */
	bool terminal;
	const struct layout *layout; /* borrowed */
	bool shown[COLUMNS_MAX];     /* of its columns */
	char *buf;                   /* of all cells */
	size_t len;
	size_t room;
	/* Where in `buf` a cell is, from 1; 0: it is empty. */
	size_t cell[BATCH][COLUMNS_MAX];
	size_t rows;
	size_t width[COLUMNS_MAX];
	size_t total;  /* of all columns but one that wraps */
	bool below;    /* the one that wraps stands below */
	bool measured; /* the heading is written */
	bool failed;   /* without memory */
} screen;

/* Whether it goes to people at a terminal who did not forbid that
 * (https://no-color.org). */
static bool
is_coloured(void)
{
	/* One thread. NOLINTBEGIN(concurrency-mt-unsafe) */
	const char *never = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	/* NOLINTEND(concurrency-mt-unsafe) */

	return isatty(STDOUT_FILENO) && (never == NULL || never[0] == '\0') &&
	       terminal != NULL && terminal[0] != '\0' &&
	       strcmp(terminal, "dumb") != 0;
}

void
screen_init(FILE *to, bool people)
{
	screen.to = to;
	screen.terminal = people && is_coloured();
}

/* By ECMA-48, SGR. */
static void
stress(const char *code)
{
	if (screen.terminal) {
		fprintf(screen.to, "\033[%sm", code);
	}
}

bool
screen_close(void)
{
	free(screen.buf);
	screen.buf = NULL;
	screen.room = screen.len = 0;
	return !screen.failed;
}

/* ---- characters ---- */

void
screen_safe(FILE *to, const char *text, size_t len)
{
	size_t from = 0; /* not written yet */
	size_t i = 0;

	while (i < len) {
		bool plain = text[i] >= ' ' && text[i] <= '~';
		size_t bytes = plain ? 1 : utf8_printable(text + i);

		if (bytes == 0) {
			fwrite(text + from, 1, i - from, to);
			putc('?', to);
			from = i + 1;
		}
		i += bytes > 0 ? bytes : 1;
	}
	fwrite(text + from, 1, len - from, to);
}

void
screen_wrapped(const char *text, size_t at, size_t indent)
{
	while (*text != '\0') {
		size_t blanks = strspn(text, " ");
		size_t len = strcspn(text + blanks, " ");
		size_t width = utf8_width(text + blanks, len);

		if (at > indent && at + blanks + width > SCREEN) {
			fprintf(screen.to, "\n%*s", (int)indent, "");
			at = indent;
		} else if (len > 0) {
			fprintf(screen.to, "%*s", (int)blanks, "");
			at += blanks;
		}
		screen_safe(screen.to, text + blanks, len);
		text += blanks + len;
		at += width;
	}
	putc('\n', screen.to);
}

void
screen_labelled(const char *label, const char *value)
{
	const int width = (int)utf8_width(label, strlen(label));
	/* What cannot wait is in capitals: "DAMAGED". */
	const bool alarm = label[0] >= 'A' && label[0] <= 'Z' &&
			   label[1] >= 'A' && label[1] <= 'Z';

	if (alarm) {
		stress("1;31");
	}
	fputs(label, screen.to);
	if (alarm) {
		stress("0");
	}
	fprintf(screen.to, "%*s", LABEL > width ? LABEL - width : 1, "");
	screen_wrapped(value, LABEL, LABEL);
}

/* ---- rows ---- */

bool
screen_shows(const struct layout *layout, const struct column *column)
{
	const char *shown = layout->shown;
	const size_t len = strlen(column->name);

	if (layout == screen.layout) {
		return screen.shown[column - layout->column];
	}
	while (shown != NULL && (shown = strstr(shown, column->name)) != NULL &&
	       (shown[-1] != ' ' || shown[len] != ' ')) {
		shown++;
	}
	return column->head != NULL && (layout->shown == NULL || shown != NULL);
}

void
screen_cell(const struct column *column, const char *text)
{
	size_t size = strlen(text) + 1;

	if (screen.len + size > screen.room) {
		size_t room = (screen.len + size) * 2;
		char *buf = realloc(screen.buf, room);

		if (buf == NULL) {
			screen.failed = true;
			return;
		}
		screen.buf = buf;
		screen.room = room;
	}
	memcpy(screen.buf + screen.len, text, size);
	screen.cell[screen.rows][column - screen.layout->column] = screen.len +
								   1;
	screen.len += size;
}

static const char *
cell_of(size_t row, size_t column)
{
	size_t at = screen.cell[row][column];

	return at > 0 ? screen.buf + at - 1 : "";
}

static size_t
larger(size_t one, size_t other)
{
	return one > other ? one : other;
}

/* Columns are as wide as what stands in the first rows; where that is too
 * much, a long address has a line of its own. */
static void
measure(void)
{
	const struct layout *layout = screen.layout;
	size_t total = layout->indent;

	for (size_t i = 0; layout->column[i].name != NULL; i++) {
		const struct column *column = &layout->column[i];
		size_t width = column->flags / COLUMN_WIDTH;

		screen.width[i] = 0;
		if (!screen_shows(layout, column)) {
			continue;
		}
		width = larger(
		    width, utf8_width(column->head, strlen(column->head)));
		for (size_t row = 0; row < screen.rows; row++) {
			const char *cell = cell_of(row, i);

			width = larger(width, utf8_width(cell, strlen(cell)));
		}
		if ((column->flags & COLUMN_WRAP) != 0) {
			screen.below = total + width > SCREEN &&
				       total + WRAP_LEAST > SCREEN;
			continue;
		}
		screen.width[i] = width;
		total += width + GAP;
	}
	while (total > SCREEN + GAP && screen.width[0] > ADDRESS) {
		screen.width[0]--;
		total--;
	}
	screen.total = total;
	screen.measured = true;
}

static size_t
longest_word(const char *text)
{
	size_t longest = 0;

	while (*text != '\0') {
		const size_t len = strcspn(text, " ");

		longest = larger(longest, utf8_width(text, len));
		text += len + strspn(text + len, " ");
	}
	return longest;
}

/* The last cell of a row, over as many lines as it takes: behind the `at`
 * columns that are written, or below them, also where a word has no room
 * beside. */
static void
put_wrapped(const char *cell, size_t start, size_t at)
{
	size_t here; /* what came before may have been too wide */

	if (screen.below || start + longest_word(cell) > SCREEN) {
		putc('\n', screen.to);
		start = screen.layout->indent + BELOW;
		at = 0;
	}
	here = start > at ? start : at + GAP;
	fprintf(screen.to, "%*s", (int)(here - at), "");
	screen_wrapped(cell, here, start);
}

/* Blanks before a cell are written only where it has text. */
static void
put_row(const char *const *cell)
{
	const struct layout *layout = screen.layout;
	size_t begin = layout->indent; /* of the next column */
	size_t at = 0;                 /* so much of the line is written */

	for (size_t i = 0; layout->column[i].name != NULL; i++) {
		const struct column *column = &layout->column[i];
		size_t width = utf8_width(cell[i], strlen(cell[i]));
		size_t room = screen.width[i];
		size_t start = begin;

		begin += screen_shows(layout, column) ? room + GAP : 0;
		if (width == 0) {
			continue;
		}
		if ((column->flags & COLUMN_WRAP) != 0) {
			put_wrapped(cell[i], start, at);
			return;
		}
		if ((column->flags & COLUMN_RIGHT) != 0 && room > width) {
			start += room - width;
		}
		/* What came before may have been too wide. */
		start = at > 0 && start < at + GAP ? at + GAP : start;
		fprintf(screen.to, "%*s", (int)(start - at), "");
		screen_safe(screen.to, cell[i], strlen(cell[i]));
		at = start + width;
		if (i == 0 && width > room &&
		    screen.total + width - room > SCREEN + GAP) {
			putc('\n', screen.to);
			at = 0;
		}
	}
	putc('\n', screen.to);
}

void
screen_flush(void)
{
	const char *cell[COLUMNS_MAX];

	if (!screen.measured && screen.rows > 0) {
		const struct layout *layout = screen.layout;
		bool any = false;

		measure();
		for (size_t i = 0; i < COLUMNS_MAX; i++) {
			cell[i] = "";
		}
		for (size_t i = 0; layout->column[i].name != NULL; i++) {
			const struct column *column = &layout->column[i];
			bool hidden = !screen_shows(layout, column) ||
				      ((column->flags & COLUMN_WRAP) != 0 &&
					  screen.below);

			cell[i] = hidden ? "" : column->head;
			any = any || cell[i][0] != '\0';
		}
		if (any) {
			stress("1");
			put_row(cell);
			stress("0");
		}
	}
	for (size_t row = 0; row < screen.rows; row++) {
		for (size_t i = 0; i < COLUMNS_MAX; i++) {
			cell[i] = cell_of(row, i);
		}
		put_row(cell);
	}
	memset(screen.cell, 0, sizeof(screen.cell[0]) * screen.rows);
	screen.rows = 0;
	screen.len = 0;
}

void
screen_row(void)
{
	screen.rows++;
	if (screen.layout->stream || screen.measured || screen.rows == BATCH) {
		screen_flush();
	}
}

void
screen_begin(const struct layout *layout)
{
	screen.layout = NULL;
	for (size_t i = 0; layout->column[i].name != NULL; i++) {
		screen.shown[i] = screen_shows(layout, &layout->column[i]);
	}
	screen.layout = layout;
	screen.measured = false;
}
