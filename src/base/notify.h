/*
 * What the service manager is told of a service, by sd_notify(3)'s protocol: a
 * datagram to the socket that NOTIFY_SOCKET names.  Where nobody asked to be
 * told nothing happens, and who cannot be told is not waited for.
 *
 * For the main thread.  The worker of supervise() tells for the service, so a
 * unit needs NotifyAccess=all.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* It serves: after the start, and after each reload. */
void notify_ready(void);
/* It reads its configuration again; notify_ready() follows, whatever comes of
 * that. */
void notify_reloading(void);
/* It ends. */
void notify_stopping(void);
/* It still runs: for WATCHDOG_USEC, to be called about once a second. */
void notify_alive(void);

#endif
