#include "doctor/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "core/kind.h"
#include "doctor/ssh.h"
#include "engine/engine.h"

enum {
	DNS_MS = 10000,     /* for all domains */
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

static int
try_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (!text_copy(to.sun_path, sizeof(to.sun_path), path)) {
		return ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* A full queue is somebody who listens. */
	if (fd >= 0 &&
	    (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ||
		errno == EAGAIN)) {
		return 0;
	}
	return errno;
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
	pid_t pid;

	if (!is_root && geteuid() != user->uid) {
		return FACTS_UNKNOWN;
	}
	pid = fork();
	if (pid == 0) {
		(void)alarm(TRY_SECONDS);
		_exit(
		    is_root && !proc_become(user) ? CANNOT_BECOME : try(path));
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return FACTS_UNKNOWN;
		}
	}
	if (pid < 0 || !WIFEXITED(status) ||
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
	/* root's group is nobody's way to read a log. */
	if (stat(path, &st) == 0 && (st.st_mode & S_IRGRP) != 0 &&
	    st.st_gid != 0) {
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
	static const char *const patterns[] = {
		"/var/log/journal/*/system.journal",
		"/run/log/journal/*/system.journal",
	};
	struct log_fact *log = NULL;

	if (strcmp(journal, "yes") != 0) {
		(void)add_log(facts, journal);
		return;
	}
	for (size_t i = 0;
	     i < sizeof(patterns) / sizeof(patterns[0]) && log == NULL; i++) {
		glob_t found;

		/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		if (glob(patterns[i], 0, NULL, &found) == 0) {
			log = add_log(facts, found.gl_pathv[0]);
			globfree(&found);
		}
	}
	if (log == NULL) {
		log = add_log(facts, journal);
		log->result = ENOENT;
	}
	log->is_journal = true;
}

/* ---- the rest of the host ---- */

static bool
same_file(const char *a, const char *b)
{
	struct stat one;
	struct stat other;

	if (strcmp(a, b) == 0) {
		return true;
	}
	return stat(a, &one) == 0 && stat(b, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void
look_at_socket(struct facts *facts)
{
	struct socket_fact *socket = &facts->socket;
	const char *owner = facts->mta.owner;

	socket->result = FACTS_UNKNOWN;
	if (text_after(facts->conf->milter.listen, "inet") != NULL) {
		return;
	}
	socket->path = strchr(facts->conf->milter.listen, '/');
	if (socket->path == NULL || facts->mta.state != MTA_THERE ||
	    !proc_service_user(owner[0] != '\0' ? owner : "postfix",
		socket->path, &socket->owner)) {
		return;
	}
	socket->result = try_as(&socket->owner, try_connect, socket->path);
	/* The first folder on the way that the user cannot pass. */
	for (const char *at = strchr(socket->path + 1, '/');
	     socket->result == EACCES && at != NULL; at = strchr(at + 1, '/')) {
		struct text text;

		text_init(&text, socket->blocked, sizeof(socket->blocked));
		text_add_bytes(
		    &text, socket->path, (size_t)(at - socket->path));
		if (try_as(&socket->owner, try_search, socket->blocked) > 0) {
			return;
		}
	}
	socket->blocked[0] = '\0';
}

struct facts *
facts_gather(const struct conf *conf, const char *postfix, int64_t now)
{
	struct facts *facts = calloc(1, sizeof(*facts));
	struct timex clock = { .modes = 0 };

	if (facts == NULL) {
		return NULL;
	}
	facts->conf = conf;
	facts->now = now;
	facts->asked = postfix != NULL;
	facts->same = same_file;
	facts->records.result = STORE_FAILED;
	facts->owns = proc_own_addresses(facts->own, FACTS_OWN_MAX);
	facts->has_ssh = ssh_find(&facts->ssh);
	facts->user_known = proc_service_user(
	    conf->user, conf->database, &facts->user);
	facts->clock_adrift = adjtimex(&clock) == TIME_ERROR ||
			      (clock.status & STA_UNSYNC) != 0;
	mta_ask(&facts->mta, postfix);
	facts->domains = facts->mta.domains;
	for (size_t i = 0; i < facts->domains; i++) {
		(void)text_copy(
		    facts->mx[i].name, MX_NAME_SIZE, facts->mta.domain[i]);
	}
	mx_look(facts->mx, facts->domains, DNS_MS);
	if (strcmp(conf->watch.journal, "no") != 0) {
		add_journal(facts, conf->watch.journal);
	}
	for (size_t i = 0; i < conf->watch.files.items; i++) {
		(void)add_log(facts, conf->watch.files.item[i]);
	}
	look_at_socket(facts);
	return facts;
}

void
facts_free(struct facts *facts)
{
	if (facts != NULL) {
		mta_clear(&facts->mta);
		free(facts);
	}
}

/* ---- the database ---- */

static void
note_ahead(int64_t at, int64_t now, int64_t *latest)
{
	if (at > now + RECORDS_SLACK && at > *latest) {
		*latest = at;
	}
}

static void
keep_allow(void *to, const struct allow *allow)
{
	struct records *records = &((struct facts *)to)->records;

	if (records->allows < RECORDS_ALLOWS_MAX) {
		records->allow[records->allows].net = allow->net;
		records->allow[records->allows].until = allow->until;
		records->allows++;
	}
}

static bool
keep_ban(void *to, const struct ban *ban)
{
	struct facts *facts = to;

	note_ahead(ban->begins, facts->now, &facts->records.ban_ahead);
	return true;
}

static void
keep_client(void *to, const struct net *client, const struct tally *sum)
{
	static const struct net loopback[] = {
		{ .addr.byte = { [10] = 0xff, 0xff, 127 },
		    .bits = ADDR_V4_OFFSET + 8 },
		/* ::1 stands for its client: nothing else lies near. */
		{ .bits = 64 },
	};
	struct records *records = &((struct facts *)to)->records;
	int64_t counted = sum->sessions;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		counted += sum->kind[i];
	}
	if (counted == 0) {
		return;
	}
	if (net_contains(&loopback[0], client) ||
	    net_contains(&loopback[1], client)) {
		records->counted_here += counted;
		return;
	}
	records->clients++;
	records->counted += counted;
	records->client = *client;
}

/* An event is tallied in the hour it happened in. */
static void
keep_event(void *to, const struct net *client, const struct tally *sum)
{
	(void)client;
	(void)sum;
	((struct facts *)to)->records.event_ahead = true;
}

void
facts_read_records(struct facts *facts, struct store *store)
{
	const struct ban_query every = {
		.scope = BAN_ANYBODY,
		.active_at = INT64_MIN,
		.observed = true,
	};
	struct records *records = &facts->records;
	struct state states[STATE_COUNT];
	int64_t now = facts->now;

	*records = (struct records){ .allows = 0 };
	store_read(store);
	engine_states(store, states);
	store_allow_each(store, now, keep_allow, facts);
	store_ban_each(store, &every, keep_ban, facts);
	store_tally_each(store, tally_hour(now - RECORDS_SPAN), tally_hour(now),
	    keep_client, facts);
	/* From the first hour on in which nothing can be yet. */
	store_tally_each(store, tally_hour(now + RECORDS_SLACK) + 3600,
	    INT64_MAX, keep_event, facts);
	if (facts->has_ssh) {
		engine_standing(
		    store, facts->conf, &facts->ssh, now, &records->standing);
	}
	records->result = store_read_end(store);
	for (size_t i = 0; i < STATE_COUNT; i++) {
		note_ahead(states[i].since, now, &records->sign_ahead);
	}
	records->alive[RECORDS_MILTER] = states[STATE_MILTER].since;
	records->alive[RECORDS_WATCH] = states[STATE_WATCH].since;
	if (records->result != STORE_OK) {
		(void)text_copy(
		    records->error, sizeof(records->error), store_error(store));
	}
}

int64_t
facts_allowed_until(const struct facts *facts, const struct net *net)
{
	const struct records *records = &facts->records;
	int64_t until = 0;

	for (size_t i = 0; i < records->allows; i++) {
		if (!net_contains(&records->allow[i].net, net)) {
			continue;
		}
		if (records->allow[i].until == 0) {
			return INT64_MAX;
		}
		if (records->allow[i].until > until) {
			until = records->allow[i].until;
		}
	}
	return until;
}
