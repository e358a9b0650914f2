#include "base/json.h"

#include <string.h>

#include "base/text.h"

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
put_string(struct json *json, const char *value)
{
	char escape[8];
	struct text text;
	size_t len;

	put(json, "\"");
	for (; *value != '\0'; value += len) {
		const unsigned char c = (unsigned char)*value;

		/* First what stands for itself. */
		len = 0;
		while (value[len] >= ' ' && value[len] <= '~' &&
		       value[len] != '"' && value[len] != '\\') {
			len++;
		}
		if (len == 0 && c > 0x7f) {
			len = utf8_length(value);
		}
		if (len > 0) {
			json->write(json->to, value, len);
			continue;
		}
		len = 1;
		text_init(&text, escape, sizeof(escape));
		if (c > 0x7f) {
			text_add(&text, "\\ufffd");
		} else if (c == '"' || c == '\\') {
			text_addf(&text, "\\%c", c);
		} else if (c == '\n') {
			text_add(&text, "\\n");
		} else {
			text_addf(&text, "\\u%04x", c);
		}
		json->write(json->to, text.buf, text.len);
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

	text_init(&text, buf, sizeof(buf));
	text_add_int(&text, value, 0);
	json_raw(json, name, buf);
}

void
json_bool(struct json *json, const char *name, bool value)
{
	json_raw(json, name, value ? "true" : "false");
}

void
json_raw(struct json *json, const char *name, const char *value)
{
	begin_value(json, name);
	put(json, value);
}

void
json_time(struct json *json, const char *name, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	if (at == 0) {
		json_raw(json, name, "null");
	} else {
		json_string(json, name, text_from_time(at, text));
	}
}
