/*
 * One request and its answer, between libmicrohttpd and the routes.
 */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include <microhttpd.h>
#include <stddef.h>

struct metrics;
struct numbers_keeper;
struct rate;
struct reader;
struct site;

enum {
	/* Of a request line and its headers, together. */
	EXCHANGE_MEMORY = 16 * 1024
};

/* What requests are answered from; all borrowed. */
struct exchange {
	struct site *site;
	struct reader *reader;
	struct numbers_keeper *numbers;
	struct rate *rate;
	struct metrics *metrics;
};

/* Undo %XX in place, for MHD_OPTION_UNESCAPE_CALLBACK; gives back the length.
 * What is no such escape stays as it is, and so does %00, which would hide
 * what follows it. */
size_t exchange_unescape(
    void *cls, struct MHD_Connection *connection, char *text);

/* Answer a request to the page and the API, or one to the metrics. */
enum MHD_Result exchange_page(const struct exchange *exchange,
    struct MHD_Connection *connection, const char *path, const char *method);
enum MHD_Result exchange_metrics(const struct exchange *exchange,
    struct MHD_Connection *connection, const char *path, const char *method);

/* For MHD_OPTION_NOTIFY_CONNECTION and MHD_OPTION_NOTIFY_COMPLETED, with the
 * struct seats as `cls`: a connection takes a seat, is served, leaves. */
void exchange_connection(void *cls, struct MHD_Connection *connection,
    void **context, enum MHD_ConnectionNotificationCode code);
void exchange_completed(void *cls, struct MHD_Connection *connection,
    void **state, enum MHD_RequestTerminationCode code);

#endif
