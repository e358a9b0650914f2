/*
 * videur-milter: hooks into Postfix or Sendmail, observes sessions and
 * refuses banned clients.
 */
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "milter/milter.h"
#include "milter/writer.h"

enum {
	LOOK_EVERY = 1000,  /* ms between looks whether libmilter still runs */
	END_PATIENCE = 1000 /* ms for callbacks that run at the end */
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

static void
reload(struct writer *writer, const char *conf_path)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(conf_path, error);

	if (conf == NULL) {
		log_warn("%s; the old configuration stays", error);
		return;
	}
	writer_reload(writer, conf);
	log_info("configuration read again");
}

/* Until it is time to stop; false where libmilter stopped by itself. */
static bool
watch_signals(struct writer *writer, const char *conf_path)
{
	for (;;) {
		switch (proc_signals_wait(LOOK_EVERY)) {
		case PROC_SIGNAL_STOP:
			return true;
		case PROC_SIGNAL_RELOAD:
			reload(writer, conf_path);
			break;
		case PROC_SIGNAL_NONE:
			break;
		}
		if (milter_ended()) {
			log_warn("libmilter has stopped");
			return false;
		}
	}
}

/* The socket needs the rights we were started with, the database those of
 * its owner. */
static struct writer *
bring_up(struct conf *conf)
{
	char error[STORE_ERROR_SIZE];
	struct writer *writer;

	if (!milter_open(conf)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	if (!proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "not started");
	}
	writer = writer_start(conf, error);
	if (writer == NULL) {
		(void)milter_stop(0);
		log_fatal(EXIT_DATABASE, "%s", error);
	}
	if (!milter_serve(writer)) {
		log_fatal(EXIT_USAGE, "cannot start a thread");
	}
	return writer;
}

int
main(int argc, char **argv)
{
	struct options options;
	char error[CONF_ERROR_SIZE];
	struct conf *conf;
	struct writer *writer;
	bool asked;

	log_init("videur-milter");
	options = options_read(argc, argv, &service);
	if (options.done) {
		return options.status;
	}
	conf = conf_load(options.conf_path, error);
	if (conf == NULL) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	proc_signals_block();
	/* Up to 200 threads of libmilter need little memory each; an arena for
	 * every one of them would be most of what this process holds. */
	(void)mallopt(M_ARENA_MAX, 2); /* NOLINT(concurrency-mt-unsafe) */
	writer = bring_up(conf);
	log_info("listening on %s", conf->milter.listen);
	asked = watch_signals(writer, options.conf_path);
	if (milter_stop(END_PATIENCE)) {
		writer_stop(writer);
	}
	log_info("stopped");
	/* Not exit(): libmilter's threads still run, and its handler would
	 * take their locks away. */
	_exit(asked ? EXIT_FINE : EXIT_USAGE);
}
