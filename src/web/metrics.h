/*
 * What a monitoring system asks for, in Prometheus's text format 0.0.4.
 *
 * Names, types and help stand in one table in metrics.c; the manual page
 * explains the same names.
 */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdint.h>

struct answer;
struct numbers_keeper;
struct request;
struct seats;

/* What this process counts itself. */
struct metrics;

/* Borrows both.  NULL where there is no memory. */
struct metrics *metrics_new(
    struct numbers_keeper *numbers, struct seats *seats);
void metrics_free(struct metrics *metrics);

/* One more request was answered with this HTTP status; any thread. */
void metrics_count(struct metrics *metrics, unsigned status);

/* GET /metrics, and nothing else. */
void metrics_answer(struct metrics *metrics, const struct request *request,
    struct answer *answer);

#endif
