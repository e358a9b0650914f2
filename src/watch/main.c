/*
 * videur-watch: follows the mail logs and turns their lines into events.
 */
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "watch/bell.h"
#include "watch/desk.h"
#include "watch/ingest.h"
#include "watch/setup.h"
#include "watch/source.h"

enum {
	LOOK_EVERY = 2000,  /* ms: inotify misses network file systems */
	LOOK_SOON = 100,    /* ms, while a file is about to be left */
	BUSY_NAP = 20,      /* ms: the store waited already */
	FAILED_NAP = 1000,  /* ms */
	ONCE_PATIENCE = 60, /* s that -n waits for a busy database */
	LAST_TRIES = 3      /* to store what is pending at the end */
};

static const struct service_info service = {
	.name = "videur-watch",
	.usage = "usage: videur-watch [-n] [-c FILE]\n"
		 "       videur-watch -V | -h\n"
		 "\n"
		 "Follow the mail logs and count what clients do.\n"
		 "  -c FILE  the configuration (" CONF_DEFAULT_FILE ")\n"
		 "  -n       read what there is now, and end\n"
		 "  -V       print the version\n"
		 "  -h       print this help\n",
	.has_once = true,
};

/* ---- running ---- */

struct watch {
	struct options options;
	struct setup *setup;
	struct ingest *ingest;
	struct bell bell;
};

static void
use_setup(struct watch *watch)
{
	struct setup *setup = watch->setup;

	ingest_use(watch->ingest, setup->conf, setup->rules, setup->scratch,
	    &setup->sources);
}

/* What does not work leaves all as it is. */
static void
reload(struct watch *watch)
{
	struct setup *fresh = setup_load(watch->options.conf_path);

	if (fresh == NULL || !setup_sources(fresh, false)) {
		log_warn("the old configuration stays");
		setup_free(fresh);
		return;
	}
	sources_take_over(&fresh->sources, &watch->setup->sources);
	setup_free(watch->setup);
	watch->setup = fresh;
	use_setup(watch);
	log_info("configuration read again");
}

static void
listen(struct watch *watch)
{
	struct sources *sources = &watch->setup->sources;

	for (size_t i = 0; i < sources->count; i++) {
		source_listen(&sources->source[i], &watch->bell);
	}
}

/* Wait as long as the last round makes sense of. */
static enum proc_signal
rest(const struct watch *watch, enum ingest_flow flow)
{
	switch (flow) {
	case INGEST_MORE:
		return proc_signals_wait(0);
	case INGEST_SOON:
		return proc_signals_wait_or(watch->bell.fd, LOOK_SOON);
	case INGEST_DRY:
		return proc_signals_wait_or(watch->bell.fd, LOOK_EVERY);
	case INGEST_BUSY:
		return proc_signals_wait(BUSY_NAP);
	case INGEST_FAILED:
		break;
	}
	return proc_signals_wait(FAILED_NAP);
}

static void
follow(struct watch *watch)
{
	bool asked = false; /* to reload */

	for (;;) {
		enum ingest_flow flow;

		bell_quiet(&watch->bell);
		flow = ingest_round(watch->ingest);
		if (asked && !ingest_is_pending(watch->ingest)) {
			reload(watch);
			asked = false;
			flow = INGEST_MORE;
		}
		listen(watch);
		switch (rest(watch, flow)) {
		case PROC_SIGNAL_STOP:
			return;
		case PROC_SIGNAL_RELOAD:
			asked = true;
			break;
		case PROC_SIGNAL_NONE:
			break;
		}
	}
}

/* Store what was read; what cannot be is read again next time. */
static void
finish(struct watch *watch)
{
	for (int i = 0; i < LAST_TRIES; i++) {
		if (ingest_settle(watch->ingest) == INGEST_DRY) {
			return;
		}
	}
	log_warn("the last lines could not be stored and will be read again");
}

/* All there is now; the exit status. */
static int
catch_up(struct watch *watch)
{
	int64_t deadline = proc_ticks() + ONCE_PATIENCE * INT64_C(1000);

	for (;;) {
		enum ingest_flow flow = ingest_round(watch->ingest);

		if (flow == INGEST_DRY) {
			flow = ingest_settle(watch->ingest);
			if (flow == INGEST_DRY) {
				return EXIT_FINE;
			}
		}
		if (flow == INGEST_FAILED ||
		    (flow == INGEST_BUSY && proc_ticks() > deadline)) {
			return EXIT_DATABASE;
		}
		if (rest(watch, flow) == PROC_SIGNAL_STOP) {
			finish(watch);
			return EXIT_NO;
		}
	}
}

/* ---- beginning ---- */

/* A busy database is waited for, a refused one is the end. */
static bool
open_desk(struct desk *desk, const char *path)
{
	char error[STORE_ERROR_SIZE];
	enum store_result result;
	struct log_gate gate = { .open_at = 0 };
	int64_t held;

	while ((result = desk_open(desk, path, error)) == STORE_BUSY) {
		if (log_gate_open(&gate, proc_now(), &held)) {
			log_warn("%s; waiting for it", error);
		}
		if (proc_signals_wait(BUSY_NAP) == PROC_SIGNAL_STOP) {
			return false;
		}
	}
	if (result != STORE_OK) {
		log_fatal(EXIT_DATABASE, "%s", error);
	}
	return true;
}

static void
bring_up(struct watch *watch)
{
	const struct conf *conf;

	watch->setup = setup_load(watch->options.conf_path);
	if (watch->setup == NULL) {
		log_fatal(EXIT_USAGE, "not started");
	}
	conf = watch->setup->conf;
	if (!proc_drop_root(conf->user, conf->database) ||
	    !setup_sources(watch->setup, watch->options.once)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	if (watch->setup->sources.count == 0) {
		log_warn("neither journal nor files: there is nothing to do");
	}
}

static void
tell_sources(const struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		log_info("following %s", sources->source[i].name);
	}
}

static int
run(struct watch *watch)
{
	int status = EXIT_FINE;
	struct desk desk;

	proc_signals_block();
	bring_up(watch);
	if (!open_desk(&desk, watch->setup->conf->database)) {
		return EXIT_FINE;
	}
	watch->ingest = ingest_new(&desk);
	if (watch->ingest == NULL) {
		log_fatal(EXIT_USAGE, "out of memory");
	}
	use_setup(watch);
	bell_open(&watch->bell);
	if (watch->options.once) {
		status = catch_up(watch);
	} else {
		tell_sources(&watch->setup->sources);
		follow(watch);
		finish(watch);
		log_info("stopped");
	}
	ingest_free(watch->ingest);
	setup_free(watch->setup);
	bell_close(&watch->bell);
	return status;
}

int
main(int argc, char **argv)
{
	struct watch watch = { .options = options_read(argc, argv, &service) };

	log_init("videur-watch");
	return watch.options.done ? watch.options.status : run(&watch);
}
