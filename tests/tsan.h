/*
 * Included ahead of every file of a build for the thread sanitizer.
 *
 * The sanitizers of gcc 12 and clang 14 do not see a lock that is taken by
 * pthread_mutex_clocklock(), and then complain of its unlocking.  This tells
 * them.
 */
#ifndef TESTS_TSAN_H
#define TESTS_TSAN_H

#include <pthread.h>
#include <sanitizer/tsan_interface.h>

static inline int
tsan_mutex_clocklock(
    pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	int rc;

	__tsan_mutex_pre_lock(mutex, __tsan_mutex_try_lock);
	rc = pthread_mutex_clocklock(mutex, clock, until);
	__tsan_mutex_post_lock(mutex,
	    rc == 0 ? __tsan_mutex_try_lock
		    : __tsan_mutex_try_lock | __tsan_mutex_try_lock_failed,
	    0);
	return rc;
}

#define pthread_mutex_clocklock tsan_mutex_clocklock

#endif
