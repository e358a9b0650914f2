/*
 * The whole story of an address: explain.
 */
#ifndef CTL_EXPLAIN_H
#define CTL_EXPLAIN_H

#include "base/proc.h"

struct ctl;

enum exit_status explain_address(struct ctl *ctl);

#endif
