#include "web/certificate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "conf/conf.h"

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
certificate_load(
    const struct conf *conf, char error[static CERTIFICATE_ERROR_SIZE])
{
	const char *const path[2] = { conf->web.certificate, conf->web.key };
	gnutls_certificate_credentials_t credentials = NULL;
	char *pem[2] = { NULL, NULL }; /* chain and key */
	char why[FILE_WHY_SIZE];
	bool fine = true;
	struct text text;

	text_init(&text, error, CERTIFICATE_ERROR_SIZE);
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
