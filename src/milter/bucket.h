/*
 * A place in a hash table that nobody outside can foretell: clients must not
 * choose their buckets.
 */
#ifndef MILTER_BUCKET_H
#define MILTER_BUCKET_H

#include <stdint.h>

#include "base/addr.h"

/* A table's own secret. */
uint64_t bucket_seed(void);

uint64_t bucket_of_words(uint64_t seed, uint64_t first, uint64_t second);
uint64_t bucket_of_client(uint64_t seed, const struct net *client);

#endif
