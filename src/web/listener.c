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
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"

enum {
	BACKLOG = 512,
	SOCKET_TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
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
bind_and_listen(const struct sockaddr *address, socklen_t size)
{
	const int on = 1;
	int listener = socket(address->sa_family, SOCKET_TYPE, 0);
	mode_t before;
	bool bound;
	int kept;

	if (listener < 0) {
		return -1;
	}
	/* On a unix socket it means nothing. */
	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* A unix socket is open to all from the first moment. */
	before = umask(0111);
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

int
listener_open(const char *where, char error[static LISTENER_TEXT_SIZE])
{
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
			    found->ai_addr, found->ai_addrlen);
		} else if (remove_stale(&sun)) {
			listener = bind_and_listen(
			    (const struct sockaddr *)&sun, sizeof(sun));
		}
		if (listener < 0 &&
		    (errno != EADDRINUSE || !proc_wait_out(&tries))) {
			break;
		}
	}
	if (listener < 0) {
		text_init(&text, error, LISTENER_TEXT_SIZE);
		/* strerror() before any thread starts. */
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

bool
listener_is_unix(int listener)
{
	return own_address(listener).sa.sa_family == AF_UNIX;
}

char *
listener_name(int listener, bool secure, char text[static LISTENER_TEXT_SIZE])
{
	const union any_address own = own_address(listener);
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
listener_close(int listener)
{
	const union any_address own = own_address(listener);

	if (own.sa.sa_family == AF_UNIX) {
		(void)unlink(own.un.sun_path);
	}
	(void)close(listener);
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
