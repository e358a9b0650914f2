/*
 * Whether a client would rather have JSON than a page (RFC 9110 12.5.1).
 */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

#include <stdbool.h>

/* By the Accept header `wish`, NULL where there was none.  JSON must be named
 * (application/json), and weigh more than text/html where that is named too:
 * what takes anything gets the page. */
bool accept_json(const char *wish);

#endif
