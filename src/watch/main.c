/*
 * videur-watch: follows the mail logs and turns their lines into events.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/supervise.h"
#include "base/text.h"
#include "conf/conf.h"
#include "rules/rules.h"
#include "watch/follow.h"
#include "watch/source.h"
#include "watch/upkeep.h"

enum {
	BUSY_WAIT = 20,    /* ms: the store waited already */
	ONCE_TIMEOUT = 60, /* s that -n waits for a busy database */
	LAST_TRIES = 3     /* to store what is pending at the end */
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

struct watch {
	struct options options;
	struct setup *setup;
	struct follow *follow;
};

/* ---- configuration ---- */

static void
setup_free(struct setup *setup)
{
	if (setup != NULL) {
		sources_close(&setup->sources);
		rules_scratch_free(setup->scratch);
		rules_free(setup->rules);
		conf_drop(setup->conf);
		free(setup);
	}
}

/* Configuration and rules, without sources; NULL after a log line. */
static struct setup *
setup_load(const char *path)
{
	struct setup *setup = calloc(1, sizeof(*setup));
	char error[CONF_ERROR_SIZE] = "out of memory";

	if (setup != NULL) {
		setup->sources.inotify = -1;
		setup->conf = conf_load(path, error);
		if (setup->conf != NULL) {
			log_warn_lines(error);
			setup->rules = rules_load(
			    setup->conf->watch.rules, error);
		}
		if (setup->rules != NULL) {
			log_warn_lines(error);
			setup->scratch = rules_scratch_new(setup->rules);
		}
		if (setup->scratch != NULL) {
			return setup;
		}
	}
	log_warn_lines(error);
	setup_free(setup);
	return NULL;
}

/* What does not work leaves all as it is. */
static void
reload(struct watch *watch)
{
	struct setup *fresh = setup_load(watch->options.conf_path);

	if (fresh == NULL ||
	    !sources_open(&fresh->sources, fresh->conf, false)) {
		log_warn("the old configuration stays");
		setup_free(fresh);
		return;
	}
	if (strcmp(fresh->conf->database, watch->setup->conf->database) != 0) {
		log_warn("the database stays %s: another one needs a restart",
		    watch->setup->conf->database);
		(void)text_copy(fresh->conf->database,
		    sizeof(fresh->conf->database),
		    watch->setup->conf->database);
	}
	sources_take_over(
	    &fresh->sources, &watch->setup->sources, fresh->conf->watch.zone);
	follow_use(watch->follow, fresh);
	setup_free(watch->setup);
	watch->setup = fresh;
	log_info("configuration reloaded");
}

/* ---- running ---- */

/* Wait as long as the last round makes sense of, or for something new in a
 * log; inotify misses what happens on network file systems. */
static enum proc_signal
rest(const struct watch *watch, enum follow_result result)
{
	static const int wait_ms[] = {
		[FOLLOW_MORE] = 0,
		[FOLLOW_SOON] = 100,
		[FOLLOW_DRY] = 500,
		[FOLLOW_BUSY] = BUSY_WAIT,
		[FOLLOW_FAILED] = 250,
	};
	int fds[2];

	sources_listen(&watch->setup->sources, fds);
	if (result != FOLLOW_SOON && result != FOLLOW_DRY) {
		fds[0] = fds[1] = -1;
	}
	if (result == FOLLOW_DRY && follow_forgets(watch->follow)) {
		result = FOLLOW_BUSY;
	}
	return proc_signals_wait(fds[0], fds[1], wait_ms[result]);
}

/* Store what was read; what cannot be is read again next time. */
static void
finish(struct watch *watch)
{
	for (int i = 0; i < LAST_TRIES; i++) {
		if (follow_settle(watch->follow) == FOLLOW_DRY) {
			return;
		}
	}
	log_warn("the last lines could not be stored and will be read again");
}

/* Whether a round is the last, and what the program ends with then: a new
 * watcher begins where a database that was put back stands, and one that is to
 * read what there is does not wait for long. */
static bool
is_over(bool once, enum follow_result result, int64_t deadline, int *status)
{
	if (!once) {
		*status = SUPERVISE_AGAIN;
		return result == FOLLOW_RESTORED;
	}
	*status = EXIT_DATABASE;
	return result == FOLLOW_FAILED || result == FOLLOW_RESTORED ||
	       (result == FOLLOW_BUSY && proc_ticks() > deadline);
}

/* Until it is told to stop, or once all was read that there is; the exit
 * status. */
static int
run(struct watch *watch)
{
	bool once = watch->options.once;
	int64_t deadline = proc_ticks() + ONCE_TIMEOUT * INT64_C(1000);
	bool asked = false; /* to reload */
	int status;

	for (;;) {
		enum follow_result result = follow_round(watch->follow);

		notify_alive();
		proc_descriptors_look(proc_ticks() / 1000);
		if (once && result == FOLLOW_DRY) {
			result = follow_settle(watch->follow);
			if (result == FOLLOW_DRY) {
				return EXIT_FINE;
			}
		}
		if (is_over(once, result, deadline, &status)) {
			return status;
		}
		if (asked && !follow_is_pending(watch->follow)) {
			notify_reloading();
			reload(watch);
			notify_ready();
			asked = false;
			result = FOLLOW_MORE;
		}
		switch (rest(watch, result)) {
		case PROC_SIGNAL_STOP:
			notify_stopping();
			finish(watch);
			if (once) {
				return EXIT_NO;
			}
			log_info("stopped");
			return EXIT_FINE;
		case PROC_SIGNAL_RELOAD:
			asked = !once;
			break;
		case PROC_SIGNAL_NONE:
			break;
		}
	}
}

/* ---- start ---- */

static pid_t upkeep; /* the process beside, or -1 */

static void
pass_reload(void *of)
{
	(void)of;
	if (upkeep > 0) {
		(void)kill(upkeep, SIGHUP);
	}
}

static void
end_upkeep(void *of)
{
	(void)of;
	if (upkeep > 0) {
		(void)kill(upkeep, SIGKILL);
	}
}

/* A busy database is waited for, a refused one is the end. */
static enum follow_result
open_database(const struct watch *watch)
{
	const struct sources *sources = &watch->setup->sources;
	enum follow_result opened;

	while ((opened = follow_open(watch->follow)) == FOLLOW_BUSY &&
	       proc_signals_wait(-1, -1, BUSY_WAIT) != PROC_SIGNAL_STOP) {
	}
	for (size_t i = 0; opened == FOLLOW_MORE && !watch->options.once &&
			   i < sources->count;
	     i++) {
		log_info("following %s", sources->source[i].name);
	}
	if (opened == FOLLOW_MORE) {
		notify_ready();
	}
	return opened;
}

int
main(int argc, char **argv)
{
	struct watch watch = { .options = options_read(argc, argv, &service) };
	const struct options *options = &watch.options;
	enum follow_result opened;
	struct sources *sources;
	const struct conf *conf;
	int status = EXIT_FINE;

	log_init("videur-watch");
	if (options->done) {
		return options->status;
	}
	proc_signals_block();
	watch.setup = setup_load(options->conf_path);
	if (watch.setup == NULL) {
		log_fatal(EXIT_USAGE, "not started");
	}
	conf = watch.setup->conf;
	sources = &watch.setup->sources;
	proc_descriptors_raise();
	if (!proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	if (!options->once) {
		upkeep = upkeep_start(options->conf_path);
	}
	sandbox_calls(false);
	if (!options->once) {
		supervise(&(const struct supervise_duty){
		    pass_reload, end_upkeep, NULL });
	}
	sandbox_files(
	    &(struct sandbox_place){ conf->database, SANDBOX_WRITE }, 1);
	if (!sources_open(sources, conf, options->once)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	if (sources->count == 0) {
		log_warn("no log to follow: journal = no and files is empty");
	}
	watch.follow = follow_new(watch.setup);
	if (watch.follow == NULL) {
		log_fatal(EXIT_USAGE, "out of memory");
	}
	opened = open_database(&watch);
	if (opened != FOLLOW_BUSY) {
		status = opened == FOLLOW_MORE ? run(&watch) : EXIT_DATABASE;
	}
	follow_close(watch.follow);
	setup_free(watch.setup);
	return status;
}
