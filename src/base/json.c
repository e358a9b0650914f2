#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

void
json_init(struct json *json,
    void (*write)(void *to, const char *bytes, size_t len), void *to)
{
	*json = (struct json){ .write = write, .to = to };
}

void
json_to_text(void *text, const char *bytes, size_t len)
{
	text_add_bytes(text, bytes, len);
}

static void
put(struct json *json, const char *string)
{
	json->write(json->to, string, strlen(string));
}

static void
put_escaped(struct json *json, unsigned char c)
{
	char buf[8];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	if (c == '"' || c == '\\') {
		text_addf(&text, "\\%c", c);
	} else if (c == '\n') {
		text_add(&text, "\\n");
	} else {
		text_addf(&text, "\\u%04x", c);
	}
	json->write(json->to, text.buf, text.len);
}

/* How many bytes from there on are ASCII that stands for itself. */
static size_t
plain_length(const char *value)
{
	const char *end = value;

	while (*end >= ' ' && *end <= '~' && *end != '"' && *end != '\\') {
		end++;
	}
	return (size_t)(end - value);
}

static void
put_string(struct json *json, const char *value)
{
	put(json, "\"");
	while (*value != '\0') {
		const size_t plain = plain_length(value);
		const unsigned char c = (unsigned char)*value;
		size_t len;

		if (plain > 0) {
			json->write(json->to, value, plain);
			value += plain;
			continue;
		}
		len = utf8_length(value);
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
			put_escaped(json, c);
			len = 1;
		} else if (len == 0) {
			put(json, "\\ufffd");
			len = 1;
		} else {
			json->write(json->to, value, len);
		}
		value += len;
	}
	put(json, "\"");
}

static void
begin_value(struct json *json, const char *name)
{
	if (json->comma) {
		put(json, ",");
	}
	json->comma = true;
	if (name != NULL) {
		put_string(json, name);
		put(json, ":");
	}
}

static void
open_nest(struct json *json, const char *name, const char *bracket)
{
	begin_value(json, name);
	put(json, bracket);
	json->comma = false;
}

static void
close_nest(struct json *json, const char *bracket)
{
	put(json, bracket);
	json->comma = true;
}

void
json_object(struct json *json, const char *name)
{
	open_nest(json, name, "{");
}

void
json_object_end(struct json *json)
{
	close_nest(json, "}");
}

void
json_array(struct json *json, const char *name)
{
	open_nest(json, name, "[");
}

void
json_array_end(struct json *json)
{
	close_nest(json, "]");
}

void
json_string(struct json *json, const char *name, const char *value)
{
	begin_value(json, name);
	put_string(json, value);
}

void
json_int(struct json *json, const char *name, int64_t value)
{
	char buf[24];
	struct text text;

	begin_value(json, name);
	text_init(&text, buf, sizeof(buf));
	text_addf(&text, "%" PRId64, value);
	put(json, buf);
}

void
json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	put(json, value ? "true" : "false");
}

void
json_raw(struct json *json, const char *name, const char *value)
{
	begin_value(json, name);
	put(json, value);
}

void
json_null(struct json *json, const char *name)
{
	begin_value(json, name);
	put(json, "null");
}

void
json_time(struct json *json, const char *name, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	json_string(json, name, text_from_time(at, text));
}
