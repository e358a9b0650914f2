#include "doctor/facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/file.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "core/kind.h"
#include "doctor/mta.h"
#include "engine/engine.h"
#include "rules/rules.h"

enum {
	DNS_MS = 10000, /* for all domains */
	PROGRAM_MS = 5000,
	TAIL_MAX = 4096,
	TRY_SECONDS = 3,    /* a network's file system may hang */
	CANNOT_BECOME = 255 /* no errno is so high */
};

/* ---- what another user can reach ---- */

static int
try_read(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) >= 0
		   ? 0
		   : errno;
}

static int
try_search(const char *path)
{
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* Connect to where a program listens, for so many seconds; -1 with errno. */
static int
connect_to(const struct endpoint *to)
{
	const struct timeval limit = { .tv_sec = TRY_SECONDS };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in6 in = { .sin6_family = AF_INET6,
		.sin6_port = htons(to->port) };
	const struct sockaddr *at = to->is_unix ? (const void *)&un
						: (const void *)&in;
	socklen_t size = to->is_unix ? sizeof(un) : sizeof(in);
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addr host;

	/* All addresses, and "localhost", are this host's. */
	if (!addr_parse(to->host, &host) ||
	    strspn(to->host, "0.:") == strlen(to->host)) {
		(void)addr_parse("127.0.0.1", &host);
	}
	memcpy(&in.sin6_addr, host.byte, sizeof(host.byte));
	(void)text_copy(un.sun_path, sizeof(un.sun_path), to->path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (fd >= 0 && connect(fd, at, size) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Mode bits do not tell what a user can reach (there are access lists, and
 * Linux has more than both), so a child process becomes that user and tries.
 * 0, the errno it meets, or FACTS_UNKNOWN. */
static int
try_as(const struct proc_user *user, int (*try)(const char *path),
    const char *path)
{
	bool is_root = geteuid() == 0;
	int status = 0;
	pid_t pid = is_root || geteuid() == user->uid ? fork() : -1;

	if (pid == 0) {
		(void)alarm(TRY_SECONDS);
		_exit(
		    is_root && !proc_become(user) ? CANNOT_BECOME : try(path));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == CANNOT_BECOME) {
		return FACTS_UNKNOWN;
	}
	return WEXITSTATUS(status);
}

/* ---- logs ---- */

static struct log_fact *
add_log(struct facts *facts, const char *path)
{
	struct log_fact *log = &facts->log[facts->logs++];
	const struct group *group;
	struct stat st;

	*log = (struct log_fact){ .result = FACTS_UNKNOWN };
	(void)text_copy(log->path, sizeof(log->path), path);
	if (facts->user_known) {
		log->result = try_as(&facts->user, try_read, path);
	}
	if (stat(path, &st) != 0) {
		return log;
	}
	log->written = st.st_mtime;
	/* root's group is nobody's way to read a log. */
	if ((st.st_mode & S_IRGRP) != 0 && st.st_gid != 0) {
		/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		group = getgrgid(st.st_gid);
		(void)text_copy(log->group, sizeof(log->group),
		    group != NULL ? group->gr_name : "");
	}
	return log;
}

/* The journal's path, or "yes" for the system's: one of its files stands for
 * all. */
static void
add_journal(struct facts *facts, const char *journal)
{
	bool is_system = strcmp(journal, "yes") == 0;
	struct log_fact *log;
	glob_t found;

	/* One thread. NOLINTBEGIN(concurrency-mt-unsafe) */
	if (is_system &&
	    (glob("/var/log/journal/*/system.journal", 0, NULL, &found) == 0 ||
		glob("/run/log/journal/*/system.journal", 0, NULL, &found) ==
		    0)) {
		log = add_log(facts, found.gl_pathv[0]);
		globfree(&found);
	} else {
		log = add_log(facts, journal);
		log->result = is_system ? ENOENT : log->result;
	}
	/* NOLINTEND(concurrency-mt-unsafe) */
	log->is_journal = is_system;
}

/* What the last line of each log says about when it was written. */
static void
look_at_last_lines(struct facts *facts)
{
	static char tail[TAIL_MAX + 1]; /* too large for a stack */
	char error[RULES_ERROR_SIZE];
	struct rules *rules = rules_load(facts->conf->watch.rules, error);
	struct rules_scratch *scratch = rules != NULL ? rules_scratch_new(rules)
						      : NULL;

	for (size_t i = 0; scratch != NULL && i < facts->logs; i++) {
		struct log_fact *log = &facts->log[i];
		struct rules_clock clock = rules_clock(
		    log->written, facts->conf->watch.zone);
		struct finding finding = { .at = 0 };
		struct log_line line = { .text = tail };
		int fd = open(log->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		off_t end = lseek(fd, 0, SEEK_END);
		ssize_t got = pread(
		    fd, tail, TAIL_MAX, end > TAIL_MAX ? end - TAIL_MAX : 0);
		const char *before;

		(void)close(fd);
		if (got <= 0) {
			continue;
		}
		tail[got - (tail[got - 1] == '\n')] = '\0';
		before = strrchr(tail, '\n');
		line.text = before != NULL ? before + 1 : tail;
		line.len = strlen(line.text);
		(void)rules_match(rules, scratch, &line, &clock, &finding);
		log->last = clock.local ? finding.at : 0;
	}
	rules_scratch_free(scratch);
	rules_free(rules);
}

/* The first unit that videur.conf adds to the usual ones and that never wrote
 * into the journal. */
static void
look_at_units(struct facts *facts)
{
	const char *journal = facts->conf->watch.journal;
	const struct conf_list *units = &facts->conf->watch.units;
	struct stat st;
	const char *where = strcmp(journal, "yes") == 0 ? NULL
			    : stat(journal, &st) == 0 && S_ISDIR(st.st_mode)
				? "--directory"
				: "--file";
	struct run_output said;

	if (run_program((const char *const[]){ "journalctl", "-q", "-F",
			    "_SYSTEMD_UNIT", where, journal, NULL },
		PROGRAM_MS, &said) != RUN_FINE) {
		return;
	}
	for (size_t i = 0; i < units->items && facts->unit == NULL; i++) {
		const char *item = units->item[i];
		bool there = strstr(CONF_UNITS, item) != NULL;
		struct postconf lines = postconf_read(said.text);
		const char *line = NULL;

		while (!there && (line = postconf_next(&lines, line)) != NULL) {
			char bare[CONF_PATH_SIZE]; /* without ".service" */
			const char *end = strrchr(line, '.');
			struct text text;

			text_init(&text, bare, sizeof(bare));
			text_add_bytes(&text, line,
			    end != NULL ? (size_t)(end - line) : 0);
			there = fnmatch(item, line, FNM_NOESCAPE) == 0 ||
				fnmatch(item, bare, FNM_NOESCAPE) == 0;
		}
		facts->unit = there ? NULL : item;
	}
	free(said.text);
}

/* ---- the rest of the host ---- */

/* The first folder on the way to a path that its group or all may write in,
 * but for one like /tmp; or empty. */
static void
find_unsafe(const char *path, char folder[static CONF_PATH_SIZE])
{
	struct stat st;

	for (const char *at = strchr(path + 1, '/'); at != NULL;
	     at = strchr(at + 1, '/')) {
		(void)text_copy(folder, CONF_PATH_SIZE, path);
		folder[at - path] = '\0';
		if (stat(folder, &st) == 0 &&
		    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
		    (st.st_mode & S_ISVTX) == 0) {
			return;
		}
	}
	folder[0] = '\0';
}

static void
look_at_socket(struct facts *facts)
{
	struct socket_fact *socket = &facts->socket;
	const char *owner = facts->sendmail.there
				? facts->sendmail.run_as
				: mta_get(&facts->mta[0], "mail_owner");

	socket->result = FACTS_UNKNOWN;
	if (text_after(facts->conf->milter.listen, "inet") != NULL) {
		return;
	}
	socket->path = strchr(facts->conf->milter.listen, '/');
	if (socket->path == NULL ||
	    (facts->mta[0].state != MTA_THERE && !facts->sendmail.there) ||
	    !proc_service_user(owner[0] != '\0' ? owner : "postfix",
		socket->path, &socket->owner)) {
		return;
	}
	if (facts->sendmail.there) {
		find_unsafe(socket->path, socket->unsafe);
	}
	socket->result = try_as(&socket->owner, file_connect, socket->path);
	/* The first folder on the way that the user cannot pass. */
	for (const char *at = strchr(socket->path + 1, '/');
	     socket->result == EACCES && at != NULL; at = strchr(at + 1, '/')) {
		(void)text_copy(
		    socket->blocked, sizeof(socket->blocked), socket->path);
		socket->blocked[at - socket->path] = '\0';
		if (try_as(&socket->owner, try_search, socket->blocked) > 0) {
			return;
		}
	}
	socket->blocked[0] = '\0';
}

/* Ask videur-web, at a place where it listens, how it is.  What speaks TLS is
 * only connected to. */
static enum page_answer
ask_page(const struct conf *conf, const char *where)
{
	static const char question[] = "GET /healthz HTTP/1.0\r\n\r\n";
	struct endpoint listen = { .port = 0 };
	char answer[] = "HTTP/1.1 200"; /* and its room */
	ssize_t got = -1;
	int fd;

	(void)endpoint_parse(where, ENDPOINT_SERVER, &listen);
	fd = connect_to(&listen);
	if (fd >= 0 && conf->web.certificate[0] != '\0') {
		got = (ssize_t)strlen(answer);
	} else if (fd >= 0 &&
		   send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) > 0) {
		got = recv(fd, answer, strlen(answer), MSG_WAITALL);
	}
	(void)close(fd);
	return got <= 0                         ? PAGE_SILENT
	       : strstr(answer, " 200") == NULL ? PAGE_SICK
						: PAGE_FINE;
}

static void
look_at_operator(struct facts *facts)
{
	const struct conf_list *places = &facts->conf->web.operator_listen;

	for (size_t i = 0; i < places->items; i++) {
		const char *path = text_after(places->item[i], "unix:");
		char folder[CONF_PATH_SIZE];
		struct stat st;

		if (path != NULL && stat(path, &st) == 0) {
			facts->operator_loose[i] = (st.st_mode & S_IWOTH) != 0;
		}
		if (path != NULL && file_folder(path, folder, sizeof(folder)) &&
		    stat(folder, &st) == 0) {
			facts->operator_open[i] = (st.st_mode & S_IWOTH) != 0;
		}
	}
}

static void
look_at_languages(struct facts *facts)
{
	const char *folder = facts->conf->web.templates;
	struct language_list list;

	language_list(folder, &list);
	for (size_t i = 0; i < list.count && folder[0] != '\0'; i++) {
		const size_t here = facts->languages;

		if (language_check(
			folder, list.tag[i], &facts->language[here].faults)) {
			(void)text_copy(facts->language[here].tag,
			    LANGUAGE_TAG_SIZE, list.tag[i]);
			facts->languages++;
		}
	}
}

static void
look_at_page(struct facts *facts)
{
	const struct conf *conf = facts->conf;
	const char *const contacts[] = { conf->contact, conf->web.abuse };
	const char *host = strstr(conf->lookup_url, "://");

	look_at_operator(facts);
	look_at_languages(facts);
	for (size_t i = 0; i < sizeof(contacts) / sizeof(contacts[0]); i++) {
		for (size_t j = 0; j <= facts->instances; j++) {
			if (mta_refuses(&facts->mta[j], contacts[i])) {
				facts->refused_contact = contacts[i];
			}
		}
	}
	if (host != NULL) {
		struct text text;

		for (size_t i = 0; i < conf->web.listen.items; i++) {
			const char *where = conf->web.listen.item[i];
			const enum page_answer answer = ask_page(conf, where);

			if (i == 0 || answer < facts->page) {
				facts->page = answer;
				facts->page_listen = where;
			}
		}
		facts->page_host.bare = true;
		text_init(&text, facts->page_host.name, MX_NAME_SIZE);
		text_add_bytes(&text, host + 3, strcspn(host + 3, "/:?"));
		mx_look(&facts->page_host, 1, DNS_MS);
	}
}

/* Everything of it is empty, or as it is without a look at this host. */
static struct facts *
facts_new(const struct conf *conf, const char *postfix, int64_t now)
{
	struct facts *facts = calloc(1, sizeof(*facts));

	if (facts != NULL) {
		facts->conf = conf;
		facts->now = now;
		facts->asked = postfix != NULL;
		facts->same = file_same;
		facts->records.result = STORE_FAILED;
	}
	return facts;
}

/* The host's Postfix and its other instances. */
static void
ask_postfix(struct facts *facts, const char *postfix)
{
	const char *list;
	char folder[MTA_FOLDER_SIZE];

	mta_ask(&facts->mta[0], postfix);
	list = mta_get(&facts->mta[0], "multi_instance_directories");
	while (facts->instances + 1 < FACTS_MTAS_MAX &&
	       postconf_item(&list, folder, sizeof(folder))) {
		struct mta *mta = &facts->mta[facts->instances + 1];

		mta_ask(mta, folder);
		if (mta->state != MTA_THERE ||
		    strcmp(mta_get(mta, "multi_instance_enable"), "yes") == 0) {
			facts->instances++;
		} else {
			mta_clear(mta); /* it is switched off */
			memset(mta, 0, sizeof(*mta));
		}
	}
}

struct facts *
facts_gather_postfix(const struct conf *conf, const char *postfix, int64_t now)
{
	struct facts *facts = facts_new(conf, postfix, now);

	if (facts != NULL) {
		ask_postfix(facts, postfix);
	}
	return facts;
}

/* Note one of Dovecot's settings, "NAME = VALUE". */
static void
note_dovecot(struct facts *facts, const char *line)
{
	static const char *const names[DOVECOT_SETTINGS] = {
		[DOVECOT_URL] = "server_url = ",
		[DOVECOT_HEADER] = "server_api_header = ",
		[DOVECOT_BEFORE] = "check_before_auth = ",
		[DOVECOT_LOG_ONLY] = "log_only = ",
	};

	for (size_t i = 0; i < DOVECOT_SETTINGS; i++) {
		const char *value = text_after(line, names[i]);

		if (value != NULL) {
			(void)text_copy(facts->auth_policy[i],
			    sizeof(facts->auth_policy[i]), value);
		}
	}
}

/* What Dovecot serves, and whom it asks: 2.3 has "auth_policy_server_url = ...",
 * and 2.4 "server_url = ..." between "auth_policy {" and "}". */
static void
look_at_dovecot(struct facts *facts)
{
	static const char prefix[] = "auth_policy_";
	bool inside = false;
	struct run_output said;
	char *rest;

	if (run_program(
		(const char *const[]){ "doveconf", "-h", "protocols", NULL },
		PROGRAM_MS, &said) == RUN_FINE) {
		said.text[strcspn(said.text, "\n")] = '\0';
		(void)text_copy(facts->dovecot, sizeof(facts->dovecot),
		    said.text + strspn(said.text, " "));
		free(said.text);
	}
	if (facts->conf->web.auth_policy_listen.items == 0 ||
	    run_program((const char *const[]){ "doveconf", "-n", NULL },
		PROGRAM_MS, &said) != RUN_FINE) {
		return;
	}
	rest = said.text;
	while (rest != NULL) {
		const char *line = strsep(&rest, "\n");
		const bool indented = line[0] == ' ';
		const char *name;

		line += strspn(line, " ");
		name = text_after(line, prefix);
		inside = indented ? inside : strcmp(line, "auth_policy {") == 0;
		if (name != NULL || inside) {
			note_dovecot(facts, name != NULL ? name : line);
		}
	}
	free(said.text);
}

/* The mail hosts of all of them; and what else takes mail or logins here. */
static void
look_at_servers(struct facts *facts)
{
	static const struct {
		const char *path, *what;
	} others[] = { { "/etc/exim4", "Exim" }, { "/etc/exim", "Exim" },
		{ "/etc/smtpd.conf", "OpenSMTPD" } };

	for (size_t i = 0; i <= facts->instances; i++) {
		for (size_t j = 0; j < facts->mta[i].domains &&
				   facts->domains < MX_DOMAINS_MAX;
		     j++) {
			(void)text_copy(facts->mx[facts->domains++].name,
			    MX_NAME_SIZE, facts->mta[i].domain[j]);
		}
	}
	mx_look(facts->mx, facts->domains, DNS_MS);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (access(others[i].path, F_OK) == 0) {
			facts->other = others[i].what;
		}
	}
	look_at_dovecot(facts);
}

struct facts *
facts_gather(const struct conf *conf, const char *postfix, const char *sendmail,
    int64_t now)
{
	struct facts *facts = facts_new(conf, postfix, now);
	struct timex clock = { .modes = 0 };

	if (facts == NULL) {
		return NULL;
	}
	facts->owns = proc_own_addresses(facts->own, FACTS_OWN_MAX);
	facts->has_ssh = ssh_find(&facts->ssh);
	facts->user_known = proc_service_user(
	    conf->user, conf->database, &facts->user);
	facts->clock_adrift = adjtimex(&clock) == TIME_ERROR ||
			      (clock.status & STA_UNSYNC) != 0;
	facts->no_landlock = !sandbox_has_landlock();
	if (sendmail == NULL) {
		ask_postfix(facts, postfix);
	}
	if (facts->mta[0].state == MTA_NONE && postfix == NULL) {
		sendmail_look(&facts->sendmail,
		    sendmail != NULL ? sendmail : "/etc/mail");
	}
	look_at_servers(facts);
	if (strcmp(conf->watch.journal, "no") != 0) {
		add_journal(facts, conf->watch.journal);
		look_at_units(facts);
	}
	for (size_t i = 0; i < conf->watch.files.items; i++) {
		(void)add_log(facts, conf->watch.files.item[i]);
	}
	look_at_last_lines(facts);
	look_at_socket(facts);
	look_at_page(facts);
	return facts;
}

void
facts_free(struct facts *facts)
{
	if (facts != NULL) {
		for (size_t i = 0; i < FACTS_MTAS_MAX; i++) {
			mta_clear(&facts->mta[i]);
		}
		free(facts);
	}
}
