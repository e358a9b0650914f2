/*
 * The time a log line begins with: "Nov 21 23:44:51" (no year, no zone),
 * "2026-11-21T23:44:51.431428+00:00" and "2026-11-21 23:44:51 +0100" (both
 * may lack the zone).  What is missing is resolved as rules.h says of struct
 * rules_clock.
 */
#ifndef RULES_STAMP_H
#define RULES_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rules_clock;

/* How many of the bytes `text` begins with are a time, judged by where its
 * separators stand alone; 0 where it begins with none.  The byte behind a
 * time is a blank. */
size_t stamp_span(const char *text, size_t len);

/* Read a time of that span, to seconds; false where it is none after all. */
bool stamp_read(
    const char *text, size_t span, struct rules_clock *clock, int64_t *at);

#endif
