#include "web/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/conf.h"

/* Nothing older than TLS 1.2; the rest is the library's choice. */
char tls_versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

enum {
	FILE_MAX = 256 * 1024
};

static void
wipe(char *text)
{
	if (text != NULL) {
		explicit_bzero(text, strlen(text));
		free(text);
	}
}

/* All of an open file as text; NULL with errno set. */
static char *
read_all(int file)
{
	struct stat st;
	char *text;
	ssize_t size;

	if (fstat(file, &st) != 0) {
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		errno = EINVAL;
		return NULL;
	}
	text = calloc(1, (size_t)st.st_size + 1);
	if (text == NULL) {
		return NULL;
	}
	size = read(file, text, (size_t)st.st_size);
	if (size == st.st_size) {
		return text;
	}
	errno = size < 0 ? errno : EIO;
	wipe(text);
	return NULL;
}

static char *
read_file(const char *path, char error[static TLS_ERROR_SIZE])
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *found = file >= 0 ? read_all(file) : NULL;
	struct text text;
	char why[128];

	if (found == NULL) {
		text_init(&text, error, TLS_ERROR_SIZE);
		text_addf(
		    &text, "%s: %s", path, strerror_r(errno, why, sizeof(why)));
	}
	if (file >= 0) {
		(void)close(file);
	}
	return found;
}

bool
tls_read(
    struct tls *tls, const struct conf *conf, char error[static TLS_ERROR_SIZE])
{
	*tls = (struct tls){ .key = NULL };
	if (conf->web.certificate[0] == '\0') {
		return true;
	}
	tls->certificate = read_file(conf->web.certificate, error);
	if (tls->certificate != NULL) {
		tls->key = read_file(conf->web.key, error);
	}
	if (tls->key == NULL) {
		tls_clear(tls);
		return false;
	}
	return true;
}

void
tls_clear(struct tls *tls)
{
	wipe(tls->certificate);
	wipe(tls->key);
	*tls = (struct tls){ .key = NULL };
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
tls_equal(const struct tls *a, const struct tls *b)
{
	return same(a->certificate, b->certificate) && same(a->key, b->key);
}

/* A daemon without a socket has nobody to answer. */
static enum MHD_Result
never(/* NOLINT(readability-function-size): its parameters */
    void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	(void)cls;
	(void)connection;
	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	return MHD_NO;
}

bool
tls_is_usable(struct tls *tls, char error[static TLS_ERROR_SIZE])
{
	struct MHD_Daemon *daemon;

	if (tls->certificate == NULL) {
		return true;
	}
	daemon = MHD_start_daemon(MHD_USE_TLS | MHD_USE_NO_LISTEN_SOCKET, 0,
	    NULL, NULL, never, NULL, MHD_OPTION_HTTPS_MEM_CERT,
	    tls->certificate, MHD_OPTION_HTTPS_MEM_KEY, tls->key,
	    MHD_OPTION_HTTPS_PRIORITIES, tls_versions, MHD_OPTION_END);
	if (daemon == NULL) {
		(void)text_copy(error, TLS_ERROR_SIZE,
		    "certificate and key cannot be used: no PEM, or "
		    "they do not belong together");
		return false;
	}
	MHD_stop_daemon(daemon);
	return true;
}
