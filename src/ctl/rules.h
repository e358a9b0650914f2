/*
 * How log lines are understood: rules list and rules test.
 */
#ifndef CTL_RULES_H
#define CTL_RULES_H

#include "base/proc.h"

struct ctl;
struct rules;

/* The shipped rules and the administrator's; NULL after a complaint. */
struct rules *rules_of(const struct ctl *ctl);

enum exit_status rules_list(struct ctl *ctl);
enum exit_status rules_test(struct ctl *ctl);

#endif
