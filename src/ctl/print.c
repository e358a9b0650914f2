#include "ctl/print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

enum {
	LINE_SIZE = 2048
};

void
print_safe(FILE *to, const char *text)
{
	while (*text != '\0') {
		size_t len = utf8_printable(text);

		if (len == 0) {
			putc('?', to);
			text++;
			continue;
		}
		fwrite(text, 1, len, to);
		text += len;
	}
}

static void __attribute__((format(printf, 2, 0)))
put_line(FILE *to, const char *format, va_list args)
{
	char line[LINE_SIZE];

	if (vsnprintf(line, sizeof(line), format, args) < 0) {
		return;
	}
	print_safe(to, line);
	putc('\n', to);
}

void
print_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(stdout, format, args);
	va_end(args);
}

void
print_complaint(const char *format, ...)
{
	va_list args;

	/* What was said before stands before it, also in a shared pipe. */
	(void)fflush(stdout);
	fputs("videur: ", stderr);
	va_start(args, format);
	put_line(stderr, format, args);
	va_end(args);
}

void
print_wrong(const char *what)
{
	(void)fflush(stdout);
	print_safe(stderr, what);
	putc('\n', stderr);
}

char *
print_time(int64_t at, char text[static PRINT_TIME_SIZE])
{
	time_t when = (time_t)at;
	struct tm local;

	if (localtime_r(&when, &local) == NULL ||
	    strftime(text, PRINT_TIME_SIZE, "%Y-%m-%d %H:%M:%S %Z", &local) ==
		0) {
		char utc[TIME_TEXT_SIZE];

		text_copy(text, PRINT_TIME_SIZE, text_from_time(at, utc));
	}
	return text;
}

char *
print_count(int64_t count, const char *one, const char *many,
    char text[static PRINT_COUNT_SIZE])
{
	(void)snprintf(text, PRINT_COUNT_SIZE, "%" PRId64 " %s", count,
	    count == 1 ? one : many);
	return text;
}

static void
json_to_stdout(void *to, const char *bytes, size_t len)
{
	fwrite(bytes, 1, len, to);
}

void
print_json_begin(struct json *json)
{
	json_init(json, json_to_stdout, stdout);
}

void
print_json_end(struct json *json)
{
	json_to_stdout(json->to, "\n", 1);
}

void
table_init(struct table *table, const char *const *head, size_t columns,
    uint32_t right, const char *lead)
{
	*table = (struct table){
		.head = head,
		.columns = columns,
		.right = right,
		.lead = lead,
	};
	for (size_t i = 0; i < columns; i++) {
		table->width[i] = utf8_width(head[i]);
	}
}

static void
pad(size_t width)
{
	for (size_t i = 0; i < width; i++) {
		putchar(' ');
	}
}

static void
put_row(const struct table *table, const char *const *cell)
{
	size_t owed = 0; /* blanks, written only where text follows */

	fputs(table->lead, stdout);
	for (size_t i = 0; i < table->columns; i++) {
		size_t width = utf8_width(cell[i]);
		size_t gap = table->width[i] > width ? table->width[i] - width
						     : 0;
		bool right = (table->right >> i & 1) != 0;

		owed += right ? gap : 0;
		if (width > 0) {
			pad(owed);
			owed = 0;
			print_safe(stdout, cell[i]);
		}
		owed += right ? 2 : gap + 2;
	}
	putchar('\n');
}

static void
measure(struct table *table, const char *const *cell)
{
	for (size_t i = 0; i < table->columns; i++) {
		size_t width = utf8_width(cell[i]);

		if (width > table->width[i]) {
			table->width[i] = width;
		}
	}
}

void
table_print(struct table *table)
{
	table->printing = true;
	table->rows = 0;
	put_row(table, table->head);
}

void
table_row(struct table *table, const char *const *cell)
{
	table->rows++;
	if (table->printing) {
		put_row(table, cell);
	} else {
		measure(table, cell);
	}
}
