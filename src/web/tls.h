/*
 * Certificate and key for TLS, as they stand in their files.
 */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include <stdbool.h>

enum {
	TLS_ERROR_SIZE = 400
};

/* Both PEM, ended by NUL; NULL where the configuration asks for no TLS. */
struct tls {
	char *certificate;
	char *key;
};

struct conf;

/* Read the files the configuration names.  False with `error` where one of
 * them cannot be read. */
bool tls_read(struct tls *tls, const struct conf *conf,
    char error[static TLS_ERROR_SIZE]);

/* Whether they are PEM and belong together; false with `error`.  To be asked
 * first: a server with a socket would close it where it cannot use them. */
bool tls_is_usable(struct tls *tls, char error[static TLS_ERROR_SIZE]);

/* Which versions are spoken, as MHD_OPTION_HTTPS_PRIORITIES has it. */
extern char tls_versions[];

/* Wipe and free. */
void tls_clear(struct tls *tls);

bool tls_equal(const struct tls *a, const struct tls *b);

#endif
