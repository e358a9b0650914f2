/*
 * Who is never refused: allow list, add and remove.
 */
#ifndef CTL_ALLOW_H
#define CTL_ALLOW_H

#include "base/proc.h"

struct ctl;

enum exit_status allow_list(struct ctl *ctl);
enum exit_status allow_add(struct ctl *ctl);
enum exit_status allow_remove(struct ctl *ctl);

#endif
