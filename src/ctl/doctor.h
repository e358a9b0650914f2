/*
 * What is wrong with the host and its door, and the line that mends it.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "base/proc.h"

struct ctl;

/* The folder given as --postfix must be one. */
enum exit_status doctor_check(struct ctl *ctl);

/* It opens the database itself: that this cannot be done is a finding, after
 * which all else is still looked at. */
enum exit_status doctor_run(struct ctl *ctl);

#endif
