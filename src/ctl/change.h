/*
 * Bans by hand: ban and clear.
 */
#ifndef CTL_CHANGE_H
#define CTL_CHANGE_H

#include "base/proc.h"

struct ctl;

/* Refuses networks that are too wide, never banned, or allowed by the
 * configuration. */
enum exit_status change_ban_check(struct ctl *ctl);
enum exit_status change_ban(struct ctl *ctl);

enum exit_status change_clear(struct ctl *ctl);

#endif
