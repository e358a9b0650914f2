#include "export/forms.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/ctl.h"

enum {
	LOOK_MS = 250,
	RETRY_S = 10
};

/* What to export, where to, and what to run then. */
struct job {
	enum export_form form;
	enum service service;
	const char *file; /* NULL: standard output */
	bool watch;
	char *const *argv; /* NULL: nothing */
	uint64_t digest;   /* of the export before */
	int64_t until;     /* when that says another thing by itself */
};

static struct job job;

/* ---- the words ---- */

enum exit_status
export_check(struct ctl *ctl)
{
	const struct args *args = ctl->args;
	const char *form = args->file[0];

	job = (struct job){ .file = args->value[OPTION_OUT],
		.watch = args->value[OPTION_WATCH] != NULL };
	if (!words_parse(&export_words, form, &job.form)) {
		const char *near = words_nearest(&export_words, form);

		output_complain("unknown form \"%s\"%s%s%s", form,
		    near != NULL ? ": did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"?" : "");
		return EXIT_USAGE;
	}
	job.service = args->value[OPTION_SERVICE] != NULL
			  ? args->service
			  : export_service(job.form);
	if (args->files > 1) {
		/* posix_spawn() changes nothing of it. */
		job.argv = (char *const *)(uintptr_t)&args->file[1];
	}
	if ((job.form == EXPORT_NFTABLES || job.form == EXPORT_IPSET) &&
	    job.service == SERVICE_ANY) {
		output_complain("%s: --service must be mx or submission: each "
				"has its own ports",
		    form);
		return EXIT_USAGE;
	}
	if (job.file == NULL && (job.watch || job.argv != NULL)) {
		output_complain("%s needs --out FILE",
		    job.watch ? "--watch" : "a command to run");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

/* ---- the new file ---- */

/* A file beside the one it will replace; what is written to standard output
 * goes there meanwhile. */
struct new_file {
	char path[PATH_MAX];
	int fd;
	int out; /* standard output as it was */
};

static bool
fresh_failed(const struct new_file *fresh)
{
	output_complain("%s: %s", job.file, strerrordesc_np(errno));
	if (fresh->fd >= 0) {
		(void)unlink(fresh->path);
		(void)close(fresh->fd);
	}
	return false;
}

/* It has the owner and the mode of the old one; without one it is for all to
 * read, unless it holds references or notes. */
static bool
fresh_begin(struct new_file *fresh)
{
	struct stat old = { .st_mode = job.form < EXPORT_POSTFIX ? 0644 : 0640,
		.st_uid = (uid_t)-1,
		.st_gid = (gid_t)-1 };

	fresh->fd = -1;
	errno = ENAMETOOLONG;
	if ((size_t)snprintf(fresh->path, PATH_MAX, "%s.XXXXXX", job.file) >=
	    PATH_MAX) {
		return fresh_failed(fresh);
	}
	(void)stat(job.file, &old);
	fresh->fd = mkostemp(fresh->path, O_CLOEXEC);
	/* To give it to another is root's alone, and no harm else. */
	if (fresh->fd < 0 ||
	    (fchown(fresh->fd, old.st_uid, old.st_gid) != 0 &&
		geteuid() == 0) ||
	    fchmod(fresh->fd, old.st_mode & 0777) != 0 || fflush(stdout) != 0) {
		return fresh_failed(fresh);
	}
	fresh->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return (fresh->out >= 0 && dup2(fresh->fd, STDOUT_FILENO) >= 0) ||
	       fresh_failed(fresh);
}

/* It takes the old one's place where all of it could be written. */
static bool
fresh_end(struct new_file *fresh)
{
	const bool fine = fflush(stdout) == 0 && !ferror(stdout) &&
			  fsync(fresh->fd) == 0 &&
			  rename(fresh->path, job.file) == 0;
	const int error = errno;

	clearerr(stdout);
	(void)dup2(fresh->out, STDOUT_FILENO);
	(void)close(fresh->out);
	errno = error;
	if (!fine) {
		return fresh_failed(fresh);
	}
	(void)close(fresh->fd);
	return true;
}

/* ---- one export ---- */

/* Read what there is, and write it where it differs from what was written
 * before.  Anything but EXIT_FINE after a complaint; *wrote where it was
 * written. */
static enum exit_status
export_once(struct ctl *ctl, bool *wrote)
{
	static struct new_file fresh; /* too large for a stack */
	struct export_list list = { .conf = ctl->conf,
		.form = job.form,
		.service = job.service,
		.reason = ctl->args->value[OPTION_REASON] != NULL
			      ? &ctl->args->reason
			      : NULL,
		.now = ctl->now };
	const bool rows = job.form >= EXPORT_CSV;
	bool fine;
	bool due;

	if (rows) {
		output_init(
		    job.form == EXPORT_CSV ? OUTPUT_CSV : OUTPUT_JSON, true);
	}
	store_read(ctl->store);
	export_collect(ctl->store, &list);
	fine = ctl_well(ctl, store_read_end(ctl->store));
	if (rows && fine) {
		/* Of a later moment: a change since then is one more. */
		fine = list_show(ctl) != EXIT_DATABASE;
	}
	if (list.full) {
		output_complain("out of memory");
		fine = false;
	}
	due = fine && (list.digest != job.digest || ctl->now >= job.until);
	*wrote = due && (job.file == NULL || fresh_begin(&fresh));
	if (rows) {
		(void)output_close(*wrote);
	} else if (*wrote) {
		export_write(stdout, &list);
	}
	if (*wrote && job.file != NULL) {
		*wrote = fresh_end(&fresh);
	}
	if (*wrote) {
		job.digest = list.digest;
		job.until = list.until;
	}
	export_clear(&list);
	return !fine ? EXIT_DATABASE : due && !*wrote ? EXIT_USAGE : EXIT_FINE;
}

/* Run the command; false after a complaint where it did not end well. */
static bool
run_command(void)
{
	posix_spawnattr_t how;
	sigset_t none;
	pid_t child;
	int status = 0;
	int error;

	(void)sigemptyset(&none);
	(void)posix_spawnattr_init(&how);
	(void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigmask(&how, &none);
	error = posix_spawnp(
	    &child, job.argv[0], NULL, &how, job.argv, environ);
	(void)posix_spawnattr_destroy(&how);
	if (error != 0) {
		output_complain("%s: %s", job.argv[0], strerrordesc_np(error));
		return false;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (status != 0) {
		output_complain("%s ended with %s %d", job.argv[0],
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
	}
	return status == 0;
}

/* ---- again and again ---- */

/* Wait until something may be different; false where it is to stop. */
static bool
wait_for_change(struct ctl *ctl, int64_t changes, int64_t until)
{
	enum proc_signal signal;

	do {
		signal = proc_signals_wait(-1, -1, LOOK_MS);
		(void)store_tend(ctl->store, NULL);
		ctl->now = proc_now();
	} while (signal == PROC_SIGNAL_NONE && ctl->now < until &&
		 store_changes(ctl->store) == changes);
	if (signal == PROC_SIGNAL_RELOAD) {
		job.until = ctl->now; /* written in any case */
	}
	return signal != PROC_SIGNAL_STOP;
}

/* Once it ran well, it goes on whatever fails, and tries again. */
static void
watch(struct ctl *ctl, int64_t changes)
{
	int64_t until = job.until;

	while (wait_for_change(ctl, changes, until)) {
		bool wrote;

		changes = store_changes(ctl->store);
		until = export_once(ctl, &wrote) == EXIT_FINE
			    ? job.until
			    : ctl->now + RETRY_S;
		if (wrote && job.argv != NULL) {
			(void)run_command();
		}
	}
}

enum exit_status
export_bans(struct ctl *ctl)
{
	const int64_t changes = store_changes(ctl->store);
	enum exit_status status;
	bool wrote;

	if (job.watch) {
		proc_signals_block();
	}
	status = export_once(ctl, &wrote);
	if (wrote && job.argv != NULL && !run_command() && !job.watch) {
		status = EXIT_NO;
	}
	if (status == EXIT_FINE && job.watch) {
		watch(ctl, changes);
	}
	output_init(OUTPUT_TEXT, false);
	return status;
}
