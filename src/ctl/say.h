/*
 * Sentences about bans and standings, said by more than one verb.
 */
#ifndef CTL_SAY_H
#define CTL_SAY_H

#include <stdint.h>

#include "core/ban.h"
#include "core/standing.h"
#include "store/store.h"

struct ctl;

/* "active", "observed", "over", "cleared" or "mistake". */
const char *say_state(const struct ban *ban, int64_t now);

/* One line about a ban that has just been written. */
void say_began(const struct ban *ban, int64_t now);

/*
 * One line in words: clear, allowed (by what), never banned; or for each ban
 * one, the last-ending first, with until when, for what, and where in a
 * session it speaks.
 */
enum store_result say_standing(
    struct ctl *ctl, const struct standing *standing);

#endif
