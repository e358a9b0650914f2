/*
 * How videur is: status.
 */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include "base/proc.h"

struct ctl;

enum exit_status status_show(struct ctl *ctl);

#endif
