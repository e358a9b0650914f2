/*
 * The look-up for programs: JSON.
 */
#ifndef WEB_API_H
#define WEB_API_H

#include "web/lookup.h"

struct addr;
struct answer;
struct request;

/* Where the answer for one address lives. */
#define API_ADDRESS "/api/v1/ip/"

/*
 * Each fills an answer in.  Anything but status 200 is {"error": "why"}.
 */

/* GET /api/v1/ip/ADDRESS */
void api_address(const struct request *request, struct answer *answer);

/* The same for an address that was found out elsewhere. */
void api_standing(const struct request *request, const struct addr *address,
    struct answer *answer);

/* What was asked for is not LOOKUP_FINE. */
void api_refuse_lookup(enum lookup lookup, struct answer *answer);

/* GET /api/v1/stats */
void api_stats(const struct request *request, struct answer *answer);

/* GET /api/v1/openapi.json: the description of all this. */
void api_description(const struct request *request, struct answer *answer);

void api_refuse(unsigned status, const char *why, struct answer *answer);

#endif
