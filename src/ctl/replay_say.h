/*
 * What a replay has to tell: one policy's bans, or two side by side.
 */
#ifndef CTL_REPLAY_SAY_H
#define CTL_REPLAY_SAY_H

#include <stdint.h>

struct simulation;

/* What was read. */
struct replay_input {
	int64_t lines;
	int64_t files;
};

void replay_say(
    const struct simulation *simulation, const struct replay_input *input);
/* One object a ban. */
void replay_say_json(const struct simulation *simulation);

void replay_compare(const struct simulation *const simulation[static 2],
    const struct replay_input *input);
/* One object with both. */
void replay_compare_json(const struct simulation *const simulation[static 2],
    const struct replay_input *input);

#endif
