/*
 * Pieces of sentences and cells: values as people read them.
 *
 * Each is a text of its own that stays until some fifty others were made, so
 * that a sentence can be put together from several.  For one thread.
 */
#ifndef CTL_PIECE_H
#define CTL_PIECE_H

#include <stdint.h>

#include "base/addr.h"

const char *piece(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *piece_addr(const struct addr *addr);
const char *piece_net(const struct net *net);
/* "2026-11-21 19:05:42 CET": local time and its zone. */
const char *piece_time(int64_t at);
/* The same behind " until " or the like; "" where it is none. */
const char *piece_when(const char *before, int64_t at);
/* "23 h 59 min", and "23h59m": the two largest units. */
const char *piece_duration(int64_t seconds);
const char *piece_short(int64_t seconds);
/* "1.3 MB". */
const char *piece_size(int64_t bytes);
/* "1 ban", "2 bans", "0 bans". */
const char *piece_count(int64_t count, const char *one, const char *many);

#endif
