#include "doctor/postconf.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
	NO_PROGRAM = 127      /* what a shell says, too */
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
paper_read(int fd, size_t len)
{
	char *text = malloc(len + 1);

	if (text != NULL) {
		text[pread(fd, text, len, 0) == (ssize_t)len ? len : 0] = '\0';
	}
	return text;
}

/* What becomes of the child. */
_Noreturn static void
execute(const char *const *argv, const int papers[static 2])
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
	    dup2(papers[0], STDOUT_FILENO) >= 0 &&
	    dup2(papers[1], STDERR_FILENO) >= 0) {
		(void)execvp(argv[0], words.wanted);
	}
	_exit(errno == ENOENT ? NO_PROGRAM : EXIT_FAILURE);
}

enum run_result
run_program(
    const char *const *argv, int64_t milliseconds, struct run_output *output)
{
	const struct timespec nap = { .tv_nsec = 2000000L };
	int64_t deadline = proc_ticks() + milliseconds;
	int papers[2] = { paper_open(RUN_OUTPUT_MAX),
		paper_open(COMPLAINT_MAX) };
	pid_t pid = papers[0] >= 0 && papers[1] >= 0 ? fork() : -1;
	enum run_result result = RUN_FAILED;
	bool over = false;
	int status = -1;
	off_t len;

	if (pid == 0) {
		execute(argv, papers);
	}
	*output = (struct run_output){ .text = NULL };
	while (pid > 0 && waitpid(pid, &status, over ? 0 : WNOHANG) == 0) {
		over = proc_ticks() > deadline;
		if (over) {
			(void)kill(pid, SIGKILL);
		} else {
			(void)nanosleep(&nap, NULL);
		}
	}
	/* Where the child left off: the place in it is shared. */
	len = lseek(papers[0], 0, SEEK_CUR);
	output->cut = len == RUN_OUTPUT_MAX;
	if (pid < 0 || over) {
		(void)text_copy(output->error, sizeof(output->error),
		    over ? "it did not end in time" : strerrordesc_np(errno));
	} else if (status == 0 || output->cut) {
		output->text = paper_read(papers[0], (size_t)len);
		result = output->text != NULL ? RUN_FINE : RUN_FAILED;
	} else {
		char *complaint = paper_read(
		    papers[1], (size_t)lseek(papers[1], 0, SEEK_CUR));

		if (complaint != NULL) {
			size_t size = strlen(complaint);
			char *last;

			complaint[size - (size > 0)] = '\0'; /* a newline */
			last = strrchr(complaint, '\n');
			(void)text_copy(output->error, sizeof(output->error),
			    last != NULL ? last + 1 : complaint);
		}
		free(complaint);
		if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM) {
			result = RUN_MISSING;
		}
	}
	(void)close(papers[0]);
	(void)close(papers[1]);
	return result;
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
