/*
 * The socket the server listens on, and its certificate: what root may be
 * needed for.
 */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <gnutls/abstract.h>
#include <stdbool.h>

struct conf;

enum {
	LISTENER_TEXT_SIZE = 400
};

/*
 * Listen on `where`: HOST:PORT, [v6]:PORT or unix:PATH.  Port 0 takes a free
 * one.  A unix socket is open to all (0666); one left behind by a server
 * that died is removed, one that is in use is not.  Gives back the socket,
 * or -1 with `error` saying why.
 */
int listener_open(const char *where, char error[static LISTENER_TEXT_SIZE]);

/* Whether only proxies of this host can reach it: a unix socket. */
bool listener_is_unix(int listener);

/* Write where it can be reached: "http://127.0.0.1:8025/", "https://..." where
 * it is `secure`, or "unix:PATH"; returns `text`. */
char *listener_name(
    int listener, bool secure, char text[static LISTENER_TEXT_SIZE]);

/* Close it and remove a unix socket's file as far as we may. */
void listener_close(int listener);

/*
 * Read certificate and key of the configuration, and use them for all new
 * connections; one process has one of each.  Where none is configured the
 * last are forgotten.  False with `error` where they cannot be read or do not
 * belong together; then the last stay.
 */
bool certificate_load(
    const struct conf *conf, char error[static LISTENER_TEXT_SIZE]);

/* The gnutls_certificate_retrieve_function3 that hands them out. */
int certificate_retrieve(gnutls_session_t session,
    const struct gnutls_cert_retr_st *info, gnutls_pcert_st **chain,
    unsigned *chain_length, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
    gnutls_privkey_t *key, unsigned *flags);

#endif
