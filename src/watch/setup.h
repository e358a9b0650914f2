/*
 * What a configuration makes of the watcher: the configuration itself, the
 * compiled rules and the logs, loaded and let go together.
 */
#ifndef WATCH_SETUP_H
#define WATCH_SETUP_H

#include <stdbool.h>

#include "conf/conf.h"
#include "rules/rules.h"
#include "watch/source.h"

struct setup {
	struct conf *conf;
	struct rules *rules;
	struct rules_scratch *scratch;
	struct sources sources; /* empty until setup_sources() */
};

/* Read configuration and rules; `path` as conf_load().  NULL after a log
 * line. */
struct setup *setup_load(const char *path);
void setup_free(struct setup *setup);

/* Refuse logs that would be counted twice, and make the sources.  To be
 * called with the rights they will be read with.  False after a log line. */
bool setup_sources(struct setup *setup, bool once);

#endif
