/*
 * Old logs and a policy: who would have been banned.
 */
#ifndef CTL_REPLAY_H
#define CTL_REPLAY_H

#include "base/proc.h"

struct ctl;

enum exit_status replay_check(struct ctl *ctl);
enum exit_status replay_logs(struct ctl *ctl);

#endif
