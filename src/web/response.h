/*
 * Answers as they go out: a page, JSON or a line of text, with its status.
 */
#ifndef WEB_RESPONSE_H
#define WEB_RESPONSE_H

#include <stdbool.h>

#include "base/json.h"
#include "web/page.h"
#include "web/web.h"

/* Where the look-up for programs lives: of one address, and of several. */
#define RESPONSE_API_IP  "/api/v1/ip/"
#define RESPONSE_API_IPS "/api/v1/ips"

/* Whether the end of a block is wanted as an entry for a calendar. */
bool request_wants_calendar(const struct request *request);

/* Whether it is for a program: by its path or, of the look-up, by the client's
 * wish. */
bool request_wants_json(const struct request *request);

/* A line of plain text. */
void response_say(
    struct response *response, unsigned status, const char *words);

/* Begin an answer in JSON. */
struct json response_json(struct response *response, unsigned status);

/* Render a page; what does not depend on it is filled in. */
void response_page(const struct request *request, struct page *page,
    unsigned status, struct response *response);

/* Refuse, as a page of that kind or, to a program, as JSON; and what programs
 * are told by it. */
void response_refuse(const struct request *request, enum page_kind kind,
    struct response *response);
const char *response_error(enum page_kind kind);

/* ---- about addresses (answer.c) ---- */

/* The address, or the few of them, that was typed or pasted or stands in the
 * path; else that of the ref, else the visitor's own. */
void answer_look_up(const struct request *request, struct response *response);

/* GET /api/v1/ips: each `ip` is answered, in their order. */
void answer_several(const struct request *request, struct response *response);

#endif
