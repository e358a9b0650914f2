/*
 * Names on the allow list, asked again: every hour, and sooner where DNS gave
 * no answer.
 */
#ifndef WATCH_ALLOWED_NAMES_H
#define WATCH_ALLOWED_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct conf;

/* Whether one is due; false where the database cannot be read. */
bool allowed_names_due(const struct conf *conf, int64_t now);

/* Ask for those that are due, in a process of its own that ends in time, and
 * write the answers into the database.  Its id, or 0.  The caller has no
 * database open. */
pid_t allowed_names_ask(const struct conf *conf);

#endif
