/*
 * A terminal that a picture is drawn on again and again: its keys one by one,
 * a page of its own, and all as it was before however the program ends, but by
 * SIGKILL.
 *
 * One thread.  While it is open INT, TERM, HUP, QUIT, TSTP, CONT and WINCH are
 * blocked and come as events.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum terminal_event {
	TERMINAL_TIME, /* nothing happened until then */
	TERMINAL_DRAW, /* it has another size, or was somebody else's */
	TERMINAL_KEY,
	TERMINAL_END /* a signal, or nobody is there any more */
};

/* Whether standard output is one that can be drawn on. */
bool terminal_is_there(void);

/* False where signals cannot be had as events; then nothing is changed. */
bool terminal_open(void);
/* As it was; harmless where it is not open. */
void terminal_close(void);

/* Of the terminal as it is now, 24 where it does not say. */
size_t terminal_lines(void);

/* Wait; a stop (Ctrl-Z) and what follows are done within.  Works without
 * terminal_open(), too: then it only waits. */
enum terminal_event terminal_wait(int64_t milliseconds, char *key);

#endif
