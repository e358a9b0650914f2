/*
 * What waits for the writer.
 */
#ifndef MILTER_QUEUED_H
#define MILTER_QUEUED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "engine/engine.h"

enum {
	WRITER_NAME_SIZE = ENGINE_KEYED_MAX + 1,
	WRITER_DETAIL_SIZE = 24
};

/* What is to be written: something a client did, or a hit. */
struct writer_event {
	struct conf *conf; /* by which it is judged; NULL: a hit */
	struct addr address;
	enum kind kind;
	bool null_sender; /* of the message that named an unknown recipient */
	int nth;          /* which of them, 1 for the first */
	int64_t at;
	char detail[WRITER_DETAIL_SIZE]; /* or empty */
	char name[WRITER_NAME_SIZE];     /* whose key is recorded; or empty */
	/* Of a hit: */
	int64_t ban;
	int cause;
	bool heard; /* the next session hears another reply */
};

/* What a hit counts. */
static inline struct counted
queued_hit(const struct writer_event *hit)
{
	return (struct counted){ .what = COUNTED_HITS,
		.ban = hit->ban,
		.cause = hit->cause,
		.times = 1,
		.at = hit->at };
}

#endif
