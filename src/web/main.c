/*
 * videur-web: the look-up page.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "web/listener.h"
#include "web/numbers.h"
#include "web/reader.h"
#include "web/server.h"

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
	WAIT_MS = 60 * 60 * 1000
};

/* Read the configuration again; what does not work leaves all as it is. */
static void
reload(struct server *server, struct numbers_keeper *numbers, const char *path,
    const char *listening)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(path, error);

	if (conf == NULL) {
		log_warn("configuration not reloaded: %s", error);
		return;
	}
	if (strcmp(conf->web.listen, listening) != 0) {
		log_warn("still listening on %s: another address needs a "
			 "restart",
		    listening);
	}
	server_reload(server, conf);
	numbers_reload(numbers, conf);
	conf_drop(conf);
	log_info("configuration reloaded");
}

static void
serve(struct server *server, struct numbers_keeper *numbers, const char *path,
    const char *listening)
{
	enum proc_signal came;

	while ((came = proc_signals_wait(WAIT_MS)) != PROC_SIGNAL_STOP) {
		if (came == PROC_SIGNAL_RELOAD) {
			reload(server, numbers, path, listening);
		}
	}
}

/* Bring everything up, serve, and take it down again. */
static int
run(const char *path)
{
	char error[CONF_ERROR_SIZE];
	char where[LISTENER_TEXT_SIZE];
	struct conf *conf = conf_load(path, error);
	struct reader *reader;
	struct numbers_keeper *numbers;
	struct server *server;
	int listener;

	if (conf == NULL) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	/* The socket first: a port below 1024 may need root. */
	listener = listener_open(conf->web.listen, where);
	if (listener < 0) {
		log_fatal(EXIT_USAGE, "%s", where);
	}
	if (!proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "cannot give up root");
	}
	proc_signals_block();
	reader = reader_new();
	numbers = numbers_start(conf);
	server = reader != NULL && numbers != NULL
		     ? server_start(listener, reader, numbers, conf)
		     : NULL;
	if (server == NULL) {
		log_fatal(EXIT_USAGE, "the server could not be started");
	}
	/* Say at once what a first visitor would find. */
	(void)reader_check(reader, conf);
	log_info("listening on %s", listener_name(listener, where));
	serve(server, numbers, path, conf->web.listen);
	server_stop(server);
	numbers_stop(numbers);
	reader_free(reader);
	listener_close(listener);
	conf_drop(conf);
	log_info("stopped");
	return EXIT_FINE;
}

int
main(int argc, char **argv)
{
	struct options options = options_read(argc, argv, &service);

	log_init(service.name);
	return options.done ? options.status : run(options.conf_path);
}
