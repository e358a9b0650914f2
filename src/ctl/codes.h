/*
 * codes: what the policy says to clients, and when.
 */
#ifndef CTL_CODES_H
#define CTL_CODES_H

#include <stdbool.h>

#include "base/proc.h"
#include "core/ban.h"

struct ctl;
struct limit;
struct policy;

enum exit_status codes_show(struct ctl *ctl);

/* The policy as one object on standard output. */
void codes_json(const struct policy *policy);

/* A ban by hand where no reason is given. */
struct ban codes_manual(void);

/* Whether there is such a limit for anybody. */
bool codes_limits(const struct limit *limit);

#endif
