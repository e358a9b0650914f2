/*
 * A request as libmicrohttpd hands it over, and the answer as it takes it.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <microhttpd.h>
#include <stddef.h>

/* For MHD_OPTION_URI_LOG_CALLBACK: first of all, with what is asked for as it
 * was sent. */
void *http_target(
    void *cls, const char *target, struct MHD_Connection *connection);

/* The MHD_AccessHandlerCallback; `cls` is the struct handler. */
enum MHD_Result http_request(void *cls, struct MHD_Connection *connection,
    const char *path, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **state);

/* The request is over: what that kept of it goes. */
void http_forget(void *state);

/* Undo %XX in place, for MHD_OPTION_UNESCAPE_CALLBACK; gives back the length.
 * What is no such escape stays as it is, and so does %00, which would hide
 * what follows it. */
size_t http_unescape(void *cls, struct MHD_Connection *connection, char *text);

#endif
