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
#include "base/text.h"

enum {
	BACKLOG = 512,
	HOST_SIZE = 256,
	SOCKET_TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
};

static const char unix_prefix[] = "unix:";

static int
fail(char error[static LISTENER_TEXT_SIZE], const char *where, const char *why)
{
	struct text text;

	text_init(&text, error, LISTENER_TEXT_SIZE);
	text_addf(&text, "cannot listen on %s: %s", where, why);
	return -1;
}

/* strerror() before any thread starts. */
static int
fail_errno(char error[static LISTENER_TEXT_SIZE], const char *where)
{
	return fail(
	    error, where, strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
}

/* ---- unix:PATH ---- */

/* Remove a socket nobody listens on any more; false where somebody does, or
 * where it is no socket.  errno says which. */
static bool
remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int probe;
	bool used;

	if (lstat(sun->sun_path, &st) != 0) {
		return errno == ENOENT;
	}
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	probe = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (probe < 0) {
		return false;
	}
	used = connect(probe, (const struct sockaddr *)sun, sizeof(*sun)) ==
		   0 ||
	       errno == EAGAIN;
	(void)close(probe);
	if (used) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(sun->sun_path) == 0;
}

static int
open_unix(const char *where, char error[static LISTENER_TEXT_SIZE])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener;

	if (!text_copy(sun.sun_path, sizeof(sun.sun_path),
		where + sizeof(unix_prefix) - 1) ||
	    sun.sun_path[0] != '/') {
		return fail(error, where,
		    "not the whole path of a socket, 107 characters at most");
	}
	if (!remove_stale(&sun)) {
		return fail_errno(error, where);
	}
	listener = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (listener < 0 ||
	    bind(listener, (const struct sockaddr *)&sun, sizeof(sun)) != 0 ||
	    chmod(sun.sun_path, 0666) != 0 || listen(listener, BACKLOG) != 0) {
		(void)fail_errno(error, where);
		if (listener >= 0) {
			(void)close(listener);
		}
		return -1;
	}
	return listener;
}

/* ---- HOST:PORT ---- */

/* Split "HOST:PORT" or "[v6]:PORT"; `host` is written, the port given
 * back, NULL where it is neither. */
static const char *
split(const char *where, char host[static HOST_SIZE])
{
	const char *colon = strrchr(where, ':');
	const char *end = colon;
	struct text text;
	int64_t port;

	if (colon == NULL || !text_to_int(colon + 1, 0, UINT16_MAX, &port)) {
		return NULL;
	}
	if (where[0] == '[') {
		where++;
		end--;
		if (*end != ']') {
			return NULL;
		}
	} else if (memchr(where, ':', (size_t)(end - where)) != NULL) {
		return NULL; /* an IPv6 address without its brackets */
	}
	if (end <= where) {
		return NULL;
	}
	text_init(&text, host, HOST_SIZE);
	text_add_bytes(&text, where, (size_t)(end - where));
	return text.cut ? NULL : colon + 1;
}

static int
bind_and_listen(const struct addrinfo *found)
{
	const int on = 1;
	int kept;
	int listener = socket(found->ai_family, SOCKET_TYPE, 0);

	if (listener < 0) {
		return -1;
	}
	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, found->ai_addr, found->ai_addrlen) == 0 &&
	    listen(listener, BACKLOG) == 0) {
		return listener;
	}
	kept = errno;
	(void)close(listener);
	errno = kept;
	return -1;
}

static int
open_tcp(const char *where, char error[static LISTENER_TEXT_SIZE])
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char host[HOST_SIZE];
	const char *port = split(where, host);
	int listener;
	int rc;

	if (port == NULL) {
		return fail(
		    error, where, "not HOST:PORT, [IPV6]:PORT or unix:PATH");
	}
	rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0) {
		return fail(error, where, gai_strerror(rc));
	}
	listener = bind_and_listen(found);
	freeaddrinfo(found);
	return listener < 0 ? fail_errno(error, where) : listener;
}

int
listener_open(const char *where, char error[static LISTENER_TEXT_SIZE])
{
	return strncmp(where, unix_prefix, sizeof(unix_prefix) - 1) == 0
		   ? open_unix(where, error)
		   : open_tcp(where, error);
}

/* ---- what it is ---- */

union any_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
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

bool
listener_is_unix(int listener)
{
	return own_address(listener).sa.sa_family == AF_UNIX;
}

char *
listener_name(int listener, bool secure, char text[static LISTENER_TEXT_SIZE])
{
	const union any_address own = own_address(listener);
	const bool v6 = own.sa.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "";
	struct text out;

	text_init(&out, text, LISTENER_TEXT_SIZE);
	if (own.sa.sa_family == AF_UNIX) {
		text_addf(&out, "unix:%s", own.un.sun_path);
		return text;
	}
	(void)inet_ntop(own.sa.sa_family,
	    v6 ? (const void *)&own.in6.sin6_addr
	       : (const void *)&own.in.sin_addr,
	    host, sizeof(host));
	text_addf(&out, v6 ? "http%s://[%s]:%u/" : "http%s://%s:%u/",
	    secure ? "s" : "", host,
	    (unsigned)ntohs(v6 ? own.in6.sin6_port : own.in.sin_port));
	return text;
}

void
listener_close(int listener)
{
	const union any_address own = own_address(listener);

	if (own.sa.sa_family == AF_UNIX) {
		(void)unlink(own.un.sun_path);
	}
	(void)close(listener);
}
