/*
 * videur-web: the look-up page.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "web/confine.h"
#include "web/listener.h"
#include "web/numbers.h"
#include "web/reader.h"
#include "web/server.h"
#include "web/tls.h"
#include "web/zone.h"

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

/* What sanitizers find they write into files of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUST_WRITE_REPORTS true
#else
#define MUST_WRITE_REPORTS false
#endif

/* What runs. */
struct house {
	const char *conf_path;
	struct conf *conf; /* as it was started */
	struct server_parts parts;
	struct server *server;
};

/* Where the new configuration names another place, say that it takes a
 * restart. */
static void
compare_places(const struct conf *started, const struct conf *conf)
{
	if (strcmp(conf->web.listen, started->web.listen) != 0) {
		log_warn("still listening on %s: another address needs a "
			 "restart",
		    started->web.listen);
	}
	if (strcmp(conf->web.metrics_listen, started->web.metrics_listen) !=
	    0) {
		log_warn("metrics stay where they are: another address needs a "
			 "restart");
	}
	if (strcmp(conf->web.zone, started->web.zone) != 0) {
		log_warn("times are told as before: another zone needs a "
			 "restart");
	}
}

/* Read the configuration again; what does not work leaves all as it is. */
static void
reload(struct house *house)
{
	char error[CONF_ERROR_SIZE];
	char why[SERVER_ERROR_SIZE];
	char unread[TLS_ERROR_SIZE];
	struct conf *conf = conf_load(house->conf_path, error);
	struct tls tls;
	bool fresh;

	if (conf == NULL) {
		log_warn("configuration not reloaded: %s", error);
		return;
	}
	compare_places(house->conf, conf);
	fresh = tls_read(&tls, conf, unread);
	if (!fresh) {
		log_warn("certificate and key stay as they were: %s; what only "
			 "root may read needs a restart",
		    unread);
	}
	if (!server_reload(house->server, conf, fresh ? &tls : NULL, why)) {
		log_warn("certificate and key stay as they were: %s", why);
	}
	numbers_reload(house->parts.numbers, conf);
	conf_drop(conf);
	log_info("configuration reloaded");
}

static void
serve(struct house *house)
{
	enum proc_signal came;

	while ((came = proc_signals_wait(TICK_MS)) != PROC_SIGNAL_STOP) {
		if (came == PROC_SIGNAL_RELOAD) {
			reload(house);
		}
		server_tick(house->server);
		reader_rest(house->parts.reader);
	}
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

/* Everything that root may have to do, and then no root any more. */
static void
prepare(struct house *house, struct tls *tls)
{
	const struct conf *conf = house->conf;
	const char *const sockets[] = { conf->web.listen,
		conf->web.metrics_listen };
	char error[TLS_ERROR_SIZE];

	house->parts.metrics = -1;
	if (!tls_read(tls, conf, error)) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	house->parts.listener = listen_on(conf->web.listen);
	if (conf->web.metrics_listen[0] != '\0') {
		house->parts.metrics = listen_on(conf->web.metrics_listen);
	}
	if (!proc_drop_root(conf->user, conf->database)) {
		log_fatal(EXIT_USAGE, "cannot give up root");
	}
	if (!MUST_WRITE_REPORTS && !confine(conf->database, sockets,
				       sizeof(sockets) / sizeof(sockets[0]))) {
		log_warn("this process keeps rights it does not need: %s",
		    strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
	}
}

static void
start(struct house *house, struct tls *tls)
{
	char error[SERVER_ERROR_SIZE];
	struct server_parts *parts = &house->parts;

	/* libc has one zone for all threads, so before there are any. */
	if (!zone_set(house->conf->web.zone)) {
		log_warn("this host knows no time zone \"%s\": times are told "
			 "in UTC alone",
		    house->conf->web.zone);
	}
	parts->reader = reader_new();
	parts->numbers = numbers_start(house->conf);
	if (parts->reader == NULL || parts->numbers == NULL) {
		log_fatal(EXIT_USAGE, "out of memory");
	}
	house->server = server_start(parts, house->conf, tls, error);
	if (house->server == NULL) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	/* Say at once what a first visitor would find. */
	(void)reader_check(parts->reader, house->conf);
}

static void
say_where(const struct house *house, bool secure)
{
	char where[LISTENER_TEXT_SIZE];

	if (house->parts.metrics >= 0) {
		log_info("metrics on %s",
		    listener_name(house->parts.metrics, false, where));
	}
	log_info("listening on %s",
	    listener_name(house->parts.listener, secure, where));
}

static void
stop(struct house *house)
{
	server_stop(house->server);
	numbers_stop(house->parts.numbers);
	reader_free(house->parts.reader);
	listener_close(house->parts.listener);
	if (house->parts.metrics >= 0) {
		listener_close(house->parts.metrics);
	}
	conf_drop(house->conf);
}

/* Bring everything up, serve, and take it down again. */
static int
run(const char *path)
{
	char error[CONF_ERROR_SIZE];
	struct house house = { .conf_path = path,
		.conf = conf_load(path, error) };
	struct tls tls;

	if (house.conf == NULL) {
		log_fatal(EXIT_USAGE, "%s", error);
	}
	prepare(&house, &tls);
	proc_signals_block();
	start(&house, &tls);
	say_where(&house, house.conf->web.certificate[0] != '\0');
	serve(&house);
	stop(&house);
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
