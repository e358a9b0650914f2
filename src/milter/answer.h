/*
 * What a refused client hears: code, enhanced code (or empty) and text.
 */
#ifndef MILTER_ANSWER_H
#define MILTER_ANSWER_H

#include "core/ban.h"
#include "core/limit.h"
#include "core/reply.h"
#include "milter/desk.h"

struct answer {
	char code[REPLY_CODE_SIZE];
	char enhanced[REPLY_ENHANCED_SIZE];
	char text[REPLY_TEXT_SIZE];
};

/* `reply` is the one of the ban's two that the session hears. */
void answer_ban(struct answer *answer, const struct reply *reply,
    const struct ban *ban, const struct visitor *visitor);

void answer_limit(struct answer *answer, const struct limit *limit,
    const struct visitor *visitor);

/* Nobody can say who the client is. */
void answer_unavailable(struct answer *answer);

#endif
