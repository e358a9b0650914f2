#include "conf/errors.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	/* The longest, and the number of others behind it. */
	ONE_SIZE = ERRORS_WHAT_SIZE + 600
};

static void __attribute__((format(printf, 3, 0))) add(struct errors *errors,
    const struct place *at, const char *format, va_list args)
{
	char what[ERRORS_WHAT_SIZE];

	errors->found++;
	if (errors->told == ERRORS_MAX ||
	    errors->text.size - errors->text.len < ONE_SIZE) {
		return;
	}
	errors->told++;
	(void)vsnprintf(what, sizeof(what), format, args);
	for (char *c = what; *c != '\0';) {
		const size_t len = utf8_printable(c);

		if (len == 0) {
			*c = '?';
		}
		c += len > 0 ? len : 1;
	}
	text_addf(&errors->text, "%s%s:%d:%d: %s", errors->told > 1 ? "\n" : "",
	    at->file, at->line, at->column, what);
}

void
errors_add(
    struct errors *errors, const struct place *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(errors, at, format, args);
	va_end(args);
}

void
errors_add_twice(struct errors *errors, const struct place *at,
    const char *what, const struct place *first)
{
	const bool same = first->file == at->file;

	errors_add(errors, at, "%s is given twice, first in %s%s%d", what,
	    same ? "line " : first->file, same ? "" : ":", first->line);
}

void
errors_add_lost(
    struct errors *errors, const struct place *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!errors->lost) {
		add(errors, at, format, args);
	}
	va_end(args);
	errors->lost = true;
}

void
errors_end(struct errors *errors, const char *file)
{
	if (errors->found > errors->told) {
		text_addf(&errors->text, "\n%s: %d more errors", file,
		    errors->found - errors->told);
	}
}
