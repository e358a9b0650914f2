/*
 * What a template is told: slots, put together in one piece of memory that is
 * given back as a whole.
 *
 * Nothing here fails: where memory runs out, `full` is set, and what was told
 * is not to be shown.  A name is set once in a scope.  Texts that are handed in are borrowed unless it says
 * otherwise; NULL leaves the slot empty.
 */
#ifndef WEB_TOLD_H
#define WEB_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/language.h"
#include "web/slots.h"
#include "web/template.h"

struct told_chunk;

enum {
	TOLD_FIRST = 24 * 1024 /* what most pages need */
};

struct told {
	_Alignas(16) char first[TOLD_FIRST];
	struct told_chunk *more; /* the newest; owned */
	char *at;                /* free bytes of the newest */
	size_t left;
	size_t chunks;
	bool full;
	enum language language;
	struct slot spare_slot; /* what is written to once it is full */
	struct scope spare_scope;
};

void told_init(struct told *told, enum language language);
void told_clear(struct told *told);

/* Room for `size` bytes, not zeroed, or NULL where it is full. */
void *told_room(struct told *told, size_t size);

struct scope *told_scope(struct told *told);

/* One more scope in the list `name` of `scope`. */
struct scope *told_item(
    struct told *told, struct scope *scope, enum slot_name name);

void told_text(struct told *told, struct scope *scope, enum slot_name name,
    const char *text);
/* The same of a copy. */
void told_copy(struct told *told, struct scope *scope, enum slot_name name,
    const char *text);
void told_number(struct told *told, struct scope *scope, enum slot_name name,
    int64_t number);
void told_phrase(struct told *told, struct scope *scope, enum slot_name name,
    const char *phrase);
void told_yes(struct told *told, struct scope *scope, enum slot_name name,
    bool condition);
void told_write(struct told *told, struct scope *scope, enum slot_name name,
    void (*write)(const void *what, struct text *out), const void *what);

/* A number as programs read it, with zeros up to `width` digits. */
void told_digits(struct told *told, struct scope *scope, enum slot_name name,
    int64_t number, int width);

/* How long something still takes, "1 d 4 h", or "1 j 4 h" in French; and how
 * long a ban lasts, as policies say it: "24 h", "90 d". */
void told_duration(struct told *told, struct scope *scope, enum slot_name name,
    int64_t seconds);
void told_length(struct told *told, struct scope *scope, enum slot_name name,
    int64_t seconds);
/* Text of several lines, escaped line by line; borrowed. */
void told_lines(struct told *told, struct scope *scope, enum slot_name name,
    const char *text);

/* A moment in UTC, as a list of one scope; and, where the site has a zone, in
 * that zone. */
void told_moment(
    struct told *told, struct scope *scope, enum slot_name name, int64_t at);
void told_local(
    struct told *told, struct scope *scope, enum slot_name name, int64_t at);
/* In that zone, or in UTC where there is none. */
void told_here(
    struct told *told, struct scope *scope, enum slot_name name, int64_t at);

#endif
