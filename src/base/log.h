/*
 * The program's log: one line a message on stderr.
 *
 * A person at a terminal sees "videur-milter: warning: ...".  Where stderr is
 * the journal's socket (JOURNAL_STREAM, systemd.exec(5)) a line begins with its
 * syslog priority as "<4>" instead: the journal knows the program's name.
 * Bytes that are not printable are written as '?', so that nothing a client
 * sends can forge a line.  errno is kept.  Thread-safe.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* Set the name lines begin with; borrowed for good. */
void log_init(const char *name);

/* From now on lines go to syslog as well, among those of mail: an MTA that
 * started this program keeps of stderr only what it says where it fails.  Not
 * where a terminal or the journal reads them already. */
void log_to_mail(void);

/* One line of that priority, as <syslog.h> has them. */
void log_line(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARNING, __VA_ARGS__)

/* A warning for each line of a text, as of the errors of a file; none where it
 * is empty. */
void log_warn_lines(const char *lines);

/* The world is at fault and we cannot start: say so and exit with `status`.
 * Only before the main loop runs. */
_Noreturn void log_fatal(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for each line of a text. */
_Noreturn void log_fatal_lines(int status, const char *lines);

/* We are at fault: say so and abort. */
_Noreturn void log_panic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A gate that lets one line a minute through.  `now` is any clock in seconds
 * that does not run backwards.  Starts all zero; the caller locks it if it is
 * shared.  Gives back in *held how many were held since the last line. */
struct log_gate {
	int64_t open_at;
	int64_t held;
};
bool log_gate_open(struct log_gate *gate, int64_t now, int64_t *held);

#endif
