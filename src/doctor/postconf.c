#include "doctor/postconf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"

enum {
	COMPLAINT_MAX = 1024,
	NO_PROGRAM = 127 /* what a shell says, too */
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

/* What becomes of the child: the two pipes' writing ends are its outputs. */
_Noreturn static void
execute(const char *const *argv, int out, int err)
{
	static char path[] = "PATH=/usr/sbin:/usr/local/sbin:/usr/bin:"
			     "/usr/local/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *environment[] = { path, locale, NULL };
	union {
		const char *const *borrowed;
		char *const *wanted; /* execvp() changes nothing */
	} words = { .borrowed = argv };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	environ = environment; /* it says where execvp() looks, too */
	if (in >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0) {
		(void)execvp(argv[0], words.wanted);
	}
	_exit(errno == ENOENT ? NO_PROGRAM : EXIT_FAILURE);
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

/* Read both until they are over or the first is full; false where the time
 * was over first. */
static bool
read_all(struct stream stream[static 2], int64_t deadline)
{
	while ((stream[0].fd >= 0 || stream[1].fd >= 0) && !stream[0].cut) {
		struct pollfd polled[] = {
			{ .fd = stream[0].fd, .events = POLLIN },
			{ .fd = stream[1].fd, .events = POLLIN },
		};
		int64_t left = deadline - proc_ticks();

		if (left <= 0 ||
		    (poll(polled, 2, (int)left) < 0 && errno != EINTR)) {
			return false;
		}
		for (size_t i = 0; i < 2; i++) {
			if (polled[i].revents != 0) {
				read_some(&stream[i]);
			}
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
	char complaint[COMPLAINT_MAX + 1] = "";
	struct stream stream[2] = {
		{ .buf = malloc(RUN_OUTPUT_MAX + 1), .size = RUN_OUTPUT_MAX },
		{ .buf = complaint, .size = COMPLAINT_MAX },
	};
	int pipes[4] = { -1, -1, -1, -1 };
	bool started = stream[0].buf != NULL && pipe2(pipes, O_CLOEXEC) == 0 &&
		       pipe2(pipes + 2, O_CLOEXEC) == 0;
	pid_t pid = started ? fork() : -1;
	bool in_time = false;
	int status = -1;

	if (pid == 0) {
		execute(argv, pipes[1], pipes[3]);
	}
	*output = (struct run_output){ .text = NULL };
	(void)text_copy(output->error, sizeof(output->error),
	    pid < 0 ? strerrordesc_np(errno) : "it did not end in time");
	stream[0].fd = pipes[0];
	stream[1].fd = pipes[2];
	(void)close(pipes[1]);
	(void)close(pipes[3]);
	if (pid > 0) {
		in_time = read_all(stream, deadline);
		status = reap(pid, !in_time || stream[0].cut, deadline);
	}
	(void)close(stream[0].fd);
	(void)close(stream[1].fd);
	if (in_time && (status == 0 || stream[0].cut)) {
		output->text = stream[0].buf;
		output->text[stream[0].len] = '\0';
		output->cut = stream[0].cut;
		return RUN_FINE;
	}
	free(stream[0].buf);
	complaint[strcspn(complaint, "\n")] = '\0';
	if (in_time) {
		(void)text_copy(output->error, sizeof(output->error),
		    complaint[0] != '\0' ? complaint
					 : "it failed without a word");
	}
	return in_time && WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM
		   ? RUN_MISSING
		   : RUN_FAILED;
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
