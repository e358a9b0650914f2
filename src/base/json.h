/*
 * A JSON writer (RFC 8259) over a callback.
 *
 * Commas, quotes and escapes are its work; the nesting is the caller's.
 * Text that is not UTF-8 is written with U+FFFD in its place, so that the
 * output is always valid.  `name` is NULL inside an array and at the top.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

struct json {
	void (*write)(void *to, const char *bytes, size_t len);
	void *to;   /* borrowed */
	bool comma; /* the next value needs one before it */
};

void json_init(struct json *json,
    void (*write)(void *to, const char *bytes, size_t len), void *to);

/* A `write` for json_init that adds to a struct text. */
void json_to_text(void *text, const char *bytes, size_t len);

void json_object(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *name);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *name, const char *value);
void json_int(struct json *json, const char *name, int64_t value);
void json_bool(struct json *json, const char *name, bool value);
/* A value that is JSON already, as null. */
void json_raw(struct json *json, const char *name, const char *value);
/* A time as "2026-11-21T18:05:42Z"; 0 is none, and null. */
void json_time(struct json *json, const char *name, int64_t at);

#endif
