/*
 * What the page's template is told, and of one ban above all.
 */
#ifndef WEB_TOLD_H
#define WEB_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"
#include "core/kind.h"
#include "core/reply.h"
#include "web/language.h"
#include "web/template.h"

struct ban;
struct policy;

enum {
	TOLD_NUMBER_SIZE = 24,
	TOLD_SLOTS = 20
};

/* Texts for slots: a number, and a condition (NULL where it is not so). */
const char *told_number(char text[static TOLD_NUMBER_SIZE], int64_t value);
const char *told_yes(bool condition);

/* A moment, said by the phrase "moment". */
struct told_moment {
	char iso[TIME_TEXT_SIZE];
	char day[TOLD_NUMBER_SIZE];
	char year[TOLD_NUMBER_SIZE];
	char clock[TOLD_NUMBER_SIZE];
	struct slot slot[8];
	struct scope scope;
};

/* The texts of a ban and the slots that borrow them: it must not move once
 * filled. */
struct told_ban {
	struct told_moment since;
	struct told_moment until;
	char left[DURATION_TEXT_SIZE];
	char reply[REPLY_TEXT_SIZE];
	char step[TOLD_NUMBER_SIZE];
	char steps[TOLD_NUMBER_SIZE];
	char network[NET_TEXT_SIZE];
	struct scope deed[KIND_COUNT];
	struct slot slot[TOLD_SLOTS];
};

/* Who is told, and what of it the ban itself does not know. */
struct told_to {
	enum language language;
	const struct policy *policy; /* for the rule's steps and kinds */
	const char *lookup_url;
	const char *ip;  /* the address that was asked for */
	const char *ref; /* the ref that was asked for, or NULL */
	int64_t now;
};

/* Fill `told`; its slots also borrow what `ban` and `to` hold. */
void told_ban_fill(
    struct told_ban *told, const struct ban *ban, const struct told_to *to);

#endif
