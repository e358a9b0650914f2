/*
 * Postfix's own programs: how one is run, and how what it prints is read.
 *
 * A program is run by argv, never through a shell, with a small environment
 * of its own, nothing on its standard input and a limit of time.  The readers
 * are pure.
 */
#ifndef DOCTOR_POSTCONF_H
#define DOCTOR_POSTCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

enum {
	RUN_OUTPUT_MAX = 256 * 1024,
	RUN_ERROR_SIZE = 256,
	POSTCONF_LINES_MAX = 2048
};

enum run_result {
	RUN_FINE,
	RUN_MISSING, /* there is no such program */
	RUN_FAILED   /* `error` says why */
};

struct run_output {
	char *text; /* NUL at its end; the caller frees it.  NULL unless
		     * RUN_FINE */
	bool cut;   /* it said more than RUN_OUTPUT_MAX, and was ended */
	char error[RUN_ERROR_SIZE]; /* the first line it complained with */
};

/* argv[0] is a name without a folder: it is looked for where a system keeps
 * its programs, whatever PATH says. */
enum run_result run_program(
    const char *const *argv, int64_t milliseconds, struct run_output *output);

/* "NAME = VALUE" lines. */
struct postconf {
	struct {
		char *name;
		const char *value;
	} line[POSTCONF_LINES_MAX];
	size_t lines;
	bool cut; /* there were more */
};

/* Split `text` in place; names and values are borrowed from it.  Lines of
 * another form are passed over. */
void postconf_read(char *text, struct postconf *out);

/* The value of the first line of that name, or NULL. */
const char *postconf_get(const struct postconf *postconf, const char *name);

/* Take the next item of the list *at and move behind it; false where there is
 * none.  Commas and blanks stand between items, what stands in braces is one.
 * An item that does not fit is given cut. */
bool postconf_item(const char **at, char *item, size_t size);

/* Write a list without a blank, as `postconf -P` wants it. */
void postconf_pack(struct text *to, const char *list);

/* Write a word so that a shell takes it as one. */
void postconf_quote(struct text *to, const char *word);

#endif
