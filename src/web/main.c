/*
 * videur-web: the look-up page.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/supervise.h"
#include "conf/conf.h"
#include "store/store.h"
#include "web/certificate.h"
#include "web/listener.h"
#include "web/page.h"
#include "web/web.h"

static const struct service_info service = {
	.name = "videur-web",
	.usage = "usage: videur-web [-c FILE]\n"
		 "       videur-web -V | -h\n"
		 "\n"
		 "Serve the page and the JSON that say whether an address is "
		 "banned.\n"
		 "  -c FILE  the configuration (" CONF_DEFAULT_FILE ")\n"
		 "  -V       print the version\n"
		 "  -h       print this help\n",
};

enum {
	TICK_MS = 1000
};

/* Read the configuration again; what does not work leaves all as it is.
 * Where it names another place than it was started with, that takes a
 * restart. */
static void
reload(struct web *web, const char *path, const struct conf *started)
{
	char error[CONF_ERROR_SIZE];
	char why[CERTIFICATE_ERROR_SIZE];
	struct conf *conf = conf_load(path, error);

	if (conf == NULL) {
		log_warn_lines(error);
		log_warn("configuration not reloaded");
		return;
	}
	log_warn_lines(error);
	if (strcmp(started->web.zone, conf->web.zone) != 0) {
		log_warn("times are shown as before: another zone needs a "
			 "restart");
	}
	if (!certificate_load(conf, why)) {
		log_warn("certificate and key stay as they were: %s; what only "
			 "root may read needs a restart",
		    why);
	}
	server_reload(web, conf);
	conf_drop(conf);
	log_info("configuration reloaded");
}

/* ---- the process that was started ---- */

enum {
	TELLS,
	HEARS,
	ENDS
};

/* What it keeps for the one that serves. */
struct parent {
	const char *path; /* of the configuration */
	struct listeners listeners;
	int channel[ENDS]; /* to the one that serves */
};

/* A configuration that is wrong is told of by the one that serves. */
static void
parent_reload(void *of)
{
	struct parent *parent = of;
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(parent->path, error);

	if (conf != NULL) {
		listeners_follow(
		    &parent->listeners, conf, parent->channel[TELLS]);
		conf_drop(conf);
	}
}

static void
parent_end(void *of)
{
	struct parent *parent = of;

	listeners_close(&parent->listeners);
}

/* Everything that root may have to do, and then no root any more. */
static void
prepare(struct parent *parent, const struct conf *conf)
{
	char error[LISTENER_TEXT_SIZE];

	proc_descriptors_raise();
	/* A port below 1024 may need root. */
	if (!certificate_load(conf, error) ||
	    !listeners_open(&parent->listeners, conf, error)) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, parent->channel) != 0 ||
	    !proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "cannot give up root");
	}
	/* libc has one zone for all threads, so before there are any. */
	if (!page_zone_set(conf->web.zone)) {
		log_warn("this host knows no time zone \"%s\": times are shown "
			 "in UTC alone",
		    conf->web.zone);
	}
}

/* ---- the one that serves ---- */

/*
 * Keep the right to take readers' locks, without which the log could not be
 * moved under what is being read.  Where the file of the locks is missing it
 * is made before.  Gives back which files that holds for: store_files().
 */
static uint64_t
keep_rights(const struct conf *conf)
{
	char locks[PATH_MAX] = "";
	char error[STORE_ERROR_SIZE];
	struct store *store;
	uint64_t files;

	(void)store_open(&store, conf->database, STORE_READ, 0, error);
	store_close(store);
	files = store_files(conf->database);
	(void)store_locks_file(conf->database, locks, sizeof(locks));
	sandbox_calls(false);
	sandbox_files(&(struct sandbox_place){ locks, SANDBOX_CHANGE }, 1);
	return files;
}

/* Until it is told to stop, or the database has other files. */
static int
serve(struct web *web, const struct parent *parent, struct conf *conf)
{
	const int channel = parent->channel[HEARS];
	const uint64_t files = keep_rights(conf);
	enum proc_signal came = PROC_SIGNAL_NONE;
	bool again = false;
	struct listeners listeners;

	if (!server_start(web, conf, &parent->listeners)) {
		return EXIT_USAGE;
	}
	notify_ready();
	while (!again && came != PROC_SIGNAL_STOP) {
		came = proc_signals_wait(channel, -1, TICK_MS);
		if (listeners_receive(channel, &listeners)) {
			(void)server_listen(web, &listeners);
		}
		if (came == PROC_SIGNAL_RELOAD) {
			notify_reloading();
			reload(web, parent->path, conf);
			notify_ready();
		}
		server_tick(web);
		notify_alive();
		proc_descriptors_look(proc_ticks() / 1000);
		again = store_files(conf->database) != files;
	}
	if (!again) {
		notify_stopping();
	}
	server_stop(web);
	log_info("%s",
	    again ? "the files of the database are other ones" : "stopped");
	return again ? SUPERVISE_AGAIN : EXIT_FINE;
}

/* Bring everything up, serve, and take it down again. */
static int
run(const char *path)
{
	static struct parent parent;
	static struct web web;
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(path, error);
	int status;

	if (conf == NULL) {
		log_fatal_lines(EXIT_USAGE, error);
	}
	log_warn_lines(error);
	parent.path = path;
	prepare(&parent, conf);
	proc_signals_block();
	sandbox_calls(true);
	supervise(&(const struct supervise_duty){
	    parent_reload, parent_end, &parent });
	(void)close(parent.channel[TELLS]);
	status = serve(&web, &parent, conf);
	conf_drop(conf);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = options_read(argc, argv, &service);

	log_init(service.name);
	return options.done ? options.status : run(options.conf_path);
}
