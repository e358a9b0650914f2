/*
 * Bans as `list` and `export` write them, in CSV and JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/import.h"
#include "engine/engine.h"

enum {
	FIELDS = 64,
	OBJECT_SIZE = 8192
};

/* What is read of each; the other names are passed over. */
enum member {
	MEMBER_CLIENT,
	MEMBER_REASON,
	MEMBER_ENDS,
	MEMBER_NOTE,
	MEMBER_SAY,
	MEMBER_CLEARED,
	MEMBER_OBSERVED,
	MEMBERS,
	NEEDED = MEMBER_NOTE /* so many at least */
};
static const char *const members[MEMBERS] = { "client", "reason", "ends",
	"note", "say", "cleared", "observed" };

/* ---- one ban ---- */

static bool
is_note(const char *text)
{
	return strlen(text) < BAN_NOTE_SIZE && utf8_is_plain(text);
}

/* What a ban's texts say, of which none is NULL: what is wrong, or NULL.  One
 * that was lifted, or only observed, refuses nobody. */
static const char *
take_ban(const struct ctl *ctl, const char *const text[static MEMBERS])
{
	struct import_ban ban = { .note = text[MEMBER_NOTE],
		.say = text[MEMBER_SAY] };
	struct addr address;

	if (!net_parse(text[MEMBER_CLIENT], &ban.who)) {
		return "client is not an address or a network";
	}
	if (addr_parse(text[MEMBER_CLIENT], &address)) {
		ban.who = engine_client(ctl->conf, &address);
	}
	if (!words_parse(&reason_words, text[MEMBER_REASON], &ban.reason)) {
		return "reason is not spam, virus, auth, error, recipient or "
		       "volume";
	}
	if (!text_to_time(text[MEMBER_ENDS], &ban.ends)) {
		return "ends is not a time (2026-11-21T18:05:42Z)";
	}
	if (!is_note(ban.note) || !is_note(ban.say)) {
		return "note or say is not printable UTF-8 of at most 200 "
		       "bytes";
	}
	if (text[MEMBER_CLEARED][0] != '\0' ||
	    strcmp(text[MEMBER_OBSERVED], "true") == 0) {
		import_pass();
		return NULL;
	}
	return import_keep(ctl, &ban);
}

/* ---- CSV ---- */

/* Where each member stands; FIELDS: nowhere. */
static const char *
read_columns(char *line, size_t place[static MEMBERS])
{
	char *field[FIELDS];
	const char *wrong;
	size_t fields;

	line += strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	wrong = csv_split(line, ',', field, FIELDS, &fields);
	for (int i = 0; i < MEMBERS && wrong == NULL; i++) {
		place[i] = FIELDS;
		for (size_t n = 0; n < fields; n++) {
			if (strcmp(field[n], members[i]) == 0) {
				place[i] = n;
			}
		}
		if (i < NEEDED && place[i] == FIELDS) {
			wrong = piece("has no column \"%s\"", members[i]);
		}
	}
	return wrong;
}

static const char *
read_fields(
    const struct ctl *ctl, char *line, const size_t place[static MEMBERS])
{
	const char *text[MEMBERS];
	char *field[FIELDS];
	size_t fields;
	const char *wrong = csv_split(line, ',', field, FIELDS, &fields);

	for (int i = 0; i < MEMBERS && wrong == NULL; i++) {
		text[i] = "";
		if (place[i] == FIELDS) {
			continue; /* there is no such column */
		}
		if (place[i] < fields) {
			text[i] = field[place[i]];
		} else {
			wrong = "has too few fields";
		}
	}
	return wrong != NULL ? wrong : take_ban(ctl, text);
}

static bool
read_csv(struct ctl *ctl, FILE *from)
{
	size_t place[MEMBERS];
	char line[FILE_LINE_SIZE];
	const char *wrong;
	int64_t number = 1;
	bool head = true;
	bool end = false;

	for (; (wrong = file_line(from, line, &end)) == NULL && !end;
	     number++) {
		line[strcspn(line, "\r")] = '\0';
		if (line[0] == '\0') {
			continue;
		}
		wrong = head ? read_columns(line, place)
			     : read_fields(ctl, line, place);
		head = false;
		if (wrong != NULL) {
			break;
		}
	}
	if (wrong == NULL && head) {
		wrong = "there is no line that names the columns";
	}
	if (wrong != NULL) {
		import_complain(number, wrong);
	}
	return wrong == NULL;
}

/* ---- JSON ---- */

struct objects {
	FILE *from;
	int64_t line; /* that is read */
	int64_t at;   /* where the newest object begins */
	bool list;    /* "[" was read, and "]" was not */
	bool any;
};

static int
next_byte(struct objects *objects)
{
	const int c = getc(objects->from);

	objects->line += c == '\n';
	return c;
}

/* Up to the brace that ends what began with one. */
static const char *
read_object(struct objects *objects, char out[static OBJECT_SIZE])
{
	bool quoted = false;
	bool escaped = false;
	size_t len = 0;
	int depth = 1;

	for (out[len++] = '{'; depth > 0;) {
		const int c = next_byte(objects);

		if (c == EOF) {
			return "ends within a ban";
		}
		if (c == '\0' || len + 1 == OBJECT_SIZE) {
			return c == '\0' ? "a NUL byte"
					 : "a ban is longer than 8191 bytes";
		}
		if (escaped) {
			escaped = false;
		} else if (quoted && c == '\\') {
			escaped = true;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (c == '{' || c == '}')) {
			depth += c == '{' ? 1 : -1;
		}
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return NULL;
}

/* The next object of a list, or of lines: what is wrong, or NULL; empty at the
 * end. */
static const char *
next_object(struct objects *objects, char out[static OBJECT_SIZE])
{
	int c;

	out[0] = '\0';
	while ((c = next_byte(objects)) != EOF && c != '{') {
		if (c == '[' && !objects->any) {
			objects->list = objects->any = true;
		} else if (c == ']' && objects->list) {
			objects->list = false;
		} else if (strchr(" \t\r\n", c) == NULL &&
			   !(c == ',' && objects->list)) {
			break;
		}
	}
	objects->at = objects->line;
	if (c == '{') {
		objects->any = true;
		return read_object(objects, out);
	}
	return c == EOF && objects->list   ? "ends within the list"
	       : c != EOF || !objects->any ? "is no JSON list of bans"
					   : NULL;
}

static const char *
read_members(struct ctl *ctl, const char *object)
{
	char value[MEMBERS][OBJECT_SIZE];
	const char *text[MEMBERS];

	for (int i = 0; i < MEMBERS; i++) {
		if (!store_json_text(ctl->store, object,
			piece("$.%s", members[i]), value[i],
			sizeof(value[i]))) {
			return "is no JSON";
		}
		text[i] = value[i];
		if (i < NEEDED && value[i][0] == '\0') {
			return piece("has no \"%s\"", members[i]);
		}
	}
	return take_ban(ctl, text);
}

static bool
read_json(struct ctl *ctl, FILE *from)
{
	struct objects objects = { .from = from, .line = 1 };
	char object[OBJECT_SIZE];
	const char *wrong;

	do {
		wrong = next_object(&objects, object);
		if (wrong == NULL && object[0] != '\0') {
			wrong = read_members(ctl, object);
		}
	} while (wrong == NULL && object[0] != '\0');
	if (wrong != NULL) {
		import_complain(objects.at, wrong);
	}
	return wrong == NULL;
}

/* ---- the verbs ---- */

enum exit_status
import_csv(struct ctl *ctl)
{
	return import_file(ctl, "import csv", "import csv", read_csv);
}

enum exit_status
import_json(struct ctl *ctl)
{
	return import_file(ctl, "import json", "import json", read_json);
}
