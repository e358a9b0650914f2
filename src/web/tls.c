#include "web/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/conf.h"

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
