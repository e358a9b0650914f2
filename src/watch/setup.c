#include "watch/setup.h"

#include <stdlib.h>

#include "base/log.h"
#include "watch/twice.h"

void
setup_free(struct setup *setup)
{
	if (setup != NULL) {
		sources_close(&setup->sources);
		rules_scratch_free(setup->scratch);
		rules_free(setup->rules);
		if (setup->conf != NULL) {
			conf_drop(setup->conf);
		}
		free(setup);
	}
}

static bool
load_conf(struct setup *setup, const char *path)
{
	char error[CONF_ERROR_SIZE];

	setup->conf = conf_load(path, error);
	if (setup->conf == NULL) {
		log_warn_lines(error);
	}
	return setup->conf != NULL;
}

static bool
load_rules(struct setup *setup)
{
	char error[RULES_ERROR_SIZE];

	setup->rules = rules_load(setup->conf->watch.rules, error);
	if (setup->rules == NULL) {
		log_warn_lines(error);
		return false;
	}
	setup->scratch = rules_scratch_new(setup->rules);
	return setup->scratch != NULL;
}

struct setup *
setup_load(const char *path)
{
	struct setup *setup = calloc(1, sizeof(*setup));

	if (setup != NULL && load_conf(setup, path) && load_rules(setup)) {
		return setup;
	}
	setup_free(setup);
	return NULL;
}

bool
setup_sources(struct setup *setup, bool once)
{
	char error[TWICE_ERROR_SIZE];

	if (twice_counted(setup->conf, error)) {
		log_warn("%s", error);
		return false;
	}
	return sources_open(&setup->sources, setup->conf, once);
}
