/*
 * codes: what the policy says to clients, and when.
 */
#ifndef CTL_CODES_H
#define CTL_CODES_H

#include "base/proc.h"

struct ctl;

enum exit_status codes_show(struct ctl *ctl);

#endif
