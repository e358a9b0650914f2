/*
 * How log lines are understood: rules list and rules test.
 */
#ifndef CTL_RULES_H
#define CTL_RULES_H

#include "base/proc.h"
#include "rules/rules.h"

struct ctl;

/* The shipped rules and the administrator's; NULL after a complaint. */
struct rules *rules_of(const struct ctl *ctl);

/* The word for what a rule finds: an offence's kind, or "login", "queue" ... */
const char *rules_finds(enum finding_what what, enum kind kind);

enum exit_status rules_list(struct ctl *ctl);
enum exit_status rules_test(struct ctl *ctl);

#endif
