/*
 * Who is banned: list and check.
 */
#ifndef CTL_LOOK_H
#define CTL_LOOK_H

#include "base/proc.h"

struct ctl;

enum exit_status look_list(struct ctl *ctl);
enum exit_status look_check(struct ctl *ctl);

#endif
