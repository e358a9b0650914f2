#include "web/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
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
	LISTENERS_MAX = LISTENER_KINDS * CONF_LISTEN_MAX
};

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

static int
bind_and_listen(const struct sockaddr *address, socklen_t size, mode_t mode)
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
			    found->ai_addr, found->ai_addrlen, mode);
		} else if (remove_stale(&sun)) {
			listener = bind_and_listen(
			    (const struct sockaddr *)&sun, sizeof(sun), mode);
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
			one->socket = -1;
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

		one->socket = listen_on(one, true, &taken, error);
		if (one->socket < 0) {
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
		if (listeners->one[i].socket >= 0) {
			listeners->one[open++] = listeners->one[i];
		}
	}
	listeners->count = open;
}

/* The list, and its sockets beside it. */
static void
send_all(int channel, struct listeners *listeners)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * LISTENERS_MAX)];
	} control = { .room = { 0 } };
	struct iovec all = { listeners, sizeof(*listeners) };
	struct msghdr message = { .msg_iov = &all, .msg_iovlen = 1 };
	int sockets[LISTENERS_MAX];

	for (size_t i = 0; i < listeners->count; i++) {
		sockets[i] = listeners->one[i].socket;
	}
	if (listeners->count > 0) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(
		    sizeof(int) * listeners->count);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(
		    sizeof(int) * listeners->count);
		memcpy(CMSG_DATA(&control.head), sockets,
		    sizeof(int) * listeners->count);
	}
	if (sendmsg(channel, &message, MSG_NOSIGNAL) < 0) {
		log_warn("the server could not be told where it listens: it "
			 "needs a restart");
	}
}

bool
listeners_receive(int channel, struct listeners *out)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * LISTENERS_MAX)];
	} control;
	bool received = false;

	for (;;) {
		struct listeners next;
		struct iovec all = { &next, sizeof(next) };
		struct msghdr message = { .msg_iov = &all,
			.msg_iovlen = 1,
			.msg_control = control.room,
			.msg_controllen = sizeof(control.room) };
		int sockets[LISTENERS_MAX];

		if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) !=
			(ssize_t)sizeof(next) ||
		    (next.count > 0 &&
			(CMSG_FIRSTHDR(&message) == NULL ||
			    control.head.cmsg_len !=
				CMSG_LEN(sizeof(int) * next.count)))) {
			return received;
		}
		if (next.count > 0) {
			memcpy(sockets, CMSG_DATA(&control.head),
			    sizeof(int) * next.count);
		}
		for (size_t i = 0; i < next.count; i++) {
			next.one[i].socket = sockets[i];
		}
		for (size_t i = 0; received && i < out->count; i++) {
			(void)close(out->one[i].socket);
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

		if (one->socket < 0) {
			one->socket = listen_on(one, last, &taken, error);
			*blocked |= taken && has_place(old, one->where);
			fine &= one->socket >= 0;
		}
		if (one->socket < 0 && last) {
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
				next.one[j].socket = one->socket;
				one->socket = -1;
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
		    listeners->one[i].socket);

		if (own.sa.sa_family == AF_UNIX) {
			(void)unlink(own.un.sun_path);
		}
		(void)close(listeners->one[i].socket);
	}
	listeners->count = 0;
}

/* ---- certificate and key ---- */

enum {
	CERTIFICATE_MAX = 256 * 1024, /* bytes of a file */
	CHAIN_MAX = 16
};

/* Both PEM.  The library hands its callback nothing of ours: so here. */
static struct {
	pthread_mutex_t lock;
	char *chain; /* NULL: none */
	char *key;
} certificate = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
wipe(char *text)
{
	if (text != NULL) {
		explicit_bzero(text, strlen(text));
		free(text);
	}
}

static gnutls_datum_t
datum(char *text)
{
	return (
	    gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

bool
certificate_load(const struct conf *conf, char error[static LISTENER_TEXT_SIZE])
{
	const char *const path[2] = { conf->web.certificate, conf->web.key };
	gnutls_certificate_credentials_t credentials = NULL;
	char *pem[2] = { NULL, NULL }; /* chain and key */
	char why[FILE_WHY_SIZE];
	bool fine = true;
	struct text text;

	text_init(&text, error, LISTENER_TEXT_SIZE);
	for (size_t i = 0; i < 2 && fine && path[0][0] != '\0'; i++) {
		pem[i] = file_read(path[i], CERTIFICATE_MAX, NULL, why);
		fine = pem[i] != NULL;
		if (!fine) {
			text_addf(&text, "%s: %s", path[i], why);
		}
	}
	if (pem[1] != NULL) {
		const gnutls_datum_t chain = datum(pem[0]);
		const gnutls_datum_t key = datum(pem[1]);

		fine = gnutls_certificate_allocate_credentials(&credentials) >=
			   0 &&
		       gnutls_certificate_set_x509_key_mem(
			   credentials, &chain, &key, GNUTLS_X509_FMT_PEM) >= 0;
		if (credentials != NULL) {
			gnutls_certificate_free_credentials(credentials);
		}
		text_add(&text,
		    "certificate and key cannot be used: no PEM, or they do "
		    "not belong together");
	}
	if (fine) {
		char *const old[2] = { certificate.chain, certificate.key };

		(void)pthread_mutex_lock(&certificate.lock);
		certificate.chain = pem[0];
		certificate.key = pem[1];
		(void)pthread_mutex_unlock(&certificate.lock);
		memcpy(pem, old, sizeof(pem));
	}
	wipe(pem[0]);
	wipe(pem[1]);
	return fine;
}

/* Each handshake gets its own, so that a reload takes nothing away from one
 * that is going on. */
int
certificate_retrieve(/* NOLINT(readability-function-size): its parameters */
    gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **chain, unsigned *chain_length, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags)
{
	unsigned length = CHAIN_MAX;
	int rc = -1;

	(void)session;
	(void)info;
	*chain = gnutls_malloc(CHAIN_MAX * sizeof(**chain));
	if (*chain == NULL || gnutls_privkey_init(key) != 0) {
		gnutls_free(*chain);
		return -1;
	}
	(void)pthread_mutex_lock(&certificate.lock);
	if (certificate.chain != NULL) {
		const gnutls_datum_t chain_pem = datum(certificate.chain);
		const gnutls_datum_t key_pem = datum(certificate.key);

		rc = gnutls_privkey_import_x509_raw(
		    *key, &key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
		if (rc == 0) {
			rc = gnutls_pcert_list_import_x509_raw(*chain, &length,
			    &chain_pem, GNUTLS_X509_FMT_PEM,
			    GNUTLS_X509_CRT_LIST_SORT);
		}
	}
	(void)pthread_mutex_unlock(&certificate.lock);
	if (rc < 0) {
		gnutls_privkey_deinit(*key);
		gnutls_free(*chain);
		return -1;
	}
	*chain_length = length;
	*ocsp = NULL;
	*ocsp_length = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return 0;
}
