#include "doctor/facts.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "base/text.h"
#include "doctor/ssh.h"

enum {
	DNS_PATIENCE = 10000 /* ms for all domains */
};

/* ---- logs ---- */

static void
group_that_reads(const char *path, char *name, size_t size)
{
	const struct group *group;
	struct stat st;

	name[0] = '\0';
	if (stat(path, &st) != 0 || (st.st_mode & S_IRGRP) == 0) {
		return;
	}
	/* There is one thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	group = getgrgid(st.st_gid);
	/* root's group is nobody's way to read a log. */
	if (group != NULL && st.st_gid != 0) {
		(void)text_copy(name, size, group->gr_name);
	}
}

static struct log_fact *
add_log(struct facts *facts, const char *path)
{
	struct log_fact *log = &facts->log[facts->logs++];

	*log = (struct log_fact){ .result = PROBE_UNKNOWN };
	(void)text_copy(log->path, sizeof(log->path), path);
	if (facts->user_known) {
		log->result = probe_as(&facts->user, path, PROBE_READ);
	}
	group_that_reads(path, log->group, sizeof(log->group));
	return log;
}

/* The first file of a pattern; false where there is none. */
static bool
first_match(const char *pattern, char path[static CONF_PATH_SIZE])
{
	glob_t found;
	/* There is one thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	bool any = glob(pattern, 0, NULL, &found) == 0;

	if (any) {
		any = text_copy(path, CONF_PATH_SIZE, found.gl_pathv[0]);
		globfree(&found);
	}
	return any;
}

/* One of the journal's files stands for all. */
static void
look_at_journal(struct facts *facts, const char *journal)
{
	static const char *const patterns[] = {
		"/var/log/journal/*/system.journal",
		"/run/log/journal/*/system.journal",
	};
	char path[CONF_PATH_SIZE];
	struct log_fact *log;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (strcmp(journal, "yes") == 0 &&
		    first_match(patterns[i], path)) {
			add_log(facts, path)->is_journal = true;
			return;
		}
	}
	log = add_log(facts, journal);
	if (strcmp(journal, "yes") == 0) {
		log->result = ENOENT;
		log->is_journal = true;
	}
}

static void
look_at_logs(struct facts *facts)
{
	const struct conf *conf = facts->conf;

	if (strcmp(conf->watch.journal, "no") != 0) {
		look_at_journal(facts, conf->watch.journal);
	}
	for (size_t i = 0; i < conf->watch.files.items; i++) {
		(void)add_log(facts, conf->watch.files.item[i]);
	}
}

/* ---- the socket ---- */

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
look_at_door(struct facts *facts)
{
	struct door_fact *door = &facts->door;
	const char *path = strchr(facts->conf->milter.listen, '/');

	door->is_unix = strncmp(facts->conf->milter.listen, "inet", 4) != 0 &&
			path != NULL;
	door->result = PROBE_UNKNOWN;
	if (!door->is_unix || facts->mta.state != MTA_THERE) {
		return;
	}
	door->owner_known = proc_service_user(
	    facts->mta.owner[0] != '\0' ? facts->mta.owner : "postfix", path,
	    &door->owner);
	if (!door->owner_known) {
		return;
	}
	door->result = probe_as(&door->owner, path, PROBE_CONNECT);
	if (door->result == EACCES &&
	    !probe_blocked(
		&door->owner, path, door->blocked, sizeof(door->blocked))) {
		door->blocked[0] = '\0';
	}
}

/* ---- all of it ---- */

static void
look_at_domains(struct facts *facts)
{
	facts->domains = facts->mta.domains;
	for (size_t i = 0; i < facts->domains; i++) {
		(void)text_copy(
		    facts->mx[i].name, MX_NAME_SIZE, facts->mta.domain[i]);
	}
	mx_look(facts->mx, facts->domains, DNS_PATIENCE);
}

static bool
is_adrift(void)
{
	struct timex clock = { .modes = 0 };

	return adjtimex(&clock) == TIME_ERROR ||
	       (clock.status & STA_UNSYNC) != 0;
}

struct facts *
facts_gather(const struct conf *conf, const char *postfix, int64_t now)
{
	struct facts *facts = calloc(1, sizeof(*facts));

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
	facts->clock_adrift = is_adrift();
	mta_ask(&facts->mta, postfix);
	look_at_domains(facts);
	look_at_logs(facts);
	look_at_door(facts);
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

void
facts_read_records(struct facts *facts, struct store *store)
{
	records_read(store, facts->conf, facts->has_ssh ? &facts->ssh : NULL,
	    facts->now, &facts->records);
}

enum cover
facts_cover(const struct facts *facts, const struct net *net, int64_t *until)
{
	if (standing_never_banned_net(net)) {
		return COVER_NEVER;
	}
	for (size_t i = 0; i < facts->conf->allows; i++) {
		if (net_contains(&facts->conf->allow[i], net)) {
			return COVER_CONF;
		}
	}
	*until = records_allowed(&facts->records, net);
	if (*until == INT64_MAX) {
		return COVER_GOOD;
	}
	if (net_is_wider(net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6)) {
		return COVER_TOO_WIDE;
	}
	return *until > 0 ? COVER_WHILE : COVER_NOTHING;
}
