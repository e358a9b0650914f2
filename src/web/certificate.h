/*
 * The certificate of the server and its key, which root alone may be able to
 * read.
 */
#ifndef WEB_CERTIFICATE_H
#define WEB_CERTIFICATE_H

#include <gnutls/abstract.h>
#include <stdbool.h>

struct conf;

enum {
	CERTIFICATE_ERROR_SIZE = 400
};

/*
 * Read certificate and key of the configuration, and use them for all new
 * connections; one process has one of each.  Where none is configured the
 * last are forgotten.  False with `error` where they cannot be read or do not
 * belong together; then the last stay.
 */
bool certificate_load(
    const struct conf *conf, char error[static CERTIFICATE_ERROR_SIZE]);

/* The gnutls_certificate_retrieve_function3 that hands them out. */
int certificate_retrieve(gnutls_session_t session,
    const struct gnutls_cert_retr_st *info, gnutls_pcert_st **chain,
    unsigned *chain_length, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
    gnutls_privkey_t *key, unsigned *flags);

#endif
