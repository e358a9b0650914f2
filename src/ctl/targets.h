/*
 * Whom names of hosts and refs of bans mean.
 */
#ifndef CTL_TARGETS_H
#define CTL_TARGETS_H

#include <stdbool.h>

struct args;
struct ctl;

/*
 * Put addresses in the place of hosts' names: all that each has, as the system
 * looks them up, for a few seconds at most.  False after a complaint, where one
 * has none or there are too many.
 */
bool targets_look_up(struct args *args);

/* Put whom they name in the place of refs, from the open database.  False after
 * a complaint, where there is no such ban, or the database failed (see
 * ctl_well()). */
bool targets_find(struct ctl *ctl, struct args *args);

#endif
