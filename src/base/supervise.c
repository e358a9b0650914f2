#include "base/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

enum {
	MINUTE = 60 * 1000
};

static void
be_worker(pid_t parent, bool first)
{
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)pthread_sigmask(SIG_UNBLOCK, &child, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != parent) {
		_exit(EXIT_USAGE);
	}
	if (!first) {
		(void)raise(SIGHUP);
	}
}

/* Until it has ended; gives back how.  `*stop`: that was asked for. */
static int
attend(pid_t worker, const sigset_t *awaited, const struct supervise_duty *duty,
    bool *stop)
{
	int status;

	while (waitpid(worker, &status, WNOHANG) != worker) {
		const int number = sigwaitinfo(awaited, NULL);

		*stop |= number == SIGTERM || number == SIGINT;
		if (number == SIGHUP && duty != NULL) {
			duty->reload(duty->of);
		}
		if (number > 0 && number != SIGCHLD) {
			(void)kill(worker, number);
		}
	}
	return status;
}

static _Noreturn void
end(const struct supervise_duty *duty, int status)
{
	if (duty != NULL) {
		duty->end(duty->of);
	}
	_exit(status);
}

/* Say why there will be another worker; ends where there will be none. */
static void
judge(int status, const struct supervise_duty *duty, bool stop)
{
	const bool again = WIFEXITED(status) &&
			   WEXITSTATUS(status) == SUPERVISE_AGAIN;

	if (WIFEXITED(status) && (stop || !again)) {
		end(duty, again ? EXIT_FINE : WEXITSTATUS(status));
	}
	if (stop) {
		end(duty, 128 + WTERMSIG(status));
	}
	if (WIFEXITED(status)) {
		log_info("starting again");
	} else {
		log_warn("crashed (%s); starting again",
		    sigdescr_np(WTERMSIG(status)));
	}
}

void
supervise(const struct supervise_duty *duty)
{
	const struct timespec second = { .tv_sec = 1 };
	const pid_t parent = getpid();
	int64_t since = proc_ticks();
	sigset_t asked;
	sigset_t awaited;
	int started = 0; /* since then */

	(void)sigemptyset(&asked);
	(void)sigaddset(&asked, SIGHUP);
	(void)sigaddset(&asked, SIGTERM);
	(void)sigaddset(&asked, SIGINT);
	awaited = asked;
	(void)sigaddset(&awaited, SIGCHLD);
	(void)pthread_sigmask(SIG_BLOCK, &awaited, NULL);
	for (bool first = true;; first = false) {
		const pid_t worker = fork();
		bool stop = false;
		int status;

		if (worker == 0) {
			be_worker(parent, first);
			return;
		}
		if (worker > 0) {
			status = attend(worker, &awaited, duty, &stop);
			judge(status, duty, stop);
		} else {
			log_warn("cannot start a process: %s",
			    strerrordesc_np(errno));
		}
		if (proc_ticks() - since > MINUTE) {
			since = proc_ticks();
			started = 0;
		}
		if (worker < 0 || ++started > SUPERVISE_BURST) {
			const int number = sigtimedwait(&asked, NULL, &second);

			if (number == SIGTERM || number == SIGINT) {
				end(duty, EXIT_FINE);
			}
		}
	}
}
