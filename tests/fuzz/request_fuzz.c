/*
 * Whatever is asked for, the routes give a whole answer, and nothing of what
 * was sent comes back as markup.
 *
 * The first byte chooses the method and how the visitor comes; then follow,
 * each ended by NUL or the end of it all: the path, ip, ref, lang, Accept,
 * Accept-Language and X-Forwarded-For.  "-" is one that was not sent.  With 8
 * in the byte it is Dovecot that asks, and the fields are the path, the body,
 * the command and the secret.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "store/store.h"
#include "web/http.h"
#include "web/site.h"
#include "web/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	NOW = 1795284000,
	FIELDS = 7,
	HOUR = 3600
};

static struct conf *conf;
static struct site *site;
static struct web web;
static char folder[] = "/tmp/videur-fuzz-XXXXXX";
static char database[64];
static char body[WEB_BODY_MAX];

static void
need(bool fine)
{
	if (!fine) {
		abort();
	}
}

/* Nothing is left behind but what a crash leaves. */
static void
clear(void)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char path[80];

	lookup_close(&web.lookup);
	site_drop(site);
	conf_drop(conf);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", database, tails[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

static void
write_conf(const char *path)
{
	FILE *file = fopen(path, "w");

	need(file != NULL);
	(void)fprintf(file,
	    "database = \"%s\"\ncontact = \"postmaster@example.fr\"\n"
	    "lookup-url = \"https://postmaster.example.fr/\"\n"
	    "web { trusted-proxies = {\"127.0.0.1\"}\n"
	    "auth-policy-header = \"X-Key: abc\" }\n",
	    database);
	need(fclose(file) == 0);
}

/* Some bans: by a client's rule, of a network, by IPv6. */
static void
fill(void)
{
	static const char *const who[] = { "192.0.2.7", "203.0.113.0/24",
		"2001:db8::/64" };
	char error[STORE_ERROR_SIZE];
	struct store *store;

	need(
	    store_open(&store, database, STORE_WRITE, 1000, error) == STORE_OK);
	store_begin(store);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		/* That of IPv6 is for failed logins. */
		struct ban ban = { .reason = (enum reason)i,
			.ends = NOW + HOUR };
		int64_t was;

		need(net_parse(who[i], &ban.who));
		(void)engine_ban(store, conf, &ban, NOW - HOUR, &was);
	}
	need(store_commit(store) == STORE_OK);
	store_close(store);
}

static void
load(void)
{
	char error[CONF_ERROR_SIZE];
	char path[64];

	log_init("fuzz");
	need(mkdtemp(folder) != NULL);
	(void)snprintf(database, sizeof(database), "%s/videur.db", folder);
	(void)snprintf(path, sizeof(path), "%s/videur.conf", folder);
	write_conf(path);
	conf = conf_load(path, error);
	(void)unlink(path);
	need(conf != NULL);
	fill();
	lookup_init(&web.lookup);
	need(pthread_mutex_init(&web.stats.lock, NULL) == 0);
	need(pthread_cond_init(&web.stats.counted, NULL) == 0);
	rate_init(&web.rate);
	site = site_new(conf);
	need(site != NULL);
	need(atexit(clear) == 0);
}

/* The next field, of its own memory so that nobody reads beyond its end;
 * NULL where it was not sent. */
static char *
next(const char **at, const char *end)
{
	size_t len = strnlen(*at, (size_t)(end - *at));
	char *field = strndup(*at, len);

	need(field != NULL);
	*at += len < (size_t)(end - *at) ? len + 1 : len;
	if (strcmp(field, "-") == 0) {
		free(field);
		return NULL;
	}
	return field;
}

static void
check(const struct response *response)
{
	static const unsigned known[] = { 200, 400, 403, 404, 405, 429 };
	bool fine = false;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		fine = fine || response->status == known[i];
	}
	if (response->status == 204) { /* OPTIONS, and the icons */
		need(response->type == NULL && response->body.len == 0);
		return;
	}
	need(fine && response->type != NULL && !response->body.cut);
	need(response->body.len > 0 &&
	     strlen(response->body.buf) == response->body.len);
	need(response->retry_after >= 0);
	if (strcmp(response->type, "text/html; charset=utf-8") == 0) {
		need(strstr(response->body.buf, "<zz") == NULL);
	}
	if (strcmp(response->type, "application/json") == 0) {
		need(response->body.buf[0] == '{');
	}
}

static void
ask(uint8_t how, char *const field[FIELDS], int64_t ticks)
{
	const struct sockaddr proxy = { .sa_family = AF_UNIX };
	struct request request = { .web = &web,
		.site = site,
		.now = NOW,
		.ticks = ticks,
		.reads = how % 4 < 2,
		.unbelieved = how % 8 > 3,
		.path = field[0] != NULL ? field[0] : "/",
		.ip = field[1],
		.asked = { field[1] },
		.asks = field[1] != NULL,
		.ref = field[2],
		.lang = field[3],
		.accept = field[4],
		.accept_language = field[5] };
	struct response response = { .status = 0 };

	request.visitor_known = visitor_address(
	    conf, &proxy, field[6] != NULL ? field[6] : "", &request.visitor);
	text_init(&response.body, body, sizeof(body));
	routes_answer(&request, &response);
	check(&response);
}

/* What is answered to Dovecot is one of two things, whatever it asks. */
static void
ask_as_dovecot(uint8_t how, char *const field[FIELDS], int64_t ticks)
{
	const struct request request = { .web = &web,
		.site = site,
		.now = NOW,
		.ticks = ticks,
		.wrong = how % 4 == 3 ? 413 : 0,
		.path = field[0] != NULL ? field[0] : "/",
		.body = field[1],
		.command = field[2],
		.secret = field[3] };
	struct response response = { .status = 0 };

	text_init(&response.body, body, sizeof(body));
	auth_policy_answer(&request, &response);
	check(&response);
	if (response.status == 200) {
		need(text_after(body, "{\"status\":0,\"msg\":\"\"}\n") ||
		     text_after(body, "{\"status\":-1,\"msg\":\""));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int64_t ticks;
	const char *at = (const char *)data + 1;
	const char *end = (const char *)data + size;
	char *field[FIELDS];

	if (conf == NULL) {
		load();
	}
	if (size == 0) {
		return 0;
	}
	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = next(&at, end);
	}
	/* As the server has them: the path and the arguments were undone. */
	for (size_t i = 0; i < 4; i++) {
		if (field[i] != NULL) {
			need(http_unescape(NULL, NULL, field[i]) ==
			     strlen(field[i]));
		}
	}
	ticks += 500;
	if ((data[0] & 8) != 0) {
		ask_as_dovecot(data[0], field, ticks);
	} else {
		ask(data[0], field, ticks);
	}
	for (size_t i = 0; i < FIELDS; i++) {
		free(field[i]);
	}
	return 0;
}
