/*
 * decode: what a refusal of one of the four providers means.
 */
#ifndef CTL_DECODE_H
#define CTL_DECODE_H

#include "base/proc.h"

struct ctl;

/* The words as one text, or "-": what stands on standard input, line by
 * line. */
enum exit_status decode_text(struct ctl *ctl);

#endif
