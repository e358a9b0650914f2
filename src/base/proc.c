#include "base/proc.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <ifaddrs.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

enum {
	OWN_OPTION = 256 /* no letter */
};

/* ---- command line ---- */

struct options
options_read(int argc, char **argv, const struct service_info *service)
{
	const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ service->own[0], required_argument, NULL, OWN_OPTION },
		{ service->own[1], required_argument, NULL, OWN_OPTION + 1 },
		{ NULL, 0, NULL, 0 },
	};
	const char *letters = service->has_once    ? "c:hnV"
			      : service->has_verbs ? "+c:hV"
						   : "c:hV";
	struct options options = { .conf_path = NULL };
	const struct options mistaken = { .done = true, .status = EXIT_USAGE };
	int letter;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread starts */
	while ((letter = getopt_long(
		    argc, argv, letters, long_options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options.conf_path = optarg;
			break;
		case 'n':
			options.once = true;
			break;
		case 'h':
			(void)fputs(service->usage, stdout);
			return (struct options){ .done = true };
		case 'V':
			(void)printf("%s %s\n", service->name, VIDEUR_VERSION);
			return (struct options){ .done = true };
		case OWN_OPTION:
		case OWN_OPTION + 1:
			options.value[letter - OWN_OPTION] = optarg;
			break;
		default:
			/* Getopt has said what; verbs are too many to list. */
			(void)fputs(
			    service->has_verbs ? "" : service->usage, stderr);
			return mistaken;
		}
	}
	if (optind < argc && !service->has_verbs) {
		(void)fputs(service->usage, stderr);
		return mistaken;
	}
	return options;
}

/* ---- clock ---- */

int64_t
proc_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t
proc_ticks(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

struct timespec
proc_until(int64_t milliseconds)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += milliseconds % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* ---- ids ---- */

void
proc_random(unsigned char *bytes, size_t len)
{
	/* Never short for so few bytes, and never interrupted once the pool
	 * is ready. */
	while (getrandom(bytes, len, 0) != (ssize_t)len) {
	}
}

static const char ref_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

char *
proc_ref_of(uint64_t hash, char ref[static PROC_REF_SIZE])
{
	for (size_t i = 0; i < PROC_REF_SIZE - 1; i++, hash /= 32) {
		ref[i] = ref_digits[hash % 32];
	}
	ref[PROC_REF_SIZE - 1] = '\0';
	return ref;
}

char *
proc_ref(char ref[static PROC_REF_SIZE])
{
	uint64_t random;

	proc_random((unsigned char *)&random, sizeof(random));
	return proc_ref_of(random, ref);
}

const char *
proc_ref_read(const char *typed, char ref[static PROC_REF_SIZE])
{
	if (typed == NULL || !text_copy(ref, PROC_REF_SIZE, typed)) {
		return NULL;
	}
	for (char *c = ref; *c != '\0'; c++) {
		*c = (char)toupper((unsigned char)*c);
		*c = (char)(*c == 'I' || *c == 'L' ? '1'
			    : *c == 'O'            ? '0'
						   : *c);
	}
	return strspn(ref, ref_digits) == PROC_REF_SIZE - 1 ? ref : NULL;
}

void
proc_who(char *name, size_t size)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): only the command asks. */
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *user;
	struct text text;

	text_init(&text, name, size);
	if (getuid() == 0 && sudo != NULL && *sudo != '\0' &&
	    text_is_plain(sudo)) {
		text_add(&text, sudo);
		return;
	}
	user = getpwuid(getuid());
	if (user != NULL) {
		text_add(&text, user->pw_name);
	} else {
		text_addf(&text, "uid %lu", (unsigned long)getuid());
	}
	/* NOLINTEND(concurrency-mt-unsafe) */
}

size_t
proc_own_addresses(struct net *own, size_t max)
{
	struct ifaddrs *list;
	size_t count = 0;

	if (getifaddrs(&list) != 0) {
		return 0;
	}
	for (struct ifaddrs *at = list; at != NULL && count < max;
	     at = at->ifa_next) {
		struct addr addr;

		if (addr_from_sockaddr(at->ifa_addr, &addr)) {
			own[count++] = net_cut(&addr, ADDR_BITS);
		}
	}
	freeifaddrs(list);
	return count;
}

/* ---- identity ---- */

bool
proc_service_user(const char *user, const char *path, struct proc_user *out)
{
	const struct passwd *pw;
	char folder[4096];
	struct stat st;

	*out = (struct proc_user){ .uid = 0 };
	/* NOLINTBEGIN(concurrency-mt-unsafe): before any thread starts */
	if (user[0] != '\0') {
		pw = getpwnam(user);
		if (pw == NULL) {
			log_warn("user = %s: there is no such user", user);
			return false;
		}
		out->uid = pw->pw_uid;
		out->gid = pw->pw_gid;
	} else if (!file_folder(path, folder, sizeof(folder)) ||
		   stat(folder, &st) != 0) {
		log_warn("%s: %s", folder, strerror(errno));
		return false;
	} else {
		out->uid = st.st_uid;
		out->gid = st.st_gid;
		pw = getpwuid(out->uid);
	}
	/* NOLINTEND(concurrency-mt-unsafe) */
	if (pw != NULL &&
	    !text_copy(out->name, sizeof(out->name), pw->pw_name)) {
		log_warn("%s: too long for a user's name", pw->pw_name);
		return false;
	}
	return true;
}

bool
proc_become(const struct proc_user *user)
{
	int groups = user->name[0] != '\0' ? initgroups(user->name, user->gid)
					   : setgroups(0, NULL);

	if (groups != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0) {
		log_warn("cannot become uid %lu: %s", (unsigned long)user->uid,
		    strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
		return false;
	}
	return true;
}

bool
proc_drop_root(const char *user, const char *path)
{
	struct proc_user service;

	if (getuid() != 0) {
		return true;
	}
	if (!proc_service_user(user, path, &service)) {
		return false;
	}
	if (user[0] == '\0' && service.uid == 0) {
		log_warn("running as root: the directory of %s belongs to root "
			 "and \"user\" is not set",
		    path);
		return true;
	}
	/* Libraries look for settings there: root's are not its own. */
	(void)unsetenv("HOME"); /* NOLINT(concurrency-mt-unsafe): too early */
	return proc_become(&service);
}

/* ---- what there is of it ---- */

void
proc_descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void
proc_descriptors_look(int64_t now)
{
	static struct log_gate gate;
	const int one = dup(STDERR_FILENO);
	int64_t held;

	if (one >= 0) {
		(void)close(one);
	} else if ((errno == EMFILE || errno == ENFILE) &&
		   log_gate_open(&gate, now, &held)) {
		log_warn("no descriptors are left (%s): connections wait; see "
			 "LimitNOFILE or ulimit -n",
		    errno == EMFILE ? "of this process" : "on this host");
	}
}

bool
proc_wait_out(int *tries)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	(void)nanosleep(&moment, NULL);
	return ++*tries <= 50;
}

/* ---- signals ---- */

static int wake = -1; /* eventfd that the handlers write to */
static atomic_bool reload_asked;
static atomic_bool stop_asked;

static void
on_signal(int number)
{
	const uint64_t one = 1;
	int kept = errno;

	if (number == SIGHUP) {
		reload_asked = true;
	} else {
		stop_asked = true;
	}
	if (write(wake, &one, sizeof(one)) < 0) {
		/* Full means that the waiter is awake already. */
	}
	errno = kept;
}

/* Block or unblock them in the calling thread, and those it starts. */
static void
signals_here(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)pthread_sigmask(how, &set, NULL);
}

void
proc_signals_block(void)
{
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake < 0) {
		log_fatal(EXIT_USAGE, "eventfd: %s",
		    strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
	}
	signals_here(SIG_BLOCK);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

enum proc_signal
proc_signals_wait(int one, int other, int64_t milliseconds)
{
	/* poll() passes over a negative descriptor. */
	struct pollfd awaited[] = { { .fd = wake, .events = POLLIN },
		{ .fd = one, .events = POLLIN },
		{ .fd = other, .events = POLLIN } };
	uint64_t count;

	signals_here(SIG_UNBLOCK);
	if (!stop_asked && !reload_asked) {
		(void)poll(awaited, 3, (int)milliseconds);
	}
	if (read(wake, &count, sizeof(count)) < 0) {
		/* Nothing came: the wait was over. */
	}
	if (stop_asked) {
		return PROC_SIGNAL_STOP;
	}
	return atomic_exchange(&reload_asked, false) ? PROC_SIGNAL_RELOAD
						     : PROC_SIGNAL_NONE;
}
