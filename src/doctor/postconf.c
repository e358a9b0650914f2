#include "doctor/mta.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"

enum {
	COMPLAINT_MAX = 4096, /* a page, as the other is pages */
	PATH_SIZE = 128
};

#define BETWEEN ", \t\r\n"

/* ---- running a program ---- */

/* Where a program may write so many bytes and no more, or -1. */
static int
paper_open(off_t size)
{
	int fd = memfd_create("videur", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, size) != 0 ||
			   fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* What was written; NULL without memory. */
static char *
paper_read(int fd)
{
	/* Where the child left off: the place in it is shared. */
	off_t len = lseek(fd, 0, SEEK_CUR);
	char *text = len >= 0 ? malloc((size_t)len + 1) : NULL;

	if (text != NULL) {
		text[pread(fd, text, (size_t)len, 0) == len ? len : 0] = '\0';
	}
	return text;
}

/* The last line of it, or nothing. */
static void
paper_last_line(int fd, char line[static RUN_ERROR_SIZE])
{
	char *text = paper_read(fd);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len > 0) {
		char *before;

		text[len - 1] = '\0'; /* a newline */
		before = strrchr(text, '\n');
		(void)text_copy(
		    line, RUN_ERROR_SIZE, before != NULL ? before + 1 : text);
	}
	free(text);
}

/* Start it, writing on two papers; 0, or why that could not be. */
static int
start_program(const char *const *argv, const int papers[static 2], pid_t *pid)
{
	static const char *const folders[] = { "/usr/sbin", "/usr/local/sbin",
		"/usr/bin", "/usr/local/bin", "/sbin", "/bin" };
	static char locale[] = "LC_ALL=C";
	char *environment[] = { locale, NULL };
	union {
		const char *const *borrowed;
		char *const *wanted; /* posix_spawn() changes nothing */
	} words = { .borrowed = argv };
	posix_spawn_file_actions_t actions;
	int error = ENOENT;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(
	    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	for (int i = 0; i < 2; i++) {
		(void)posix_spawn_file_actions_adddup2(
		    &actions, papers[i], STDOUT_FILENO + i);
	}
	for (size_t i = 0;
	     i < sizeof(folders) / sizeof(folders[0]) && error == ENOENT; i++) {
		char path[PATH_SIZE];

		(void)snprintf(
		    path, sizeof(path), "%s/%s", folders[i], argv[0]);
		error = posix_spawn(
		    pid, path, &actions, NULL, words.wanted, environment);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return error;
}

enum run_result
run_program(
    const char *const *argv, int64_t milliseconds, struct run_output *output)
{
	const struct timespec nap = { .tv_nsec = 2000000L };
	int64_t deadline = proc_ticks() + milliseconds;
	int papers[2] = { paper_open(RUN_OUTPUT_MAX),
		paper_open(COMPLAINT_MAX) };
	pid_t pid = -1;
	int error = start_program(argv, papers, &pid);
	enum run_result result = RUN_FAILED;
	bool over = false;
	int status = -1;

	*output = (struct run_output){ .text = NULL };
	while (error == 0 && waitpid(pid, &status, over ? 0 : WNOHANG) == 0) {
		over = proc_ticks() > deadline;
		if (over) {
			(void)kill(pid, SIGKILL);
		} else {
			(void)nanosleep(&nap, NULL);
		}
	}
	output->cut = lseek(papers[0], 0, SEEK_CUR) == RUN_OUTPUT_MAX;
	if (error == ENOENT) {
		result = RUN_MISSING;
	} else if (error != 0 || over) {
		(void)text_copy(output->error, sizeof(output->error),
		    over ? "it did not end in time" : strerrordesc_np(error));
	} else if (status == 0 || output->cut) {
		output->text = paper_read(papers[0]);
		result = output->text != NULL ? RUN_FINE : RUN_FAILED;
	} else {
		paper_last_line(papers[1], output->error);
	}
	(void)close(papers[0]);
	(void)close(papers[1]);
	return result;
}

/* ---- reading what it prints ---- */

struct postconf
postconf_read(char *text)
{
	struct postconf out = { .text = text };

	for (; text != NULL && *text != '\0'; text++, out.len++) {
		if (*text == '\n') {
			*text = '\0';
		}
	}
	return out;
}

const char *
postconf_next(const struct postconf *postconf, const char *line)
{
	if (postconf->text == NULL) {
		return NULL;
	}
	line = line == NULL ? postconf->text : line + strlen(line) + 1;
	return line < postconf->text + postconf->len ? line : NULL;
}

const char *
postconf_get(const struct postconf *postconf, const char *name)
{
	const char *line = NULL;

	while ((line = postconf_next(postconf, line)) != NULL) {
		const char *value = text_after(line, name);

		/* An empty one has no blank behind. */
		value = value != NULL ? text_after(value, " =") : NULL;
		if (value != NULL) {
			return value + (*value == ' ');
		}
	}
	return NULL;
}

bool
postconf_item(const char **at, char *item, size_t size)
{
	const char *from = *at + strspn(*at, BETWEEN);
	const char *to = from;
	size_t depth = 0;
	struct text text;

	while (*to != '\0' && (depth > 0 || strchr(BETWEEN, *to) == NULL)) {
		depth += *to == '{';
		depth -= *to == '}' && depth > 0;
		to++;
	}
	text_init(&text, item, size);
	text_add_bytes(&text, from, (size_t)(to - from));
	*at = to;
	return to > from;
}

void
postconf_pack(struct text *to, const char *list)
{
	char last = '{';

	while (*list != '\0') {
		size_t gap = strspn(list, BETWEEN);

		list += gap;
		/* Braces and '=' stand apart by themselves. */
		if (gap > 0 && strchr("{=", last) == NULL &&
		    strchr("}=", *list) == NULL) {
			text_add_char(to, ',');
		}
		if (*list != '\0') {
			text_add_char(to, *list);
			last = *list++;
		}
	}
}
