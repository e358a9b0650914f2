/*
 * Who is let in: the desk's verbs for limits and keys, between the throng in
 * memory and the database.
 *
 * The database is asked only where its answer decides.  One that does not
 * answer in time makes the client a neutral one, and mail goes on.
 */
#ifndef MILTER_DOOR_H
#define MILTER_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/books.h"
#include "milter/desk.h"

/* As struct desk has them. */
enum limit_kind door_admit(struct books *books, struct visitor *visitor,
    struct presence *presence, int64_t now);
bool door_key(struct books *books, struct visitor *visitor, const char *text,
    char key[static HASH_TEXT_SIZE]);

#endif
