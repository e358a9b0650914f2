/*
 * The look-up for programs: JSON.
 */
#ifndef WEB_API_H
#define WEB_API_H

#include <stdint.h>

struct conf;
struct reader;
struct text;

/* Add the answer to GET /api/v1/ip/ADDRESS to `out`; gives back the HTTP
 * status.  Anything but 200 is {"error": "why"}. */
unsigned api_address(struct reader *reader, const struct conf *conf,
    const char *address, int64_t now, struct text *out);

/* Add {"error": "why"}. */
void api_error(const char *why, struct text *out);

#endif
