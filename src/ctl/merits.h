/*
 * What speaks for and against a client, for `explain`: its reputation with the
 * numbers behind it, whether it is a forwarder, and what the rules make of
 * that.
 */
#ifndef CTL_MERITS_H
#define CTL_MERITS_H

#include "conf/conf.h"
#include "ctl/story.h"

struct json;

/* In words, on lines of their own. */
void merits_tell(const struct conf *conf, const struct story *story);

/* As members of the open object: "reputation" and "forwarder". */
void merits_json(
    const struct conf *conf, const struct story *story, struct json *json);

#endif
