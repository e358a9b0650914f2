#include "ctl/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/proc.h"

enum {
	LINES = 24
};

static struct {
	bool open;
	bool keys;             /* standard input has them */
	bool drawn_on;         /* the page of its own is shown */
	struct termios before; /* of standard input */
	int signals;           /* descriptor */
} terminal;

bool
terminal_is_there(void)
{
	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *name = getenv("TERM");

	return isatty(STDOUT_FILENO) && name != NULL && name[0] != '\0';
}

/* By xterm's DECSET: the other page, no cursor, no line goes on in the next. */
static void
enter(void)
{
	struct termios raw = terminal.before;

	if (terminal.keys) {
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs("\033[?1049h\033[?25l\033[?7l", stdout);
	(void)fflush(stdout);
	terminal.drawn_on = true;
}

static void
leave(void)
{
	if (!terminal.drawn_on) {
		return;
	}
	terminal.drawn_on = false;
	fputs("\033[?7h\033[?25h\033[?1049l", stdout);
	(void)fflush(stdout);
	if (terminal.keys) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
	}
}

bool
terminal_open(void)
{
	static const int events[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP,
		SIGCONT, SIGWINCH };
	static bool at_exit;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		sigaddset(&set, events[i]);
	}
	terminal.signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (terminal.signals < 0 || (!at_exit && atexit(leave) != 0)) {
		return false;
	}
	at_exit = true;
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	terminal.open = true;
	terminal.keys = isatty(STDIN_FILENO) &&
			tcgetattr(STDIN_FILENO, &terminal.before) == 0;
	enter();
	return true;
}

void
terminal_close(void)
{
	leave();
	if (terminal.open) {
		(void)close(terminal.signals);
	}
	terminal.open = false;
}

size_t
terminal_lines(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
		   ? size.ws_row
		   : LINES;
}

static enum terminal_event
take_signal(void)
{
	struct signalfd_siginfo info;

	if (read(terminal.signals, &info, sizeof(info)) != sizeof(info)) {
		return TERMINAL_DRAW;
	}
	switch ((int)info.ssi_signo) {
	case SIGTSTP:
		leave();
		(void)raise(SIGSTOP);
		return take_signal(); /* SIGCONT */
	case SIGCONT:
		/* Whoever had it meanwhile changed what it liked. */
		leave();
		enter();
		return TERMINAL_DRAW;
	case SIGWINCH:
		return TERMINAL_DRAW;
	default:
		return TERMINAL_END;
	}
}

enum terminal_event
terminal_wait(int64_t milliseconds, char *key)
{
	struct pollfd polled[] = {
		{ .fd = terminal.open ? terminal.signals : -1,
		    .events = POLLIN },
		{ .fd = terminal.open && terminal.keys ? STDIN_FILENO : -1,
		    .events = POLLIN },
	};
	const int wait = milliseconds > INT32_MAX ? INT32_MAX
						  : (int)milliseconds;

	if (poll(polled, 2, wait) <= 0) {
		return TERMINAL_TIME;
	}
	if (polled[0].revents != 0) {
		return take_signal();
	}
	return read(STDIN_FILENO, key, 1) == 1 ? TERMINAL_KEY : TERMINAL_END;
}
