/*
 * What several verbs show of bans and standings.
 */
#ifndef CTL_BANS_H
#define CTL_BANS_H

#include <stdint.h>

#include "core/ban.h"
#include "core/standing.h"
#include "store/store.h"

struct ctl;

/* "active", "observed", "over", "cleared" or "mistake"; of one that the brake
 * held back, that it did. */
const char *bans_state(const struct ban *ban, int64_t now);

/* One ban as a row of the open table, as `list --json` has it; for people
 * also "until", "left", "state" and "detail". */
void bans_row(struct ctl *ctl, const struct ban *ban);

/* One line about a ban that has just been written. */
void bans_began(struct ctl *ctl, const struct ban *ban);

/*
 * In words: clear, allowed (by what), never banned; or for each ban a
 * sentence, the last-ending first, with until when, for what, and where it
 * refuses.  `allow` is the entry of the allow list that holds the address, or
 * NULL.
 */
void bans_standing(struct ctl *ctl, const struct standing *standing,
    const struct allow *allow);

#endif
