/*
 * How long a session waits for the database: never longer than its visitor's
 * patience, of which each wait takes its part.
 */
#ifndef MILTER_PATIENCE_H
#define MILTER_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/books.h"
#include "milter/desk.h"
#include "milter/handle.h"

/* Take from the patience what has passed since `began`, on proc_ticks(). */
void patience_charge(struct visitor *visitor, int64_t began);

/* Take a handle and let its verbs wait no longer than the visitor may.  False
 * where it cannot be had in time or holds no store. */
bool patience_take(struct handle *handle, struct visitor *visitor);

/* Take the handle that writes; false as well while nobody should try. */
bool patience_take_writer(struct books *books, struct visitor *visitor);

#endif
