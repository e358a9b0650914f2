#include "watch/upkeep.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/supervise.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "watch/allowed_names.h"
#include "watch/announce.h"
#include "watch/notices.h"

enum {
	TICK_MS = 1000,
	NAMES_EVERY = 5, /* s between looks for names that are due */
	NAMES_AGAIN = 10 /* and after one that found some */
};

struct upkeep {
	const char *path;
	struct conf *conf;
	pid_t names;      /* the process that asks, or 0 */
	int64_t names_at; /* the next look, in seconds; 0: now */
	struct notices notices;
	struct announce announce;
};

/* One that is wrong leaves all as it is: the one that follows the logs tells
 * why. */
static void
load(struct upkeep *upkeep)
{
	char error[CONF_ERROR_SIZE];
	struct conf *fresh = conf_load(upkeep->path, error);

	if (fresh != NULL) {
		conf_drop(upkeep->conf);
		upkeep->conf = fresh;
	}
}

/* ---- names on the allow list ---- */

static void
ask_names(struct upkeep *upkeep, int64_t now)
{
	int status;

	if (upkeep->names > 0 &&
	    waitpid(upkeep->names, &status, WNOHANG) == upkeep->names) {
		upkeep->names = 0;
		if (WIFSIGNALED(status)) {
			log_warn("looking up the names of the allow list: %s",
			    WTERMSIG(status) == SIGALRM
				? "that took too long"
				: sigdescr_np(WTERMSIG(status)));
		}
	}
	if (upkeep->names > 0 ||
	    !engine_due(upkeep->names_at, now, NAMES_AGAIN)) {
		return;
	}
	upkeep->names_at = now + NAMES_EVERY;
	if (allowed_names_due(upkeep->conf, now)) {
		upkeep->names_at = now + NAMES_AGAIN;
		upkeep->names = allowed_names_ask(upkeep->conf);
	}
}

/* ---- what is to be told ---- */

static void
announce(struct upkeep *upkeep, int64_t now)
{
	if (upkeep->conf->notify.items > 0) {
		notices_look(
		    &upkeep->notices, upkeep->conf, &upkeep->announce, now);
	} else {
		upkeep->notices.begun = false;
	}
	announce_tick(&upkeep->announce, upkeep->conf, proc_ticks());
}

/* ---- the process ---- */

static _Noreturn void
run(const char *path)
{
	static struct upkeep upkeep; /* too large for a stack */

	upkeep.path = path;
	proc_signals_block();
	load(&upkeep);
	for (;;) {
		if (upkeep.conf != NULL) {
			ask_names(&upkeep, proc_now());
			announce(&upkeep, proc_now());
		}
		switch (proc_signals_wait(-1, -1, TICK_MS)) {
		case PROC_SIGNAL_STOP:
			_exit(EXIT_FINE);
		case PROC_SIGNAL_RELOAD:
			load(&upkeep);
			break;
		case PROC_SIGNAL_NONE:
			break;
		}
	}
}

pid_t
upkeep_start(const char *path)
{
	const pid_t parent = getpid();
	const pid_t child = fork();

	if (child < 0) {
		log_warn("cannot start a process: %s", strerrordesc_np(errno));
	}
	if (child != 0) {
		return child;
	}
	(void)prctl(PR_SET_NAME, "videur-upkeep");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != parent) {
		_exit(EXIT_USAGE);
	}
	supervise(NULL);
	run(path);
}
