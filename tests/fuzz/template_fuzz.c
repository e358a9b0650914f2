/*
 * Whatever a template, its phrases or a variable hold, reading and rendering end
 * and stay inside their buffers, and a variable's text never comes out as markup.
 *
 * Template, phrases and the text of the variable "a" stand one behind the other,
 * each ended by NUL or the end of it all; phrases to fall back on, and a rule of
 * a plural, may follow.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/plural.h"
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
static struct variable fixed[] = { { .name = N, .text = "fixed" } };
static const struct section fixed_in = { .variable = fixed };
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
render(const struct templates *templates, const char *word)
{
	static char buf[OUT_SIZE];
	struct variable deep[] = {
		{ .name = A, .text = "in", .next = &deep[1] },
		{ .name = E, .text = word }
	};
	struct section inner[] = { { .variable = deep, .next = &inner[1] },
		{ .variable = deep } };
	struct variable middle[] = { { .kind = VARIABLE_LIST,
					 .name = L,
					 .list = inner,
					 .next = &middle[1] },
		{ .kind = VARIABLE_PHRASE, .name = P, .phrase = "p" } };
	struct section list[] = { { .variable = middle, .next = &list[1] },
		{ .variable = deep, .next = &list[2] }, { .next = NULL } };
	struct variable outer[] = { { .kind = VARIABLE_NUMBER,
					.name = A,
					.text = word,
					.number = (int64_t)strlen(word),
					.next = &outer[1] },
		{ .kind = VARIABLE_PHRASE,
		    .name = P,
		    .phrase = word,
		    .next = &outer[2] },
		{ .kind = VARIABLE_LIST, .name = L, .list = list } };
	const struct section section = { .variable = outer };
	struct text out;

	text_init(&out, buf, sizeof(buf));
	if (template_render(templates, "page", TEMPLATE_HTML, &section, &out) &&
	    out.cut) {
		abort();
	}
	text_init(&out, buf, sizeof(buf));
	(void)template_render(
	    templates, "page", TEMPLATE_PLAIN, &section, &out);
	if (out.len >= sizeof(buf) || buf[out.len] != '\0') {
		abort();
	}
}

static void
tell(const char *line)
{
	if (strlen(line) == 0) {
		abort();
	}
}

/* What there is to be said of them. */
static void
look_at(
    const struct templates *templates, const struct template_source *sources)
{
	char buf[64];
	struct text names;
	size_t of;

	text_init(&names, buf, sizeof(buf));
	if (templates_lacks(templates, &names, &of) > of) {
		abort();
	}
	for (size_t i = 0; i < 3; i++) {
		templates_tell(templates, sources, i, tell);
	}
	text_init(&names, buf, sizeof(buf));
	for (enum template_fact i = 0; i < TEMPLATE_FACTS; i++) {
		templates_fact(templates, i, &names);
	}
}

static struct templates *
templates_of(const char *template, const char *phrases, const char *fallback)
{
	const struct template_source sources[] = {
		{ "page", "page.html", template, strlen(template), false,
		    false },
		{ "en", "en.phrases", fallback, strlen(fallback), true, true },
		{ "xx", "xx.phrases", phrases, strlen(phrases), true, false },
	};
	struct template_error error;
	struct templates *templates = templates_new(sources,
	    sizeof(sources) / sizeof(sources[0]),
	    &(struct template_names){ names, NAMES, &fixed_in }, &error);

	if (templates == NULL &&
	    memchr(error.what, '\0', TEMPLATE_ERROR_SIZE) == NULL) {
		abort();
	}
	if (templates != NULL) {
		look_at(templates, sources);
	}
	return templates;
}

/* A rule says the same of a number and of its opposite, and is one for all
 * numbers or for none. */
static void
try_rule(const char *rule)
{
	static const int64_t numbers[] = { 0, 1, 2, 5, 12, 103, INT64_MAX };
	const size_t len = strlen(rule);
	bool holds;
	const bool is_rule = plural_holds(rule, len, 0, &holds);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool opposite;

		if (plural_holds(rule, len, numbers[i], &holds) != is_rule ||
		    plural_holds(rule, len, -numbers[i], &opposite) !=
			is_rule ||
		    (is_rule && holds != opposite)) {
			abort();
		}
	}
}

/* A variable's text in a template that is right. */
static void
show(const char *word)
{
	static char buf[OUT_SIZE * 6];
	struct templates *templates = templates_of("{{a}}", "", "");
	struct variable variable = { .name = A, .text = word };
	const struct section section = { .variable = &variable };
	struct text out;

	text_init(&out, buf, sizeof(buf));
	if (templates == NULL ||
	    !template_render(
		templates, "page", TEMPLATE_HTML, &section, &out) ||
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
	templates_free(templates);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data;
	const char *end = at + size;
	char *template = next(&at, end);
	char *phrases = next(&at, end);
	char *word = next(&at, end);
	char *fallback = next(&at, end);
	char *rule = next(&at, end);

	struct templates *templates = templates_of(template, phrases, fallback);

	if (templates != NULL) {
		render(templates, word);
		templates_free(templates);
	}
	show(word);
	try_rule(rule);
	free(fallback);
	free(rule);
	free(template);
	free(phrases);
	free(word);
	return 0;
}
