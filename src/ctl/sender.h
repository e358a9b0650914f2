/*
 * Whether a message's client had logged in before it sent it: then nothing
 * about the message is its offence.
 *
 * The client is told of before anything else is said of the message; the
 * store keeps it by queue id.
 */
#ifndef CTL_SENDER_H
#define CTL_SENDER_H

#include <stdbool.h>

#include "rules/rules.h"
#include "store/store.h"

/* Keep what a FINDING_QUEUE tells. */
enum store_result sender_keep(
    struct store *store, const struct finding *finding);

/* False too where the finding has no queue id, or one never heard of. */
enum store_result sender_is_user(
    struct store *store, const struct finding *finding, bool *is_user);

#endif
