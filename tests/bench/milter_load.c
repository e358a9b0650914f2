/*
 * Load for a milter on a unix socket: many connections, each one session
 * after another, as Postfix would open them.
 *
 *   milter_load [-c CONNECTIONS] [-t SECONDS] [-b BANS] [-o OTHERS]
 *               [-p PERCENT] [-g PERCENT] [-e RECIPIENTS] [-r RATE] SOCKET
 *
 * Of the sessions, -p PERCENT come from the BANS addresses that `fill` bans,
 * the others from OTHERS addresses without one; of those, -g PERCENT guess at
 * recipients that do not exist, -e RECIPIENTS (one) in a session.  With -r so many sessions begin a second,
 * whether or not those before have ended (on -c CONNECTIONS at most: one that
 * finds none free has begun all the same).  Prints one line: how many sessions there
 * were in all, how many ended within SECONDS (after a start that is not
 * counted), how many a second, the time from opening the connection to the
 * first answer to an SMTP event (median and 99th of a hundred), how many
 * sessions came from banned addresses and how many were refused.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "wire.h"

enum {
	CONNECTIONS_MAX = 1000,
	ANSWER_MAX = 4096
};

#define NANOSECONDS INT64_C(1000000000)
#define START_LASTS (NANOSECONDS / 2)

struct settings {
	struct sockaddr_un socket;
	int64_t connections;
	int64_t seconds;
	int64_t bans;
	int64_t others;
	int64_t percent;
	int64_t guessers; /* in a hundred of the others */
	int64_t guesses;  /* of one */
	int64_t rate;     /* that begin a second; 0: each behind another */
};

struct connection {
	int fd;
	int64_t began;
	bool agreed; /* the filter has negotiated */
	bool spoken; /* its first verdict came */
	enum wire_guest guest;
	bool refused;
	struct wire_session session;
	size_t sent; /* steps */
	unsigned char answer[ANSWER_MAX];
	size_t got;
};

static struct {
	int64_t all;
	int64_t sessions;
	int64_t banned;
	int64_t refused;
	uint32_t *first; /* nanoseconds to the first verdict */
	size_t firsts;
	size_t firsts_room;
} result;

static struct settings settings = {
	.connections = 1,
	.seconds = 3,
	.bans = 0,
	.others = 10000,
	.percent = 20,
	.guesses = 1,
};
static struct connection connections[CONNECTIONS_MAX];
/* With a rate: those without a session, and when the next one begins. */
static struct connection *idle[CONNECTIONS_MAX];
static size_t idles;
static int64_t due;
static int epoll_fd;
static bool counting;

static _Noreturn void
die(const char *what)
{
	log_fatal(1, "%s: %s", what, strerrordesc_np(errno));
}

static int64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

/* The same numbers in each run (xorshift64*). */
static uint64_t
random_below(int64_t limit)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % (uint64_t)limit;
}

static void
note_first(int64_t nanoseconds)
{
	if (result.firsts == result.firsts_room) {
		size_t room = result.firsts_room * 2 + 4096;
		uint32_t *more = realloc(result.first, room * sizeof(*more));

		if (more == NULL)
			die("realloc");
		result.first = more;
		result.firsts_room = room;
	}
	result.first[result.firsts++] = nanoseconds < UINT32_MAX
					    ? (uint32_t)nanoseconds
					    : UINT32_MAX;
}

/* Send up to the next packet that is answered; false at the session's end. */
static bool
send_step(struct connection *connection)
{
	struct wire_session *session = &connection->session;
	size_t from = connection->sent > 0
			  ? session->step[connection->sent - 1].end
			  : 0;
	size_t to;
	bool answered;

	if (connection->sent == session->steps)
		return false;
	to = session->step[connection->sent].end;
	answered = session->step[connection->sent].answered;
	connection->sent++;
	/* Small beside the socket's buffer: it goes in one piece. */
	if (send(connection->fd, session->bytes + from, to - from,
		MSG_NOSIGNAL) != (ssize_t)(to - from))
		die("send");
	return answered;
}

static enum wire_guest
next_guest(void)
{
	if (settings.bans > 0 && random_below(100) < (uint64_t)settings.percent)
		return WIRE_BANNED;
	return random_below(100) < (uint64_t)settings.guessers ? WIRE_GUESSER
							       : WIRE_SENDER;
}

static void
begin_session(struct connection *connection, int64_t began)
{
	struct epoll_event event = { .events = EPOLLIN,
		.data.ptr = connection };

	connection->began = began;
	connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0)
		die("socket");
	if (connect(connection->fd, (const struct sockaddr *)&settings.socket,
		sizeof(settings.socket)) != 0)
		die("connect");
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0)
		die("epoll_ctl");
	connection->agreed = false;
	connection->spoken = false;
	connection->refused = false;
	connection->sent = 0;
	connection->got = 0;
	connection->guest = next_guest();
	wire_offer(&connection->session);
	send_step(connection);
}

static void
end_session(struct connection *connection)
{
	close(connection->fd);
	result.all++;
	if (!counting)
		return;
	result.sessions++;
	result.banned += connection->guest == WIRE_BANNED;
	result.refused += connection->refused;
}

static void
take_terms(
    struct connection *connection, const unsigned char *packet, size_t len)
{
	struct wire_terms terms;
	uint64_t number = connection->guest == WIRE_BANNED
			      ? random_below(settings.bans)
			      : (uint64_t)settings.bans +
				    random_below(settings.others);

	if (!wire_agree(&terms, packet, len))
		log_fatal(1, "the filter does not negotiate");
	connection->agreed = true;
	connection->sent = 0;
	wire_write(&connection->session, &terms,
	    bench_address((uint32_t)number), connection->guest,
	    settings.guesses);
}

static void
take_verdict(struct connection *connection, unsigned char verdict)
{
	if (!connection->spoken && counting)
		note_first(clock_now() - connection->began);
	connection->spoken = true;
	if (verdict != 'c')
		connection->refused = true;
}

/* One whole packet of the filter's. */
static void
take_packet(
    struct connection *connection, const unsigned char *packet, size_t len)
{
	if (connection->agreed)
		take_verdict(connection, packet[0]);
	else
		take_terms(connection, packet, len);
	if (send_step(connection))
		return;
	end_session(connection);
	if (settings.rate > 0)
		idle[idles++] = connection;
	else
		begin_session(connection, clock_now());
}

static void
receive(struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->answer + connection->got,
	    sizeof(connection->answer) - connection->got, 0);
	uint32_t len;

	if (got < 0)
		die("recv");
	if (got == 0)
		log_fatal(1, "the filter hung up");
	connection->got += (size_t)got;
	if (connection->got < 4)
		return;
	/* The filter answers one packet at a time, so no second waits here. */
	len = (uint32_t)connection->answer[0] << 24 |
	      (uint32_t)connection->answer[1] << 16 |
	      (uint32_t)connection->answer[2] << 8 | connection->answer[3];
	if (len == 0 || len > sizeof(connection->answer) - 4)
		log_fatal(1, "the filter sent no packet");
	if (connection->got < 4 + (size_t)len)
		return;
	connection->got = 0;
	take_packet(connection, connection->answer + 4, len);
}

/* Begin the sessions that are due; gives back how long nothing more is to be
 * done. */
static int64_t
begin_due(int64_t now, int64_t end)
{
	while (settings.rate > 0 && idles > 0 && due <= now) {
		begin_session(idle[--idles], due);
		due += NANOSECONDS / settings.rate;
	}
	return (settings.rate > 0 && idles > 0 && due < end ? due : end) - now;
}

static void
run_until(int64_t end)
{
	struct epoll_event ready[64];
	int64_t now;

	while ((now = clock_now()) < end) {
		const int64_t left = begin_due(now, end);
		const struct timespec wait = { .tv_sec = left / NANOSECONDS,
			.tv_nsec = left % NANOSECONDS };
		int count = epoll_pwait2(epoll_fd, ready, 64, &wait, NULL);

		if (count < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < count; i++)
			receive(ready[i].data.ptr);
	}
}

static int
compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static double
percentile(size_t hundredths)
{
	size_t at = result.firsts * hundredths / 100;

	return result.firsts == 0 ? 0 : result.first[at] / 1000.0;
}

static void
print_result(int64_t nanoseconds)
{
	double seconds = (double)nanoseconds / (double)NANOSECONDS;

	if (result.firsts > 0)
		qsort(result.first, result.firsts, sizeof(*result.first),
		    compare);
	printf("all=%lld sessions=%lld rate=%.1f p50_us=%.1f p99_us=%.1f "
	       "banned=%lld refused=%lld\n",
	    (long long)result.all, (long long)result.sessions,
	    (double)result.sessions / seconds, percentile(50), percentile(99),
	    (long long)result.banned, (long long)result.refused);
}

static _Noreturn void
usage(void)
{
	log_fatal(EXIT_USAGE,
	    "usage: milter_load [-c CONNECTIONS] [-t SECONDS] [-b BANS] "
	    "[-o OTHERS] [-p PERCENT] [-g PERCENT] [-e RECIPIENTS] [-r RATE] SOCKET");
}

static void
read_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	if (!text_to_int(text, min, max, out))
		usage();
}

static void
read_settings(int argc, char **argv)
{
	int option;

	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((option = getopt(argc, argv, "c:t:b:o:p:g:e:r:")) != -1) {
		if (option == 'c')
			read_number(
			    optarg, 1, CONNECTIONS_MAX, &settings.connections);
		else if (option == 't')
			read_number(optarg, 1, 3600, &settings.seconds);
		else if (option == 'b')
			read_number(
			    optarg, 0, BENCH_ADDRESSES / 2, &settings.bans);
		else if (option == 'o')
			read_number(
			    optarg, 1, BENCH_ADDRESSES / 2, &settings.others);
		else if (option == 'p')
			read_number(optarg, 0, 100, &settings.percent);
		else if (option == 'g')
			read_number(optarg, 0, 100, &settings.guessers);
		else if (option == 'e')
			read_number(optarg, 1, WIRE_GUESSES, &settings.guesses);
		else if (option == 'r')
			read_number(optarg, 1, 100000, &settings.rate);
		else
			usage();
	}
	settings.socket.sun_family = AF_UNIX;
	if (optind + 1 != argc ||
	    !text_copy(settings.socket.sun_path,
		sizeof(settings.socket.sun_path), argv[optind]))
		usage();
}

int
main(int argc, char **argv)
{
	int64_t began;

	log_init("milter_load");
	read_settings(argc, argv);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("epoll_create1");
	due = clock_now();
	for (int64_t i = 0; i < settings.connections; i++) {
		if (settings.rate > 0)
			idle[idles++] = &connections[i];
		else
			begin_session(&connections[i], clock_now());
	}
	run_until(clock_now() + START_LASTS);
	counting = true;
	began = clock_now();
	run_until(began + settings.seconds * NANOSECONDS);
	print_result(clock_now() - began);
	return 0;
}
