/*
 * Whatever a template, its phrases or a slot hold, reading and rendering end
 * and stay inside their buffers, and a slot's text never comes out as markup.
 *
 * Template, phrases and the text of the slot "a" stand one behind the other,
 * each ended by NUL or the end of it all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	OUT_SIZE = 16 * 1024
};

enum name {
	A, /* the text */
	E, /* the text, in a list in a list */
	L, /* a list */
	P, /* a phrase of any name */
	N, /* nothing */
	NAMES
};
static const char *const names[NAMES] = { "a", "e", "l", "p", "n" };

/* The next text, of its own memory so that nobody reads beyond its end. */
static char *
next(const char **at, const char *end)
{
	size_t len = strnlen(*at, (size_t)(end - *at));
	char *text = strndup(*at, len);

	if (text == NULL) {
		abort();
	}
	*at += len < (size_t)(end - *at) ? len + 1 : len;
	return text;
}

/* All ways to fill a hole. */
static void
render(const struct book *book, const char *word)
{
	static char buf[OUT_SIZE];
	struct slot deep[] = { { .name = A, .text = "in", .next = &deep[1] },
		{ .name = E, .text = word } };
	struct scope inner[] = { { deep, &inner[1] }, { deep, NULL } };
	struct slot middle[] = {
		{ .name = L, .list = inner, .next = &middle[1] },
		{ .name = P, .phrase = "p" }
	};
	struct scope list[] = { { middle, &list[1] }, { deep, &list[2] },
		{ NULL, NULL } };
	struct slot outer[] = { { .name = A, .text = word, .next = &outer[1] },
		{ .name = P, .phrase = word, .next = &outer[2] },
		{ .name = L, .list = list } };
	const struct scope scope = { outer, NULL };
	struct text out;

	text_init(&out, buf, sizeof(buf));
	if (book_render(book, "page", &scope, &out) && out.cut) {
		abort();
	}
	text_init(&out, buf, sizeof(buf));
	(void)book_render_plain(book, "page", &scope, &out);
	if (out.len >= sizeof(buf) || buf[out.len] != '\0') {
		abort();
	}
}

static struct book *
book_of(const char *template, const char *phrases)
{
	const struct book_source sources[] = {
		{ "page", "page.html", template, strlen(template), false },
		{ "words", "en.phrases", phrases, strlen(phrases), true },
	};
	struct book_error error;
	struct book *book = book_new(sources,
	    sizeof(sources) / sizeof(sources[0]), names, NAMES, &error);

	if (book == NULL && memchr(error.what, '\0', BOOK_ERROR_SIZE) == NULL) {
		abort();
	}
	return book;
}

/* A slot's text in a template that is right. */
static void
show(const char *word)
{
	static char buf[OUT_SIZE * 6];
	struct book *book = book_of("{{a}}", "");
	struct slot slot = { .name = A, .text = word };
	const struct scope scope = { &slot, NULL };
	struct text out;

	text_init(&out, buf, sizeof(buf));
	if (book == NULL || !book_render(book, "page", &scope, &out) ||
	    out.cut) {
		abort();
	}
	for (size_t i = 0; i < out.len; i++) {
		if (strchr("<>\"'", buf[i]) != NULL ||
		    (buf[i] >= '\0' && buf[i] < ' ' && buf[i] != '\n' &&
			buf[i] != '\t')) {
			abort();
		}
	}
	book_free(book);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data;
	const char *end = at + size;
	char *template = next(&at, end);
	char *phrases = next(&at, end);
	char *word = next(&at, end);

	struct book *book = book_of(template, phrases);

	if (book != NULL) {
		render(book, word);
		book_free(book);
	}
	show(word);
	free(template);
	free(phrases);
	free(word);
	return 0;
}
