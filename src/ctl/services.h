/*
 * The services of this host that run with one configuration file, found among
 * the processes: a unit of systemd need not have started them.
 */
#ifndef CTL_SERVICES_H
#define CTL_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum {
	SERVICES_MAX = 16
};

struct running {
	const char *name; /* "videur-milter" */
	long pid;         /* of the process that takes SIGHUP */
	/* Its sign of life; STATE_COUNT: it gives none. */
	enum engine_state life;
	bool told; /* to read the configuration again */
	bool done; /* and it has */
};

/* Those that read that file (NULL: the default one); gives back how many. */
size_t services_find(const char *file, struct running out[static SERVICES_MAX]);

/*
 * Tell them to read it again, and wait until those that sign life say that they
 * run in that mode, for some seconds.  `store` is in no bracket.  False after a
 * complaint about each of which that is not known.
 */
bool services_reload(struct running *services, size_t count,
    struct store *store, enum conf_mode mode);

#endif
