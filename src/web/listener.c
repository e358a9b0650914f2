#include "web/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"

enum {
	BACKLOG = 512,
	SOCKET_TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	LISTENERS_MAX = LISTENER_KINDS * CONF_LISTEN_MAX,
	SOCKETS_MAX = LISTENERS_MAX * LISTENER_SOCKETS
};

union any_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

static union any_address
own_address(int listener)
{
	union any_address own = { .storage = { 0 } };
	socklen_t len = sizeof(own);

	(void)getsockname(listener, &own.sa, &len);
	return own;
}

/* Remove a socket nobody listens on any more; false where somebody does, or
 * where it is no socket.  errno says which. */
static bool
remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;

	if (lstat(sun->sun_path, &st) != 0) {
		return errno == ENOENT;
	}
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	if (file_connect(sun->sun_path) == 0) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(sun->sun_path) == 0;
}

/* `shared`: with those that have the place already. */
static int
bind_and_listen(
    const struct sockaddr *address, socklen_t size, mode_t mode, bool shared)
{
	const int on = 1;
	const int off = 0;
	int listener = socket(address->sa_family, SOCKET_TYPE, 0);
	mode_t before;
	bool bound;
	int kept;

	if (listener < 0) {
		return -1;
	}
	/* On another family they mean nothing. */
	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(
	    listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (shared) {
		(void)setsockopt(
		    listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	}
	/* A unix socket has its mode from the first moment. */
	before = umask(~mode & 0777);
	bound = bind(listener, address, size) == 0;
	(void)umask(before);
	if (bound && listen(listener, BACKLOG) == 0) {
		return listener;
	}
	kept = errno;
	(void)close(listener);
	errno = kept;
	return -1;
}

/* A socket, or -1 with `error`.  Where another has the place it is tried again
 * for a moment if `waits`; `*taken`: it was so till the end. */
static int
listen_on(const struct listener *one, bool waits, bool *taken,
    char error[static LISTENER_TEXT_SIZE])
{
	const char *where = one->where;
	const mode_t mode = one->serves == LISTENER_OPERATOR ? 0660 : 0666;
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct addrinfo *found = NULL;
	struct endpoint endpoint = { .port = 0 };
	const char *why = endpoint_parse(where, ENDPOINT_SERVER, &endpoint);
	int listener = -1;
	int tries = 0;
	char port[8];
	struct text text;
	int rc;

	if (why == NULL && !endpoint.is_unix) {
		text_init(&text, port, sizeof(port));
		text_add_int(&text, endpoint.port, 0);
		rc = getaddrinfo(endpoint.host, port, &hints, &found);
		why = rc == 0 ? NULL : gai_strerror(rc);
	}
	(void)text_copy(sun.sun_path, sizeof(sun.sun_path), endpoint.path);
	while (why == NULL && listener < 0) {
		if (found != NULL) {
			listener = bind_and_listen(
			    found->ai_addr, found->ai_addrlen, mode, false);
		} else if (remove_stale(&sun)) {
			listener = bind_and_listen(
			    (const struct sockaddr *)&sun, sizeof(sun), mode,
			    false);
		}
		*taken = listener < 0 && errno == EADDRINUSE;
		if (listener < 0 &&
		    (!*taken || !waits || !proc_wait_out(&tries))) {
			break;
		}
	}
	if (listener < 0) {
		text_init(&text, error, LISTENER_TEXT_SIZE);
		/* strerror() where there is one thread. */
		text_addf(&text, "cannot listen on %s: %s", where,
		    why != NULL
			? why
			: strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
	}
	if (found != NULL) {
		freeaddrinfo(found);
	}
	return listener;
}

/*
 * Open it.  Of a port of the page the first socket is bound for itself, so that
 * a place that another program has is not shared with it; then the others are
 * put beside it, as far as the kernel does that.  The path of a unix socket is
 * that of one alone.
 */
static bool
open_listener(struct listener *one, bool waits, bool *taken,
    char error[static LISTENER_TEXT_SIZE])
{
	const int on = 1;
	union any_address own;
	int first;

	first = listen_on(one, waits, taken, error);
	one->socket[0] = first;
	if (first < 0 || one->serves != LISTENER_PAGE) {
		return first >= 0;
	}
	own = own_address(first);
	if (own.sa.sa_family != AF_UNIX &&
	    setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) {
		for (size_t i = 1; i < LISTENER_SOCKETS; i++) {
			one->socket[i] = bind_and_listen(
			    &own.sa, sizeof(own), 0666, true);
		}
	}
	return true;
}

void
listener_close(struct listener *listener)
{
	for (size_t i = 0; i < LISTENER_SOCKETS; i++) {
		if (listener->socket[i] >= 0) {
			(void)close(listener->socket[i]);
			listener->socket[i] = -1;
		}
	}
}

/* ---- all of them ---- */

/* What the configuration names, not open. */
static struct listeners
wanted(const struct conf *conf)
{
	const struct conf_list *const lists[LISTENER_KINDS] = {
		[LISTENER_METRICS] = &conf->web.metrics_listen,
		[LISTENER_OPERATOR] = &conf->web.operator_listen,
		[LISTENER_AUTH_POLICY] = &conf->web.auth_policy_listen,
		[LISTENER_PAGE] = &conf->web.listen,
	};
	struct listeners all = { .count = 0 };

	for (int kind = 0; kind < LISTENER_KINDS; kind++) {
		for (size_t i = 0; i < lists[kind]->items; i++) {
			struct listener *one = &all.one[all.count++];

			(void)text_copy(one->where, sizeof(one->where),
			    lists[kind]->item[i]);
			one->serves = (enum listener_serves)kind;
			memset(one->socket, -1, sizeof(one->socket));
		}
	}
	return all;
}

bool
listener_same(const struct listener *one, const struct listener *other)
{
	return one->serves == other->serves &&
	       strcmp(one->where, other->where) == 0;
}

/* Root's is for root alone: let in the user that we become, and its group. */
static void
give_away(const struct listener *one, const struct conf *conf)
{
	const char *path = text_after(one->where, "unix:");
	struct proc_user user;

	if (path != NULL &&
	    proc_service_user(conf->user, conf->database, &user) &&
	    lchown(path, user.uid, user.gid) != 0) {
		log_warn("%s cannot be given to %s", path, user.name);
	}
}

bool
listeners_open(struct listeners *listeners, const struct conf *conf,
    char error[static LISTENER_TEXT_SIZE])
{
	bool taken;

	*listeners = wanted(conf);
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *one = &listeners->one[i];

		if (!open_listener(one, true, &taken, error)) {
			return false;
		}
		if (one->serves == LISTENER_OPERATOR && geteuid() == 0) {
			give_away(one, conf);
		}
	}
	return true;
}

/* Put those that are open first, and forget the others. */
static void
drop_closed(struct listeners *listeners)
{
	size_t open = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->one[i].socket[0] >= 0) {
			listeners->one[open++] = listeners->one[i];
		}
	}
	listeners->count = open;
}

/* The list, and its sockets beside it, as many as it names. */
static void
send_all(int channel, struct listeners *listeners)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * SOCKETS_MAX)];
	} control = { .room = { 0 } };
	struct iovec all = { listeners, sizeof(*listeners) };
	struct msghdr message = { .msg_iov = &all, .msg_iovlen = 1 };
	int sockets[SOCKETS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		for (size_t j = 0; j < LISTENER_SOCKETS; j++) {
			if (listeners->one[i].socket[j] >= 0) {
				sockets[count++] = listeners->one[i].socket[j];
			}
		}
	}
	if (count > 0) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(&control.head), sockets, sizeof(int) * count);
	}
	if (sendmsg(channel, &message, MSG_NOSIGNAL) < 0) {
		log_warn("the server could not be told where it listens: it "
			 "needs a restart");
	}
}

/* Put the sockets that came in the places of those that were sent; false where
 * they are not as many. */
static bool
take_sockets(struct listeners *listeners, struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	const size_t came = head != NULL
				? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int)
				: 0;
	int sockets[SOCKETS_MAX];
	size_t count = 0;

	if (came > 0) {
		memcpy(sockets, CMSG_DATA(head), sizeof(int) * came);
	}
	for (size_t i = 0; i < listeners->count; i++) {
		for (size_t j = 0; j < LISTENER_SOCKETS; j++) {
			int *socket = &listeners->one[i].socket[j];

			if (*socket >= 0 && count++ < came) {
				*socket = sockets[count - 1];
			}
		}
	}
	return count == came;
}

bool
listeners_receive(int channel, struct listeners *out)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * SOCKETS_MAX)];
	} control;
	bool received = false;

	for (;;) {
		struct listeners next;
		struct iovec all = { &next, sizeof(next) };
		struct msghdr message = { .msg_iov = &all,
			.msg_iovlen = 1,
			.msg_control = control.room,
			.msg_controllen = sizeof(control.room) };

		if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) !=
			(ssize_t)sizeof(next) ||
		    !take_sockets(&next, &message)) {
			return received;
		}
		for (size_t i = 0; received && i < out->count; i++) {
			listener_close(&out->one[i]);
		}
		*out = next;
		received = true;
	}
}

/* Whether one of them has the place, or a part of it. */
static bool
has_place(const struct listeners *listeners, const char *where)
{
	struct endpoint wanted_place = { .port = 0 };
	struct endpoint place = { .port = 0 };
	bool has = false;

	(void)endpoint_parse(where, ENDPOINT_SERVER, &wanted_place);
	for (size_t i = 0; i < listeners->count; i++) {
		(void)endpoint_parse(
		    listeners->one[i].where, ENDPOINT_SERVER, &place);
		has |= endpoint_overlaps(&wanted_place, &place);
	}
	return has;
}

/* Open those that are not open; false where one could not be, of which only
 * the last try tells.  `*blocked`: one of `old` is in the way. */
static bool
open_missing(struct listeners *listeners, const struct listeners *old,
    bool last, bool *blocked)
{
	char error[LISTENER_TEXT_SIZE];
	bool fine = true;

	*blocked = false;
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *one = &listeners->one[i];
		bool taken = false;

		if (one->socket[0] < 0) {
			fine &= open_listener(one, last, &taken, error);
			*blocked |= taken && has_place(old, one->where);
		}
		if (one->socket[0] < 0 && last) {
			log_warn("%s", error);
		}
	}
	return fine;
}

void
listeners_follow(
    struct listeners *listeners, const struct conf *conf, int channel)
{
	struct listeners next = wanted(conf);
	struct listeners open;
	bool blocked;
	bool fine;

	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *one = &listeners->one[i];

		for (size_t j = 0; j < next.count; j++) {
			if (listener_same(one, &next.one[j])) {
				next.one[j] = *one;
				memset(one->socket, -1, sizeof(one->socket));
			}
		}
	}
	drop_closed(listeners); /* what is named no more */
	fine = open_missing(&next, listeners, false, &blocked);
	if (blocked) {
		open = next;
		drop_closed(&open);
		send_all(channel, &open);
		listeners_close(listeners);
	}
	fine = fine || open_missing(&next, listeners, true, &blocked);
	drop_closed(&next);
	if (fine) {
		listeners_close(listeners);
	}
	for (size_t i = 0; i < listeners->count; i++) {
		if (next.count < LISTENERS_MAX) {
			next.one[next.count++] = listeners->one[i];
		}
	}
	*listeners = next;
	send_all(channel, listeners);
}

/* ---- what it is ---- */

char *
listener_name(int socket, bool secure, char text[static LISTENER_TEXT_SIZE])
{
	const union any_address own = own_address(socket);
	char host[ADDR_TEXT_SIZE];
	struct addr addr;
	struct text out;

	text_init(&out, text, LISTENER_TEXT_SIZE);
	if (addr_from_sockaddr(&own.sa, &addr)) {
		text_addf(&out,
		    own.sa.sa_family == AF_INET6 ? "http%s://[%s]:%u/"
						 : "http%s://%s:%u/",
		    secure ? "s" : "", addr_format(&addr, host),
		    /* at the same place for both */
		    (unsigned)ntohs(own.in.sin_port));
	} else {
		text_addf(&out, "unix:%s", own.un.sun_path);
	}
	return text;
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const union any_address own = own_address(
		    listeners->one[i].socket[0]);

		if (own.sa.sa_family == AF_UNIX) {
			(void)unlink(own.un.sun_path);
		}
		listener_close(&listeners->one[i]);
	}
	listeners->count = 0;
}
