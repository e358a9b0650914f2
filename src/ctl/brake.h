/*
 * The brake: how it is, and its release.
 */
#ifndef CTL_BRAKE_H
#define CTL_BRAKE_H

#include "base/proc.h"

struct ctl;

/* EXIT_NO while it is on. */
enum exit_status brake_show(struct ctl *ctl);

/* EXIT_NO where it was not on. */
enum exit_status brake_release(struct ctl *ctl);

#endif
