#include "web/template.h"

#include <string.h>

#include "base/text.h"

enum {
	DEPTH_MAX = 12 /* blocks and phrases within each other */
};

/* A run of bytes of a template or phrase file. */
struct span {
	const char *at;
	const char *end;
};

struct rendering {
	struct text *out;
	struct span phrases;
	const struct scope *scope[DEPTH_MAX]; /* the innermost last */
	size_t scopes;
	int depth;
	bool wrong;
};

static void render(struct rendering *r, struct span source);

void
template_escape(struct text *out, const char *text)
{
	static const struct {
		char c;
		const char *written;
	} special[] = {
		{ '&', "&amp;" },
		{ '<', "&lt;" },
		{ '>', "&gt;" },
		{ '"', "&quot;" },
		{ '\'', "&#39;" },
	};

	for (; *text != '\0'; text++) {
		size_t i = 0;

		while (i < sizeof(special) / sizeof(special[0]) &&
		       special[i].c != *text) {
			i++;
		}
		if (i < sizeof(special) / sizeof(special[0])) {
			text_add(out, special[i].written);
		} else if ((unsigned char)*text < ' ' || *text == 0x7f) {
			text_add_char(out, '?');
		} else {
			text_add_char(out, *text);
		}
	}
}

static bool
span_is(struct span span, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(span.end - span.at) == len &&
	       memcmp(span.at, word, len) == 0;
}

static struct span
span_trim(struct span span)
{
	while (span.at < span.end && strchr(" \t\n", span.at[0]) != NULL) {
		span.at++;
	}
	while (span.at < span.end && strchr(" \t\n", span.end[-1]) != NULL) {
		span.end--;
	}
	return span;
}

/* Where `word` begins in `span`, or NULL. */
static const char *
span_find(struct span span, const char *word)
{
	return memmem(
	    span.at, (size_t)(span.end - span.at), word, strlen(word));
}

/* Take the next line and those that continue it. */
static struct span
next_entry(struct span *file)
{
	struct span entry = { file->at, file->at };

	do {
		const char *newline = memchr(
		    entry.end, '\n', (size_t)(file->end - entry.end));

		entry.end = newline != NULL ? newline + 1 : file->end;
	} while (
	    entry.end < file->end && (*entry.end == ' ' || *entry.end == '\t'));
	file->at = entry.end;
	return entry;
}

static bool
find_phrase(struct span file, struct span name, struct span *out)
{
	size_t len = (size_t)(name.end - name.at);

	while (file.at < file.end) {
		struct span entry = next_entry(&file);

		if ((size_t)(entry.end - entry.at) > len + 3 &&
		    memcmp(entry.at, name.at, len) == 0 &&
		    memcmp(entry.at + len, " = ", 3) == 0) {
			entry.at += len + 3;
			*out = span_trim(entry);
			return true;
		}
	}
	return false;
}

static const struct slot *
find_slot(const struct rendering *r, struct span name)
{
	for (size_t i = r->scopes; i > 0; i--) {
		const struct slot *slot = r->scope[i - 1]->slot;

		for (; slot->name != NULL; slot++) {
			if (span_is(name, slot->name)) {
				return slot;
			}
		}
	}
	return NULL;
}

static void
put_phrase(struct rendering *r, struct span name)
{
	struct span phrase;

	if (find_phrase(r->phrases, name, &phrase)) {
		render(r, phrase);
	} else {
		r->wrong = true;
	}
}

static void
put_name(struct rendering *r, struct span name)
{
	const struct slot *slot = find_slot(r, name);

	if (slot == NULL) {
		put_phrase(r, name);
	} else if (slot->phrase != NULL) {
		put_phrase(r, (struct span){ slot->phrase,
				  slot->phrase + strlen(slot->phrase) });
	} else if (slot->text != NULL) {
		template_escape(r->out, slot->text);
	}
}

static bool
slot_is_empty(const struct slot *slot)
{
	return slot->items == 0 && slot->phrase == NULL &&
	       (slot->text == NULL || slot->text[0] == '\0');
}

/* A block is rendered for each scope of a list, once for a text. */
static void
put_block(struct rendering *r, struct span name, struct span body)
{
	const struct slot *slot = find_slot(r, name);

	if (slot == NULL || r->scopes == DEPTH_MAX) {
		r->wrong = true;
		return;
	}
	if (slot->items == 0 && !slot_is_empty(slot)) {
		render(r, body);
	}
	for (size_t i = 0; i < slot->items; i++) {
		r->scope[r->scopes++] = &slot->list[i];
		render(r, body);
		r->scopes--;
	}
}

static void
put_absence(struct rendering *r, struct span name, struct span body)
{
	const struct slot *slot = find_slot(r, name);

	if (slot == NULL) {
		r->wrong = true;
	} else if (slot_is_empty(slot)) {
		render(r, body);
	}
}

static const char *
skip_newline(struct span span)
{
	return span.at < span.end && *span.at == '\n' ? span.at + 1 : span.at;
}

/* The block that begins at `body->at`: its end is cut off `body`; gives back
 * where the template goes on, or NULL where the block never ends. */
static const char *
close_block(struct span name, struct span *body)
{
	char closing[64];
	struct text text;
	const char *end;
	const char *next;

	text_init(&text, closing, sizeof(closing));
	text_add(&text, "{{/");
	text_add_bytes(&text, name.at, (size_t)(name.end - name.at));
	text_add(&text, "}}");
	end = text.cut ? NULL : span_find(*body, closing);
	if (end == NULL) {
		return NULL;
	}
	next = end + text.len;
	body->at = skip_newline(*body);
	next = skip_newline((struct span){ next, body->end });
	body->end = end;
	return next;
}

/* Write what one hole stands for; gives back where the template goes on, or
 * NULL where it is wrong.  `rest` is what follows the hole. */
static const char *
put_hole(struct rendering *r, struct span hole, struct span rest)
{
	/* An empty hole ends in '}' and is a name nobody has. */
	const char sign = *hole.at;
	struct span name = { hole.at + 1, hole.end };
	struct span body = rest;
	const char *next;

	if (sign == '!') {
		return rest.at;
	}
	if (sign != '#' && sign != '^') {
		put_name(r, hole);
		return rest.at;
	}
	next = close_block(name, &body);
	if (next != NULL) {
		(sign == '#' ? put_block : put_absence)(r, name, body);
	}
	return next;
}

static void
render(struct rendering *r, struct span source)
{
	if (r->depth == DEPTH_MAX) {
		r->wrong = true;
		return;
	}
	r->depth++;
	while (!r->wrong && source.at < source.end) {
		const char *open = span_find(source, "{{");
		const char *close;

		if (open == NULL) {
			open = source.end;
		}
		text_add_bytes(r->out, source.at, (size_t)(open - source.at));
		source.at = open;
		if (open == source.end) {
			break;
		}
		close = span_find(source, "}}");
		if (close != NULL) {
			source.at = put_hole(r,
			    (struct span){ open + 2, close },
			    (struct span){ close + 2, source.end });
		}
		r->wrong = r->wrong || close == NULL || source.at == NULL;
	}
	r->depth--;
}

bool
template_render(const char *source, const char *phrases,
    const struct scope *scope, struct text *out)
{
	struct rendering r = { .out = out,
		.phrases = { phrases, phrases + strlen(phrases) },
		.scope = { scope },
		.scopes = 1 };

	render(&r, (struct span){ source, source + strlen(source) });
	return !r.wrong && !out->cut;
}
