/*
 * From a request to its answer: routes and what they say.
 *
 * Knows HTTP's words (paths, status, content type) but no connection: the
 * server hands in what a client sent, and sends what comes out.
 */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"
#include "web/language.h"

struct conf;
struct numbers_keeper;
struct rate;
struct reader;
struct site;
struct standing;

/* What came in.  All borrowed; texts are NULL where they were not sent. */
struct request {
	const struct conf *conf; /* the site's */
	const struct site *site;
	struct reader *reader;
	struct numbers_keeper *numbers;
	struct rate *rate;
	int64_t now;
	int64_t ticks; /* proc_ticks() */
	const char *method;
	const char *path; /* without the query */
	const char *ip;   /* the arguments */
	const char *ref;
	const char *lang;
	const char *accept;
	const char *accept_language;
	bool visitor_known;
	struct addr visitor;
};

/* What goes out.  The caller gives `body`. */
struct answer {
	unsigned status;
	const char *type; /* Content-Type */
	bool in_language; /* written in `language`, by the client's wish */
	enum language language;
	const char *vary;    /* which headers it depends on, or NULL */
	int64_t retry_after; /* seconds until it may change; 0: not said */
	bool may_be_cached;
	struct text body;
};

enum {
	ANSWER_SIZE_MAX = 256 * 1024
};

/* The methods that every path answers, for an Allow header. */
#define ANSWER_METHODS "GET, HEAD"

/* Seconds until a listed address will not be listed any more; 0: it is not. */
int64_t answer_until_free(const struct standing *standing);

void answer_request(const struct request *request, struct answer *answer);

#endif
