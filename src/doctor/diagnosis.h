/*
 * What was found, in the order it was looked for: a bounded list.
 *
 * Texts are kept as they were given, hostile bytes included; whoever prints
 * them makes them safe.  The same symptom said twice is kept once.
 */
#ifndef DOCTOR_DIAGNOSIS_H
#define DOCTOR_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SYMPTOM_TEXT_SIZE = 768,
	DIAGNOSIS_MAX = 256
};

enum health {
	HEALTH_OK,
	HEALTH_MENDED,  /* was wrong until just now */
	HEALTH_WARNING, /* works, and should be looked at */
	HEALTH_PROBLEM, /* is wrong */
	HEALTH_COUNT
};

struct symptom {
	const char *check; /* which one found it; borrowed for good */
	enum health state;
	char what[SYMPTOM_TEXT_SIZE];
	char mend[SYMPTOM_TEXT_SIZE]; /* the line that mends it, or empty */
};

/* Starts all zero. */
struct diagnosis {
	struct symptom symptom[DIAGNOSIS_MAX];
	size_t symptoms;
	size_t lost; /* that found no room */
	size_t open; /* the symptom that can be given a mend, + 1; 0: none */
	const char *check; /* whose turn it is; the caller sets it */
};

/* Say one more thing; then, where something mends it, how: for what was just
 * said, and lost where that was said before. */
void diagnosis_add(struct diagnosis *diagnosis, enum health state,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void diagnosis_mend(struct diagnosis *diagnosis, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many there are of a state; what found no room is a problem. */
size_t diagnosis_count(const struct diagnosis *diagnosis, enum health state);

/* "ok", "mended", "warning", "problem". */
const char *diagnosis_name(enum health state);

#endif
