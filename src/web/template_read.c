/*
 * Templates and phrases, read from their files, and their names linked.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "conf/language.h"
#include "web/template_parts.h"

enum {
	NAME_SHOWN = 64
};

/* ---- reading ---- */

/* Where the word begins in the span; its end where it does not occur. */
static const char *
find(struct span span, const char *word)
{
	const char *at = memmem(span.at, span_length(span), word, strlen(word));

	return at != NULL ? at : span.end;
}

bool
template_refuse(struct template_reader *r, const char *at, const char *what,
    const struct span *name)
{
	const struct template_source *source = &r->sources[r->source];
	struct text out;
	int line = 1;

	for (const char *c = source->text; c < at && line < INT_MAX; c++) {
		line += *c == '\n';
	}
	r->error->source = r->source;
	text_init(&out, r->error->what, sizeof(r->error->what));
	text_addf(&out, "%s:%d: %s", source->shown, line, what);
	if (name != NULL) {
		text_add(&out, " \"");
		text_add_bytes(&out, name->at, span_length(*name));
		text_add(&out, "\"");
	}
	return false;
}

/* Read what one hole stands for; `rest` is what follows it, and loses the
 * newline that belongs to a block. */
static bool
read_hole(struct template_reader *r, struct span hole, struct span *rest)
{
	const char sign = *hole.at; /* at least the braces that close it */
	enum op_kind kind = OP_VARIABLE;
	struct templates *templates = r->templates;
	struct span name = hole;

	if (sign == '!') {
		return true;
	}
	if (sign == '#') {
		kind = OP_BLOCK;
	} else if (sign == '^') {
		kind = OP_ABSENCE;
	}
	if (kind != OP_VARIABLE || sign == '/') {
		name.at++;
		rest->at += rest->at < rest->end && *rest->at == '\n';
	}
	if (name.at == name.end) {
		return template_refuse(
		    r, hole.at, "a hole without a name", NULL);
	}
	if (sign == '/') {
		struct op *op = r->opened > 0 ? r->open[--r->opened] : NULL;

		if (op == NULL || span_compare(op->text, name) != 0) {
			return template_refuse(r, name.at,
			    op == NULL ? "no block is open for"
				       : "another block is open than",
			    &name);
		}
		op->until = (uint32_t)templates->ops;
		return true;
	}
	if (kind != OP_VARIABLE && r->opened == DEPTH_MAX) {
		return template_refuse(
		    r, name.at, "too many blocks within", &name);
	}
	if (kind != OP_VARIABLE) {
		r->open[r->opened++] = &templates->op[templates->ops];
	}
	templates->op[templates->ops++] = (struct op){
		.kind = (unsigned char)kind,
		.bare = r->in_tag || r->in_title,
		.text = name
	};
	return true;
}

static bool
begins(struct span span, const char *word)
{
	return span_length(span) >= strlen(word) &&
	       memcmp(span.at, word, strlen(word)) == 0;
}

/* Where the name of a tag ends that begins here, makes a block and says no
 * language; else NULL. */
static const char *
block_tag(struct span text)
{
	static const char *const blocks[] = { "<p", "<li", "<ul", "<ol", "<h2",
		"<h3", "<dt", "<dd", "<dl", "<div", "<pre", "<table" };
	const struct span tag = { text.at, find(text, ">") };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const size_t len = strlen(blocks[i]);

		if (begins(tag, blocks[i]) &&
		    (span_length(tag) == len ||
			isspace((unsigned char)text.at[len]))) {
			return find(tag, " lang=") == tag.end ? text.at + len
							      : NULL;
		}
	}
	return NULL;
}

/* A text without holes.  Where it is of blocks in another language (`marked`),
 * each of their tags says so. */
static void
read_text(struct template_reader *r, struct span text, bool marked)
{
	struct templates *templates = r->templates;
	const char *from = text.at;

	for (const char *at = text.at; at < text.end; at++) {
		const struct span rest = { at, text.end };
		const char *end = marked && *at == '<' ? block_tag(rest) : NULL;

		if (*at == '<') {
			r->in_tag = true;
			r->in_title = begins(rest, "<title") ||
				      (r->in_title && !begins(rest, "</title"));
		} else if (*at == '>') {
			r->in_tag = false;
		} else if (!r->in_tag && (isalpha((unsigned char)*at) ||
					     (*at & '\x80') != 0)) {
			r->words = true;
		}
		if (end != NULL) {
			templates->op[templates->ops++] = (struct op){
				.kind = OP_TEXT, .text = { from, end }
			};
			templates->op[templates->ops++] = (struct op){
				.kind = OP_LANG
			};
			from = end;
		}
	}
	if (from < text.end) {
		templates->op[templates->ops++] = (struct op){ .kind = OP_TEXT,
			.text = { from, text.end } };
	}
}

/* Read a template into operations behind those there are. */
static bool
read_ops(struct template_reader *r, struct span text)
{
	const bool marked = r->sources[r->source].fallback &&
			    block_tag(text) != NULL;

	r->opened = 0;
	r->in_tag = false;
	r->in_title = false;
	r->words = false;
	while (text.at < text.end) {
		struct span before = { text.at, find(text, "{{") };
		struct span hole = { before.end + 2, NULL };

		read_text(r, before, marked);
		if (before.end == text.end) {
			break;
		}
		hole.end = find((struct span){ hole.at, text.end }, "}}");
		if (hole.end == text.end) {
			return template_refuse(
			    r, before.end, "a hole is never closed", NULL);
		}
		text.at = hole.end + 2;
		if (!read_hole(r, hole, &text)) {
			return false;
		}
	}
	if (r->opened > 0) {
		const struct op *op = r->open[r->opened - 1];

		return template_refuse(
		    r, op->text.at, "a block is never closed:", &op->text);
	}
	return true;
}

/* Put the entry in place of those it stands for: of its own form, of all forms
 * where it has none, and of whatever another language has. */
static bool
add_entry(
    struct template_reader *r, struct template_part entry, struct span text)
{
	struct templates *templates = r->templates;

	entry.source = r->source;
	entry.phrase = r->sources[r->source].phrases;
	entry.fallback = r->sources[r->source].fallback;
	entry.blocks = block_tag(text) != NULL;
	entry.from = templates->ops;
	for (size_t i = templates->entries; i-- > 0;) {
		const struct template_part *old = &templates->entry[i];

		if (span_compare(old->name, entry.name) != 0) {
			continue;
		}
		if (old->source != entry.source) {
			entry.known = true;
		} else if (old->form == entry.form) {
			entry.before = old->name.at;
		} else {
			continue;
		}
		if (old->form == entry.form || entry.number.at == NULL ||
		    old->fallback != entry.fallback) {
			templates->entry[i] = templates
						  ->entry[--templates->entries];
		}
	}
	if (!read_ops(r, text)) {
		return false;
	}
	entry.until = templates->ops;
	entry.words = r->words;
	templates->entry[templates->entries++] = entry;
	return true;
}

/* Read "VARIABLE FORM", or where there is no `variable` "FORM". */
static bool
read_form(struct template_reader *r, struct span form, struct span *variable,
    enum plural *out)
{
	char word[NAME_SHOWN] = "";
	struct span last = form;

	if (variable != NULL) {
		last.at = find(form, " ");
		*variable = (struct span){ form.at, last.at };
		last.at += last.at < last.end;
	}
	if (span_length(last) < sizeof(word)) {
		memcpy(word, last.at, span_length(last));
	}
	return words_parse(&plural_words, word, out) ||
	       template_refuse(r, form.at,
		   variable != NULL ? "must be a variable and one of zero, "
				      "one, two, few, many and other:"
				    : "must be one of zero, one, two, few and "
				      "many:",
		   &form);
}

/* Take what is no phrase but said of the language; *taken where it was. */
static bool
read_fact(struct template_reader *r, struct span name, struct span form,
    struct span text, bool *taken)
{
	static const char *const facts[TEMPLATE_FACTS] = { "language-name",
		"language-also", "language-direction" };
	const size_t which = r->sources[r->source].fallback;
	enum plural plural;
	bool holds;

	*taken = true;
	for (size_t i = 0; i < TEMPLATE_FACTS; i++) {
		if (span_compare(name, span_of(facts[i])) == 0) {
			r->templates->language[which].fact[i] = text;
			if (i != TEMPLATE_DIRECTION) {
				return true;
			}
			r->templates->language[which].rtl = span_compare(text,
								span_of(
								    "rtl")) ==
							    0;
			return begins(text, "rtl") || begins(text, "ltr") ||
			       template_refuse(
				   r, text.at, "must be ltr or rtl:", &text);
		}
	}
	*taken = span_compare(name, span_of("plural")) == 0;
	if (!*taken) {
		return true;
	}
	if (!read_form(r, form, NULL, &plural)) {
		return false;
	}
	if (plural == PLURAL_OTHER ||
	    !plural_holds(text.at, span_length(text), 0, &holds)) {
		return template_refuse(r, text.at,
		    plural == PLURAL_OTHER ? "other is what has no rule:"
					   : "is no rule of a plural:",
		    &text);
	}
	r->templates->language[which].rule[plural] = text;
	return true;
}

static bool
read_phrases(struct template_reader *r, struct span file)
{
	struct phrase phrase;
	enum phrase_result result;

	r->templates->language[r->sources[r->source].fallback]
	    .tag = r->sources[r->source].name;
	while ((result = phrase_next(&file.at, file.end, &phrase)) ==
	       PHRASE_FOUND) {
		const struct span text = { phrase.text,
			phrase.text + phrase.text_len };
		const struct span form = { phrase.form != NULL ? phrase.form
							       : phrase.name,
			phrase.form != NULL ? phrase.form + phrase.form_len
					    : phrase.name };
		struct template_part entry = { .form = PLURAL_OTHER,
			.name = {
			    phrase.name, phrase.name + phrase.name_len } };
		bool fact;

		if (!read_fact(r, entry.name, form, text, &fact)) {
			return false;
		}
		if (fact) {
			continue;
		}
		if (phrase.form != NULL &&
		    !read_form(r, form, &entry.number, &entry.form)) {
			return false;
		}
		if (!add_entry(r, entry, text)) {
			return false;
		}
	}
	return result == PHRASE_END || template_refuse(r, phrase.name,
					   "not of the form NAME = TEXT", NULL);
}

/* ---- all of it ---- */

static bool
read_all(struct template_reader *r, size_t count)
{
	struct templates *templates = r->templates;
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		size += r->sources[i].size;
	}
	/* The shortest tag that says its language, "<p>", makes two
	 * operations of three bytes; the shortest phrase is "a = \n". */
	templates->op = calloc(size + count + 1, sizeof(*templates->op));
	templates->entry = calloc(
	    size / 4 + count + 1, sizeof(*templates->entry));
	if (templates->op == NULL || templates->entry == NULL) {
		return false;
	}
	for (r->source = 0; r->source < count; r->source++) {
		const struct template_source *from = &r->sources[r->source];
		const struct span text = { from->text,
			from->text + from->size };
		const struct template_part whole = {
			.name = span_of(from->name), .form = PLURAL_OTHER
		};

		if (memchr(from->text, '\0', from->size) != NULL) {
			return template_refuse(
			    r, from->text, "not a text", NULL);
		}
		if (from->phrases ? !read_phrases(r, text)
				  : !add_entry(r, whole, text)) {
			return false;
		}
	}
	if (templates->entries > UINT16_MAX || templates->ops > UINT32_MAX) {
		return template_refuse(r, r->sources[0].text, "too long", NULL);
	}
	return template_link(r);
}

struct templates *
templates_new(const struct template_source *sources, size_t count,
    const struct template_names *names, struct template_error *error)
{
	struct templates *templates = calloc(1, sizeof(*templates));
	struct template_reader r = {
		.templates = templates, .sources = sources, .error = error
	};

	*error = (struct template_error){ .what = "out of memory" };
	if (templates == NULL) {
		return NULL;
	}
	templates->variables = *names;
	if (names->count >= NAMES_MAX || !read_all(&r, count)) {
		templates_free(templates);
		return NULL;
	}
	return templates;
}

void
templates_free(struct templates *templates)
{
	if (templates != NULL) {
		free(templates->slot);
		free(templates->joined);
		free(templates->op);
		free(templates->entry);
		free(templates);
	}
}

/* ---- what is told of them ---- */

size_t
templates_lacks(
    const struct templates *templates, struct text *names, size_t *of)
{
	size_t lacks = 0;

	*of = 0;
	for (size_t i = 0; i < templates->entries;
	     i += templates->entry[i].forms) {
		const struct template_part *entry = &templates->entry[i];

		*of += entry->phrase;
		if (!entry->fallback || entry->from == entry->until) {
			continue;
		}
		if (names->len + span_length(entry->name) + 3 < names->size) {
			text_add(names, names->len > 0 ? ", " : "");
			text_add_bytes(
			    names, entry->name.at, span_length(entry->name));
		}
		lacks++;
	}
	return lacks;
}

void
templates_fact(const struct templates *templates, enum template_fact fact,
    struct text *out)
{
	const struct span text = templates->language[0].fact[fact];

	if (text.at != NULL) {
		text_add_bytes(out, text.at, span_length(text));
	}
}

/* Nobody needs the phrase: say so, and what may have been meant. */
static void
tell_unknown(const struct templates *templates, struct template_reader *r,
    const struct template_part *entry, void (*tell)(const char *line))
{
	char written[NAME_SHOWN] = "";
	char meant[NAME_SHOWN] = "";
	struct nearest nearest = { .written = written };
	char buf[TEMPLATE_ERROR_SIZE];
	struct text line;

	if (span_length(entry->name) < NAME_SHOWN) {
		memcpy(written, entry->name.at, span_length(entry->name));
	}
	for (size_t i = 0; i < templates->entries; i++) {
		const struct template_part *other = &templates->entry[i];
		char name[NAME_SHOWN] = "";

		if (!other->phrase || other->source == entry->source ||
		    span_length(other->name) >= NAME_SHOWN) {
			continue;
		}
		memcpy(name, other->name.at, span_length(other->name));
		nearest_offer(&nearest, name);
		if (nearest.word == name) {
			memcpy(meant, name, NAME_SHOWN);
			nearest.word = meant;
		}
	}
	(void)template_refuse(
	    r, entry->name.at, "nothing is called", &entry->name);
	text_init(&line, buf, sizeof(buf));
	text_add(&line, r->error->what);
	if (nearest.word != NULL) {
		text_addf(&line, ", did you mean \"%s\"?", meant);
	}
	tell(buf);
}

void
templates_tell(const struct templates *templates,
    const struct template_source *sources, size_t source,
    void (*tell)(const char *line))
{
	struct template_error error;
	struct template_reader r = {
		.sources = sources, .error = &error, .source = source
	};

	for (size_t i = 0; i < templates->entries; i++) {
		const struct template_part *entry = &templates->entry[i];

		if (entry->source != source) {
			continue;
		}
		if (entry->before != NULL) {
			(void)template_refuse(&r, entry->name.at,
			    "is given twice, and this one counts:",
			    &entry->name);
			tell(error.what);
		}
		/* There are as many zones as places. */
		if (!entry->known && !entry->used &&
		    !begins(entry->name, "zone-")) {
			tell_unknown(templates, &r, entry, tell);
		}
	}
}
