#include "ctl/services.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/text.h"
#include "ctl/output.h"
#include "doctor/facts.h"

enum {
	/* Each signs within ten seconds, and at once in another mode. */
	TIMEOUT_MS = 20000,
	NAP_NS = 50000000,
	HEAD_SIZE = 8192
};

static const struct {
	const char *name;
	enum engine_state life;
} known[] = {
	{ "videur-milter", STATE_MILTER },
	{ "videur-watch", STATE_WATCH },
	{ "videur-web", STATE_COUNT },
};

/* ---- finding them ---- */

/* The place of the name of that process in `known`, or -1. */
static int
name_of(long pid)
{
	char path[64];
	char comm[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	(void)file_read_head(path, comm, sizeof(comm));
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(comm, known[i].name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static long
parent_of(long pid)
{
	char path[64];
	char status[1024];

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	(void)file_read_head(path, status, sizeof(status));
	return ssh_read_parent(status);
}

/* The file that its command line names, seen from here; false where it does
 * not fit. */
static bool
file_of(long pid, char *out, size_t size)
{
	char path[64];
	char words[HEAD_SIZE];
	const char *file = CONF_DEFAULT_FILE;
	size_t len;
	struct text text;

	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	len = file_read_head(path, words, sizeof(words));
	for (const char *word = words; word < words + len;
	     word += strlen(word) + 1) {
		const char *value = text_after(word, "-c");

		if (value != NULL && *value != '\0') {
			file = value;
		} else if (value != NULL && value + 1 < words + len) {
			file = value + 1;
		}
	}
	text_init(&text, out, size);
	if (file[0] != '/') {
		text_addf(&text, "/proc/%ld/cwd/", pid);
	}
	text_add(&text, file);
	return !text.cut;
}

size_t
services_find(const char *file, struct running out[static SERVICES_MAX])
{
	const char *ours = file != NULL ? file : CONF_DEFAULT_FILE;
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	size_t count = 0;

	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char theirs[PATH_MAX];
		int64_t pid;
		int name;

		if (!text_to_int(entry->d_name, 1, INT_MAX, &pid)) {
			continue;
		}
		name = name_of((long)pid);
		/* Of a service in two processes the parent hands it on. */
		if (name < 0 || name_of(parent_of((long)pid)) == name ||
		    count == SERVICES_MAX ||
		    !file_of((long)pid, theirs, sizeof(theirs)) ||
		    !file_same(ours, theirs)) {
			continue;
		}
		out[count++] = (struct running){ .name = known[name].name,
			.pid = (long)pid,
			.life = known[name].life };
	}
	if (folder != NULL) {
		(void)closedir(folder);
	}
	return count;
}

/* ---- telling them ---- */

/* Which of them run in the mode by what they signed since; true once nothing is
 * to be waited for. */
static bool
look(struct running *services, size_t count, struct store *store,
    enum conf_mode mode, int64_t since)
{
	struct state states[STATE_COUNT];
	bool all = true;

	engine_states(store, states);
	for (size_t i = 0; i < count; i++) {
		struct running *one = &services[i];

		if (one->life == STATE_COUNT) {
			one->done = one->told;
			continue;
		}
		one->done = states[one->life].since >= since &&
			    strcmp(engine_state_mode(states, one->life)->value,
				conf_mode_name(mode)) == 0;
		/* Nothing is to be waited for of one that has ended. */
		all = all && (one->done || !one->told ||
				 kill((pid_t)one->pid, 0) != 0);
	}
	return all;
}

bool
services_reload(struct running *services, size_t count, struct store *store,
    enum conf_mode mode)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	const int64_t deadline = proc_ticks() + TIMEOUT_MS;
	const int64_t since = proc_now();
	bool all = true;

	for (size_t i = 0; i < count; i++) {
		services[i].told = kill((pid_t)services[i].pid, SIGHUP) == 0;
		if (!services[i].told) {
			output_complain("%s (process %ld): %s",
			    services[i].name, services[i].pid,
			    strerrordesc_np(errno));
			all = false;
		}
	}
	while (!look(services, count, store, mode, since) &&
	       proc_ticks() < deadline) {
		(void)nanosleep(&nap, NULL);
	}
	for (size_t i = 0; i < count; i++) {
		if (services[i].told && !services[i].done) {
			output_complain("%s (process %ld) does not say that it "
					"has read the configuration: see its "
					"log",
			    services[i].name, services[i].pid);
			all = false;
		}
	}
	return all;
}
