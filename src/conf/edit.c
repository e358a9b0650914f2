#include "conf/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "conf/grammar.h"

#define BLANKS " \t\r"

enum {
	FILE_MODE = 0644, /* of a new one */
	VALUE_SIZE = 16
};

/* ---- places in a text ---- */

/* Where a place is in its file. */
static size_t
offset_of(const char *text, const struct conf_place *place)
{
	const char *at = text;

	for (int line = 1; line < place->line && *at != '\0';) {
		line += *at++ == '\n';
	}
	for (int column = 1; *at != '\0'; at++) {
		/* All bytes of a letter but its first are of its column. */
		column += ((unsigned char)*at & 0xc0) != 0x80;
		if (column > place->column) {
			break;
		}
	}
	return (size_t)(at - text);
}

/* The bytes of the value that begins there, its quotes included. */
static size_t
value_length(const char *at)
{
	const char quote = *at;
	const char *end = at + 1;

	if (quote != '"' && quote != '\'') {
		return strcspn(at, BLANKS "\n#\"'={}()+,");
	}
	while (*end != '\0' && *end != quote) {
		end += *end == '\\' && end[1] != '\0' ? 2 : 1;
	}
	return (size_t)(end - at) + (*end == quote);
}

/* The comment of a line "#mode = enforce": where the name begins, or NULL. */
static const char *
commented(const char *line)
{
	const char *at = line + strspn(line, BLANKS);
	const char *name;

	if (*at != '#' && strncmp(at, "//", 2) != 0) {
		return NULL;
	}
	at += strspn(at, BLANKS "#/");
	name = text_after(at, "mode");
	return name != NULL && name[strspn(name, BLANKS)] == '=' ? at : NULL;
}

static void
copy_line(char out[static CONF_TEXT_SIZE], const char *text, int line)
{
	struct text to;

	while (line > 1 && *text != '\0') {
		line -= *text++ == '\n';
	}
	text_init(&to, out, CONF_TEXT_SIZE);
	text_add_bytes(&to, text, strcspn(text, "\n"));
}

/* ---- what could become of it ---- */

/* A text in which `len` bytes at `at` give way to others; NULL without
 * memory. */
static char *
with_piece(const char *text, size_t at, size_t len, const char *piece)
{
	const size_t rest = strlen(text + at + len);
	char *out = malloc(at + strlen(piece) + rest + 1);
	struct text to;

	if (out != NULL) {
		text_init(&to, out, at + strlen(piece) + rest + 1);
		text_add_bytes(&to, text, at);
		text_add(&to, piece);
		text_add_bytes(&to, text + at + len, rest);
	}
	return out;
}

/* Its value changes, and keeps its quotes. */
static char *
with_value(const char *text, const struct conf_place *place, const char *name)
{
	const size_t at = offset_of(text, place);
	const char quote[2] = { text[at] };
	char piece[VALUE_SIZE];
	struct text to;

	text_init(&to, piece, sizeof(piece));
	if (strchr("\"'", quote[0]) != NULL) {
		text_addf(&to, "%s%s%s", quote, name, quote);
	} else {
		text_add(&to, name);
	}
	return with_piece(text, at, value_length(text + at), piece);
}

/* The first commented line becomes a setting; NULL where there is none. */
static char *
with_comment(const char *text, const char *name)
{
	const char *line = text;

	while (*line != '\0') {
		const char *from = commented(line);
		size_t len;
		const char *value;
		char piece[VALUE_SIZE * 2];

		if (from != NULL) {
			value = strchr(from, '=') + 1;
			value += strspn(value, BLANKS);
			len = *value != '\0' && *value != '\n'
				  ? value_length(value)
				  : 0;
			(void)text_print(
			    piece, sizeof(piece), "mode = %s", name);
			return with_piece(text, (size_t)(line - text),
			    (size_t)(value + len - line), piece);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

/* A line of its own behind the one of that place; with line 0 at the end. */
static char *
with_line(const char *text, const struct conf_place *place, const char *name)
{
	size_t at = place->line > 0 ? offset_of(text, place) : strlen(text);
	char piece[VALUE_SIZE * 2];

	at += strcspn(text + at, "\n");
	at += text[at] == '\n';
	(void)text_print(piece, sizeof(piece), "%smode = %s\n",
	    at > 0 && text[at - 1] != '\n' ? "\n" : "", name);
	return with_piece(text, at, 0, piece);
}

/* ---- the change ---- */

/* Whether all is fine with `after` in the place of the file, and the mode is
 * what was wanted; then the edit is whole. */
static bool
takes(const char *path, enum conf_mode mode, struct conf_edit *edit,
    char error[static CONF_ERROR_SIZE])
{
	bool fine = true;
	bool done = false;

	if (edit->after != NULL) {
		struct conf *conf = conf_read_draft(
		    path, edit->file, edit->after, &fine, error);

		done = fine && conf->mode == mode;
		conf_drop(conf);
	}
	if (fine && !done) {
		(void)text_print(error, CONF_ERROR_SIZE,
		    "%s: write mode = %s into it by hand", edit->file,
		    conf_mode_name(mode));
	}
	return done;
}

/* Where it is put, tried one after the other. */
enum way {
	WAY_VALUE,
	WAY_COMMENT,
	WAY_POLICY,
	WAY_DATABASE,
	WAY_END,
	WAYS
};

static char *
by_way(const char *path, enum way way, enum conf_mode mode,
    const struct conf_edit *edit)
{
	static const char *const keys[WAYS] = { [WAY_VALUE] = "mode",
		[WAY_POLICY] = "policy",
		[WAY_DATABASE] = "database" };
	const char *text = edit->before != NULL ? edit->before : "";
	const char *name = conf_mode_name(mode);
	struct conf_place place = { .line = 0 };
	char error[CONF_ERROR_SIZE];

	if (way == WAY_COMMENT) {
		return with_comment(text, name);
	}
	if (keys[way] != NULL &&
	    (!conf_find(path, keys[way], &place, error) || place.line == 0 ||
		strcmp(place.file, edit->file) != 0)) {
		return NULL;
	}
	return way == WAY_VALUE ? with_value(text, &place, name)
				: with_line(text, &place, name);
}

static int
lines_of(const char *text, size_t len)
{
	int lines = 0;

	for (size_t i = 0; i < len; i++) {
		lines += text[i] == '\n';
	}
	return lines;
}

/* The one line that is another one, or new. */
static void
note_lines(struct conf_edit *edit)
{
	const char *after = edit->after;
	const char *before = edit->before != NULL ? edit->before : "";
	const bool added = lines_of(after, strlen(after)) >
			   lines_of(before, strlen(before));
	size_t same = 0;

	while (before[same] != '\0' && before[same] == after[same]) {
		same++;
	}
	/* The last line had no end. */
	same += added && same > 0 && after[same] == '\n';
	edit->line = 1 + lines_of(after, same);
	copy_line(edit->is, after, edit->line);
	if (!added) {
		copy_line(edit->was, before, edit->line);
	}
}

bool
conf_edit_mode(const char *path, enum conf_mode mode, struct conf_edit *out,
    char error[static CONF_ERROR_SIZE])
{
	const char *file = path != NULL ? path : CONF_DEFAULT_FILE;
	char why[FILE_WHY_SIZE];
	struct conf_place place;

	*out = (struct conf_edit){ .line = 0 };
	if (!conf_find(path, "mode", &place, error)) {
		return false;
	}
	(void)text_copy(
	    out->file, sizeof(out->file), place.line > 0 ? place.file : file);
	out->before = file_read_text(out->file, GRAMMAR_FILE_MAX, why);
	if (out->before == NULL && (errno != ENOENT || path != NULL)) {
		(void)text_copy(error, CONF_ERROR_SIZE, why);
		return false;
	}
	for (enum way way = place.line > 0 ? WAY_VALUE : WAY_COMMENT;
	     way < (place.line > 0 ? WAY_COMMENT : WAYS); way++) {
		free(out->after);
		out->after = by_way(path, way, mode, out);
		if (takes(path, mode, out, error)) {
			note_lines(out);
			return true;
		}
	}
	return false;
}

bool
conf_edit_write(
    const struct conf_edit *edit, char error[static CONF_ERROR_SIZE])
{
	char why[FILE_WHY_SIZE] = "was changed by somebody else meanwhile";
	char *now = file_read_text(edit->file, GRAMMAR_FILE_MAX, why);
	const bool same = now == NULL ? edit->before == NULL && errno == ENOENT
				      : edit->before != NULL &&
					    strcmp(now, edit->before) == 0;
	const bool done = same &&
			  file_replace(edit->file, edit->after, FILE_MODE, why);
	struct text text;

	free(now);
	text_init(&text, error, CONF_ERROR_SIZE);
	if (!done) {
		text_addf(&text, "%s: %s", edit->file, why);
	}
	return done;
}

void
conf_edit_free(struct conf_edit *edit)
{
	free(edit->before);
	free(edit->after);
}
