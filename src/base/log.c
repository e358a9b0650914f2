#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum {
	LINE_SIZE = 2048,
	GATE_SECONDS = 60
};

static const char *program = "videur";
static bool under_journal;
static bool with_syslog;

/* systemd names the socket that it gave us, which may have been changed for a
 * file since. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM"); /* NOLINT: at start */
	struct stat st;
	char name[64];

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0) {
		return false;
	}
	(void)text_print(name, sizeof(name), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(name, stream) == 0;
}

void
log_init(const char *name)
{
	program = name;
	under_journal = stderr_is_journal();
}

void
log_to_mail(void)
{
	with_syslog = !under_journal && isatty(STDERR_FILENO) == 0;
	if (with_syslog) {
		openlog(program, LOG_PID, LOG_MAIL);
	}
}

/* One write(2) a line, so that lines of threads do not mix. */
static void __attribute__((format(printf, 2, 0)))
write_line(int priority, const char *format, va_list args)
{
	static const char *const words[] = {
		[LOG_ALERT] = "panic: ",
		[LOG_CRIT] = "fatal: ",
		[LOG_ERR] = "error: ",
		[LOG_WARNING] = "warning: ",
		[LOG_INFO] = "",
	};
	int kept = errno;
	char buf[LINE_SIZE];
	char message[LINE_SIZE - 128];
	struct text line;

	if (vsnprintf(message, sizeof(message), format, args) < 0) {
		message[0] = '\0';
	}
	for (char *c = message; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~') {
			*c = '?';
		}
	}
	text_init(&line, buf, sizeof(buf));
	if (under_journal) {
		text_addf(&line, "<%d>", priority);
	} else {
		text_addf(&line, "%s: ", program);
	}
	text_addf(&line, "%s%s\n", words[priority], message);
	if (write(STDERR_FILENO, line.buf, line.len) < 0) {
		/* There is nobody left to tell. */
	}
	if (with_syslog) {
		syslog(priority, "%s%s", words[priority], message);
	}
	errno = kept;
}

void
log_line(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(priority, format, args);
	va_end(args);
}

static void
write_lines(int priority, const char *lines)
{
	const char *end;

	for (; (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
		log_line(priority, "%.*s", (int)(end - lines), lines);
	}
	if (*lines != '\0') {
		log_line(priority, "%s", lines);
	}
}

void
log_warn_lines(const char *lines)
{
	write_lines(LOG_WARNING, lines);
}

void
log_fatal(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(LOG_CRIT, format, args);
	va_end(args);
	exit(status); /* NOLINT(concurrency-mt-unsafe): before any thread */
}

void
log_fatal_lines(int status, const char *lines)
{
	write_lines(LOG_CRIT, lines);
	exit(status); /* NOLINT(concurrency-mt-unsafe): before any thread */
}

void
log_panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(LOG_ALERT, format, args);
	va_end(args);
	abort();
}

bool
log_gate_open(struct log_gate *gate, int64_t now, int64_t *held)
{
	if (gate->open_at != 0 && now < gate->open_at) {
		gate->held++;
		return false;
	}
	*held = gate->held;
	gate->held = 0;
	gate->open_at = now + GATE_SECONDS;
	return true;
}
