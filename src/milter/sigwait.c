/*
 * Signals are ours alone.
 *
 * libmilter waits for HUP, TERM and INT in a thread of its own and takes each
 * for a stop.  Where ours is busy with one signal, the kernel gives the next
 * to whichever thread waits, so two reloads in a row could end the milter.
 * libmilter calls sigwait() by its name, and finds this one first: it waits
 * for ever.
 */
#include <signal.h>
#include <unistd.h>

/* The system's header uses names kept for itself. */
int /* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
sigwait(const sigset_t *set, int *number)
{
	(void)set;
	(void)number;
	for (;;) {
		(void)pause();
	}
}
