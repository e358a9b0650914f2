/*
 * videur-milter: hooks into Postfix or Sendmail, observes sessions and
 * refuses banned clients.
 */
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/supervise.h"
#include "conf/conf.h"
#include "milter/database.h"
#include "milter/limits.h"
#include "milter/milter.h"
#include "milter/writer.h"

enum {
	LOOK_EVERY = 500, /* ms between looks at libmilter and the log */
	STEP_EVERY = 2,   /* and between steps of learning who is banned */
	END_WAIT = 1000   /* ms for callbacks that run at the end */
};

static const struct service_info service = {
	.name = "videur-milter",
	.usage = "usage: videur-milter [-c FILE]\n"
		 "       videur-milter -V | -h\n"
		 "\n"
		 "Observe SMTP sessions and refuse banned clients.\n"
		 "  -c FILE  the configuration (" CONF_DEFAULT_FILE ")\n"
		 "  -V       print the version\n"
		 "  -h       print this help\n",
};

/*
 * libmilter waits for HUP, TERM and INT in a thread of its own and takes each
 * as a request to stop.  While our main thread handles one signal, the kernel
 * gives the next one to whichever thread waits, so two reloads in a row could
 * end the milter.  libmilter calls sigwait() by name and finds this one first:
 * it never returns.  (The system's header uses names kept for itself.)
 */
int /* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
sigwait(const sigset_t *set, int *number)
{
	(void)set;
	(void)number;
	for (;;) {
		(void)pause();
	}
}

/* To write the database, and to remove the socket at the end. */
static void
keep_rights(const struct conf *conf)
{
	struct endpoint endpoint;
	const struct sandbox_place places[] = {
		{ conf->database, SANDBOX_WRITE },
		{ endpoint.path, SANDBOX_REMOVE },
	};

	(void)endpoint_parse(conf->milter.listen, ENDPOINT_MILTER, &endpoint);
	sandbox_files(places, sizeof(places) / sizeof(places[0]));
}

/* Until it is time for a look, or a signal came. */
static enum proc_signal
wait_for_signal(struct database *database)
{
	enum proc_signal signal = PROC_SIGNAL_NONE;

	for (int i = 0;
	     i < LOOK_EVERY / STEP_EVERY && signal == PROC_SIGNAL_NONE &&
	     database_tend_filter(database);
	     i++) {
		signal = proc_signals_wait(-1, -1, STEP_EVERY);
	}
	return signal != PROC_SIGNAL_NONE
		   ? signal
		   : proc_signals_wait(-1, -1, LOOK_EVERY);
}

/* Until it is time to stop; false where libmilter stopped by itself. */
static bool
run(struct writer *writer, struct limits *limits, const char *conf_path)
{
	char error[CONF_ERROR_SIZE];

	for (;;) {
		enum proc_signal signal = wait_for_signal(
		    writer_database(writer));
		struct conf *conf;

		if (signal == PROC_SIGNAL_STOP) {
			notify_stopping();
			return true;
		}
		if (signal == PROC_SIGNAL_RELOAD) {
			notify_reloading();
			conf = conf_load(conf_path, error);
			log_warn_lines(error);
			if (conf == NULL) {
				log_warn("the old configuration stays");
			} else {
				limits_use(limits);
				writer_reload(writer, conf);
				log_info("configuration reloaded");
			}
			notify_ready();
		}
		if (milter_ended()) {
			log_warn("libmilter has stopped");
			return false;
		}
		notify_alive();
		proc_descriptors_look(proc_ticks() / 1000);
		database_tend_log(writer_database(writer));
	}
}

int
main(int argc, char **argv)
{
	struct options options;
	char error[CONF_ERROR_SIZE];
	struct conf *conf;
	struct writer *writer;
	struct limits *limits;
	bool asked;

	log_init("videur-milter");
	options = options_read(argc, argv, &service);
	if (options.done) {
		return options.status;
	}
	conf = conf_load(options.conf_path, error);
	if (conf == NULL) {
		log_fatal_lines(EXIT_USAGE, error);
	}
	log_warn_lines(error);
	proc_signals_block();
	/* Up to 200 threads of libmilter need little memory each; an arena for
	 * every one of them would be most of what this process holds. */
	(void)mallopt(M_ARENA_MAX, 2); /* NOLINT(concurrency-mt-unsafe) */
	writer = writer_new(conf);
	limits = writer == NULL ? NULL : limits_new(writer_database(writer));
	if (limits == NULL) {
		log_fatal(EXIT_USAGE, "out of memory");
	}
	/* The socket needs the rights we were started with, the database those
	 * of its owner. */
	proc_descriptors_raise();
	if (!milter_open(conf) || !proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	sandbox_calls(false);
	supervise(NULL);
	keep_rights(conf);
	if (!writer_start(writer, error)) {
		(void)milter_stop(0);
		log_fatal(EXIT_DATABASE, "%s", error);
	}
	if (!milter_serve(writer, limits)) {
		log_fatal(EXIT_USAGE, "cannot start a thread");
	}
	log_info("listening on %s", conf->milter.listen);
	notify_ready();
	asked = run(writer, limits, options.conf_path);
	if (milter_stop(END_WAIT)) {
		writer_free(writer);
	}
	log_info("stopped");
	/* Not exit(): libmilter's threads still run, and its handler would
	 * take their locks away. */
	_exit(asked ? EXIT_FINE : EXIT_USAGE);
}
