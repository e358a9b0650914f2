/*
 * videur-web: the look-up page.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/supervise.h"
#include "conf/conf.h"
#include "store/store.h"
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
	char why[LISTENER_TEXT_SIZE];
	struct conf *conf = conf_load(path, error);

	if (conf == NULL) {
		log_warn_lines(error);
		log_warn("configuration not reloaded");
		return;
	}
	log_warn_lines(error);
	const struct {
		const char *started, *now, *what;
	} kept[] = {
		{ started->web.listen, conf->web.listen,
		    "still listening where it was: another address" },
		{ started->web.metrics_listen, conf->web.metrics_listen,
		    "metrics stay where they are: another address" },
		{ started->web.zone, conf->web.zone,
		    "times are shown as before: another zone" },
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strcmp(kept[i].started, kept[i].now) != 0) {
			log_warn("%s needs a restart", kept[i].what);
		}
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

/* A socket; a port below 1024 may need root. */
static int
listen_on(const char *where)
{
	char error[LISTENER_TEXT_SIZE];
	int listener = listener_open(where, error);

	if (listener < 0) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	return listener;
}

/*
 * Keep the rights to take readers' locks, without which the log could not be
 * moved under what is being read, and to remove the sockets at the end.  Where
 * the file of the locks is missing it is made before.  Gives back which files
 * that holds for: store_files().
 */
static uint64_t
keep_rights(const struct conf *conf)
{
	struct endpoint endpoint[2] = { { .port = 0 } };
	char locks[PATH_MAX] = "";
	const struct sandbox_place places[] = {
		{ locks, SANDBOX_CHANGE },
		{ endpoint[0].path, SANDBOX_REMOVE },
		{ endpoint[1].path, SANDBOX_REMOVE },
	};
	char error[STORE_ERROR_SIZE];
	struct store *store;
	uint64_t files;

	(void)store_open(&store, conf->database, STORE_READ, 0, error);
	store_close(store);
	files = store_files(conf->database);
	(void)store_locks_file(conf->database, locks, sizeof(locks));
	(void)endpoint_parse(conf->web.listen, ENDPOINT_SERVER, &endpoint[0]);
	(void)endpoint_parse(
	    conf->web.metrics_listen, ENDPOINT_SERVER, &endpoint[1]);
	sandbox_files(places, sizeof(places) / sizeof(places[0]));
	return files;
}

/* Everything that root may have to do, and then no root any more. */
static void
prepare(struct web *web, const struct conf *conf)
{
	char error[LISTENER_TEXT_SIZE];

	proc_descriptors_raise();
	web->metrics_listener = -1;
	if (!certificate_load(conf, error)) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	web->listener = listen_on(conf->web.listen);
	if (conf->web.metrics_listen[0] != '\0') {
		web->metrics_listener = listen_on(conf->web.metrics_listen);
	}
	if (!proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "cannot give up root");
	}
	/* libc has one zone for all threads, so before there are any. */
	if (!page_zone_set(conf->web.zone)) {
		log_warn("this host knows no time zone \"%s\": times are shown "
			 "in UTC alone",
		    conf->web.zone);
	}
}

/* Bring everything up, serve, and take it down again. */
static int
run(const char *path)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(path, error);
	struct web *web = calloc(1, sizeof(*web));
	char where[LISTENER_TEXT_SIZE];
	enum proc_signal came;
	bool again = false;
	uint64_t files;

	if (conf == NULL) {
		log_fatal_lines(EXIT_USAGE, error);
	}
	log_warn_lines(error);
	if (web == NULL) {
		log_fatal(EXIT_USAGE, "out of memory");
	}
	prepare(web, conf);
	proc_signals_block();
	sandbox_calls();
	supervise();
	files = keep_rights(conf);
	if (!server_start(web, conf)) {
		return EXIT_USAGE;
	}
	if (web->metrics_listener >= 0) {
		log_info("metrics on %s",
		    listener_name(web->metrics_listener, false, where));
	}
	log_info(
	    "listening on %s", listener_name(web->listener,
				   conf->web.certificate[0] != '\0', where));
	while (!again && (came = proc_signals_wait(-1, -1, TICK_MS)) !=
			     PROC_SIGNAL_STOP) {
		if (came == PROC_SIGNAL_RELOAD) {
			reload(web, path, conf);
		}
		server_tick(web);
		proc_descriptors_look(proc_ticks() / 1000);
		again = store_files(conf->database) != files;
	}
	server_stop(web);
	/* The next worker goes on with the sockets. */
	if (!again) {
		listener_close(web->listener);
	}
	if (!again && web->metrics_listener >= 0) {
		listener_close(web->metrics_listener);
	}
	free(web);
	conf_drop(conf);
	log_info("%s",
	    again ? "the files of the database are other ones" : "stopped");
	return again ? SUPERVISE_AGAIN : EXIT_FINE;
}

int
main(int argc, char **argv)
{
	struct options options = options_read(argc, argv, &service);

	log_init(service.name);
	return options.done ? options.status : run(options.conf_path);
}
