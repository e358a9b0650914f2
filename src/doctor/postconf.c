#include "doctor/postconf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"

enum {
	PATH_SIZE = 256,
	COMPLAINT_MAX = 1024
};

#define BETWEEN ", \t\r\n"

/* ---- running a program ---- */

/* What is read of one pipe; full, the rest is passed over. */
struct stream {
	int fd; /* -1: over */
	char *buf;
	size_t size; /* without its NUL */
	size_t len;
	bool cut;
};

static bool
find_program(const char *name, char path[static PATH_SIZE])
{
	static const char *const folders[] = { "/usr/sbin", "/usr/local/sbin",
		"/usr/bin", "/usr/local/bin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct text text;

		text_init(&text, path, PATH_SIZE);
		text_addf(&text, "%s/%s", folders[i], name);
		if (!text.cut && access(path, X_OK) == 0) {
			return true;
		}
	}
	return false;
}

/* Start it with the two pipes' writing ends as its outputs; 0 or an errno. */
static int
spawn(const char *path, const char *const *argv, int out, int err, pid_t *pid)
{
	static char searched[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *environment[] = { searched, locale, NULL };
	posix_spawn_file_actions_t actions;
	union {
		const char *const *borrowed;
		char *const *wanted; /* posix_spawn() changes nothing */
	} words = { .borrowed = argv };
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0) {
		return rc;
	}
	rc = posix_spawn_file_actions_addopen(
	    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0) {
		rc = posix_spawn_file_actions_adddup2(
		    &actions, out, STDOUT_FILENO);
	}
	if (rc == 0) {
		rc = posix_spawn_file_actions_adddup2(
		    &actions, err, STDERR_FILENO);
	}
	if (rc == 0) {
		rc = posix_spawn(
		    pid, path, &actions, NULL, words.wanted, environment);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static void
read_some(struct stream *stream)
{
	char spare[4096];
	bool full = stream->len == stream->size;
	ssize_t got = full ? read(stream->fd, spare, sizeof(spare))
			   : read(stream->fd, stream->buf + stream->len,
				 stream->size - stream->len);

	if (got > 0 && full) {
		stream->cut = true;
	} else if (got > 0) {
		stream->len += (size_t)got;
	} else if (got == 0 || errno != EINTR) {
		(void)close(stream->fd);
		stream->fd = -1;
	}
}

/* Read both until they are over; false where the time was over first. */
static bool
read_all(struct stream *out, struct stream *err, int64_t deadline)
{
	while ((out->fd >= 0 || err->fd >= 0) && !out->cut) {
		struct pollfd polled[] = { { .fd = out->fd, .events = POLLIN },
			{ .fd = err->fd, .events = POLLIN } };
		int64_t left = deadline - proc_ticks();

		if (left <= 0 ||
		    (poll(polled, 2, (int)left) < 0 && errno != EINTR)) {
			return false;
		}
		if (polled[0].revents != 0) {
			read_some(out);
		}
		if (polled[1].revents != 0) {
			read_some(err);
		}
	}
	return true;
}

/* Wait for its end, however slow; it is killed once the time is over. */
static int
reap(pid_t pid, bool over, int64_t deadline)
{
	const struct timespec nap = { .tv_nsec = 2000000L };
	int status = -1;

	while (!over && waitpid(pid, &status, WNOHANG) == 0) {
		over = proc_ticks() > deadline;
		(void)nanosleep(&nap, NULL);
	}
	if (over) {
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		}
	}
	return status;
}

enum run_result
run_program(
    const char *const *argv, int64_t milliseconds, struct run_output *output)
{
	int64_t deadline = proc_ticks() + milliseconds;
	char path[PATH_SIZE];
	char complaint[COMPLAINT_MAX + 1];
	struct stream out = { .size = RUN_OUTPUT_MAX };
	struct stream err = { .buf = complaint, .size = COMPLAINT_MAX };
	int pipes[4] = { -1, -1, -1, -1 };
	bool in_time = false;
	int status = -1;
	pid_t pid = -1;
	int rc;

	*output = (struct run_output){ .text = NULL };
	if (!find_program(argv[0], path)) {
		return RUN_MISSING;
	}
	out.buf = malloc(RUN_OUTPUT_MAX + 1);
	rc = out.buf != NULL && pipe2(pipes, O_CLOEXEC) == 0 &&
		     pipe2(pipes + 2, O_CLOEXEC) == 0
		 ? spawn(path, argv, pipes[1], pipes[3], &pid)
		 : errno;
	out.fd = pipes[0];
	err.fd = pipes[2];
	(void)close(pipes[1]);
	(void)close(pipes[3]);
	if (rc == 0) {
		in_time = read_all(&out, &err, deadline);
		status = reap(pid, !in_time || out.cut, deadline);
	}
	(void)close(out.fd);
	(void)close(err.fd);
	output->cut = out.cut;
	if (rc == 0 && in_time && (status == 0 || out.cut)) {
		out.buf[out.len] = '\0';
		output->text = out.buf;
		return RUN_FINE;
	}
	free(out.buf);
	complaint[err.len] = '\0';
	complaint[strcspn(complaint, "\n")] = '\0';
	(void)text_copy(output->error, sizeof(output->error),
	    rc != 0       ? strerrordesc_np(rc)
	    : !in_time    ? "it did not end in time"
	    : err.len > 0 ? complaint
			  : "it failed without a word");
	return RUN_FAILED;
}

/* ---- reading what it prints ---- */

void
postconf_read(char *text, struct postconf *out)
{
	static const char between[] = " = ";
	char *next;

	out->lines = 0;
	out->cut = false;
	for (char *line = text; *line != '\0'; line = next) {
		size_t len = strcspn(line, "\n");
		char *middle;

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		middle = strstr(line, between);
		if (middle == NULL) {
			continue;
		}
		if (out->lines == POSTCONF_LINES_MAX) {
			out->cut = true;
			return;
		}
		*middle = '\0';
		out->line[out->lines].name = line;
		out->line[out->lines].value = middle + strlen(between);
		out->lines++;
	}
}

const char *
postconf_get(const struct postconf *postconf, const char *name)
{
	for (size_t i = 0; i < postconf->lines; i++) {
		if (strcmp(postconf->line[i].name, name) == 0) {
			return postconf->line[i].value;
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

void
postconf_quote(struct text *to, const char *word)
{
	text_add_char(to, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'') {
			text_add(to, "'\\''");
		} else {
			text_add_char(to, *word);
		}
	}
	text_add_char(to, '\'');
}
