/*
 * Another program's output: run by argv, never through a shell, with a small
 * environment of its own, nothing on its standard input and a limit of time.
 */
#ifndef DOCTOR_RUN_H
#define DOCTOR_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RUN_OUTPUT_MAX = 256 * 1024,
	RUN_ERROR_SIZE = 256
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

#endif
