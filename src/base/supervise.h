/*
 * A service in two processes: a worker, and one that starts it again.
 *
 * supervise() is called once all is done that needs the rights and the single
 * thread the program was started with.  It returns in the worker, a child with
 * all that was opened before.  The parent stays behind, with nothing to do but
 * wait: HUP, TERM and INT it passes on; a worker that a signal ended, or that
 * ended with SUPERVISE_AGAIN, is followed by another one at once, or a second
 * later where a minute has seen SUPERVISE_BURST of them, and the log says so;
 * any other end of the worker is the parent's as well.  Where the parent dies,
 * however, the worker is killed.
 *
 * Sockets that the parent opened stay open meanwhile: who connects waits for
 * the next worker.  That one is told at once to read the configuration again
 * (HUP), as it may have changed since the start.
 *
 * proc_signals_block() comes before.
 */
#ifndef BASE_SUPERVISE_H
#define BASE_SUPERVISE_H

enum {
	SUPERVISE_AGAIN =
	    75, /* exit status of a worker that asks for another */
	SUPERVISE_BURST = 60
};

/* What the parent does besides: before HUP is passed on, and once there will
 * be no other worker. */
struct supervise_duty {
	void (*reload)(void *of);
	void (*end)(void *of);
	void *of;
};

/* `duty` may be NULL. */
void supervise(const struct supervise_duty *duty);

#endif
