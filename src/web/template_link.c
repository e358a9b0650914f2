/*
 * Templates once all are read: entries are found by their names, the names in
 * them are linked, what never changes is put in its place, and texts in a row
 * become one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/template_parts.h"

enum {
	FIXED_SIZE = 512
};

/* ---- entries by their names: a page asks for some dozens ---- */

static int
by_name(const void *left, const void *right)
{
	const struct template_part *a = left;
	const struct template_part *b = right;
	const int names = span_compare(a->name, b->name);

	return names != 0 ? names : (int)a->form - (int)b->form;
}

/* FNV-1a: the names are ours. */
static uint32_t
hash_on(uint32_t hash, struct span bytes)
{
	for (; bytes.at < bytes.end; bytes.at++) {
		hash = (hash ^ (unsigned char)*bytes.at) * 16777619U;
	}
	return hash;
}

static bool
is_both(struct span name, struct span begin, struct span rest)
{
	const size_t len = span_length(begin);

	return span_length(name) == len + span_length(rest) &&
	       memcmp(name.at, begin.at, len) == 0 &&
	       memcmp(name.at + len, rest.at, span_length(rest)) == 0;
}

/* Where the name of these two stands, or is to be put. */
static size_t
slot_of(const struct templates *templates, struct span begin, struct span rest)
{
	size_t at = hash_on(hash_on(2166136261U, begin), rest);

	for (at &= templates->slots - 1;
	     templates->slot[at] != 0 &&
	     !is_both(templates->entry[templates->slot[at] - 1].name, begin,
		 rest);) {
		at = (at + 1) & (templates->slots - 1);
	}
	return at;
}

/* Sort all entries, count their forms, and make it possible to find them; false
 * where there is no memory. */
static bool
index_entries(struct templates *templates)
{
	qsort(templates->entry, templates->entries, sizeof(*templates->entry),
	    by_name);
	templates->slots = 64;
	while (templates->slots < 2 * templates->entries) {
		templates->slots *= 2;
	}
	templates->slot = calloc(templates->slots, sizeof(*templates->slot));
	if (templates->slot == NULL) {
		return false;
	}
	for (size_t i = templates->entries; i-- > 0;) {
		struct template_part *entry = &templates->entry[i];
		const bool last = i + 1 == templates->entries ||
				  span_compare(entry->name, entry[1].name) != 0;

		entry->forms = last ? 1 : entry[1].forms + 1;
		templates->mixed |= entry->fallback;
		/* Of several forms the first comes last. */
		templates->slot[slot_of(
		    templates, entry->name, NO_SPAN)] = (uint32_t)i + 1;
	}
	return true;
}

struct template_part *
template_entry(
    const struct templates *templates, struct span begin, struct span rest)
{
	const uint32_t found = templates->slot[slot_of(templates, begin, rest)];

	return found != 0 ? &templates->entry[found - 1] : NULL;
}

/* ---- names ---- */

/* The number of the variable of that name, or how many there are. */
static size_t
find_variable(const struct templates *templates, struct span name)
{
	size_t at = 0;

	while (
	    at < templates->variables.count &&
	    span_compare(span_of(templates->variables.name[at]), name) != 0) {
		at++;
	}
	return at;
}

static bool link_entry(
    struct template_reader *r, struct template_part *entry, int depth);

/* Link all forms of an entry. */
static bool
link_forms(
    struct template_reader *r, /* NOLINT(misc-no-recursion): depth is bounded */
    struct template_part *entry, int depth)
{
	for (size_t i = entry->forms; i-- > 0;) {
		entry[i].used = true;
		if (entry[i].link != LINK_DONE &&
		    !link_entry(r, &entry[i], depth)) {
			return false;
		}
	}
	return true;
}

/* A form's number is a variable, its language has a rule for it, and there is
 * a form for all other numbers. */
static bool
check_form(struct template_reader *r, struct template_part *entry)
{
	const struct templates *templates = r->templates;
	/* The last of them is "other", or there is none. */
	const struct template_part *last = entry + entry->forms - 1;

	if (entry->number.at == NULL) {
		return true;
	}
	entry->variable = find_variable(templates, entry->number);
	if (entry->variable == templates->variables.count) {
		return template_refuse(r, entry->number.at,
		    "no variable is called", &entry->number);
	}
	if (entry->form != PLURAL_OTHER &&
	    templates->language[entry->fallback].rule[entry->form].at == NULL) {
		return template_refuse(r, entry->name.at,
		    "there is no rule plural[...] for a form of", &entry->name);
	}
	return last->form == PLURAL_OTHER ||
	       template_refuse(r, entry->name.at, "there is no form other of",
		   &entry->name);
}

/* A block that asks for an entry, of which it is known already whether it is
 * empty: make it ask for a variable that never is there. */
static void
link_block(struct op *op, struct template_part *to)
{
	to->used = true;
	if (to->from < to->until) {
		op->kind = (unsigned char)(op->kind == OP_BLOCK ? OP_ABSENCE
								: OP_BLOCK);
	}
}

/* Most phrases are a text and no more: where nothing is marked with another
 * language, it stands in their place. */
static void
put_in_place(const struct templates *templates, struct op *op,
    const struct template_part *to)
{
	const struct op *text = &templates->op[to->from];

	if (!templates->mixed && to->forms == 1 && to->until - to->from == 1 &&
	    text->kind == OP_TEXT) {
		op->kind = OP_TEXT;
		op->text = text->text;
	}
}

/* Find out what the names in an entry mean, variables or other entries, and so
 * on with those; none may lead back to it. */
static bool
link_entry(
    struct template_reader *r, /* NOLINT(misc-no-recursion): depth is bounded */
    struct template_part *entry, int depth)
{
	const struct templates *templates = r->templates;

	r->source = entry->source;
	if (entry->link == LINK_BEGUN || depth == DEPTH_MAX) {
		const struct template_source *source = &r->sources[r->source];

		return template_refuse(r,
		    source->phrases ? entry->name.at : source->text,
		    "leads back to itself:", &entry->name);
	}
	if (!check_form(r, entry)) {
		return false;
	}
	entry->link = LINK_BEGUN;
	for (size_t i = entry->from; i < entry->until; i++) {
		struct op *op = &templates->op[i];
		struct template_part *to;

		if (op->kind == OP_TEXT || op->kind == OP_LANG) {
			continue;
		}
		op->number = (uint16_t)find_variable(templates, op->text);
		if (op->number < templates->variables.count) {
			continue;
		}
		to = template_entry(templates, op->text, NO_SPAN);
		if (to != NULL && op->kind != OP_VARIABLE) {
			link_block(op, to);
			continue;
		}
		if (to == NULL) {
			r->source = entry->source;
			return template_refuse(
			    r, op->text.at, "unknown name", &op->text);
		}
		op->kind = OP_ENTRY;
		op->number = (uint16_t)(to - templates->entry);
		if (!link_forms(r, to, depth + 1)) {
			return false;
		}
		put_in_place(templates, op, to);
	}
	entry->link = LINK_DONE;
	return true;
}

/* ---- what is the same in all that is written ---- */

/* Whether it is written in the same way in HTML and elsewhere. */
static bool
is_same_escaped(const char *text)
{
	char buf[FIXED_SIZE];
	struct text escaped;

	text_init(&escaped, buf, sizeof(buf));
	template_escape(&escaped, text, strlen(text));
	return !escaped.cut && strcmp(buf, text) == 0;
}

static void
make_empty(struct op *op)
{
	*op = (struct op){ .kind = OP_TEXT, .text = NO_SPAN };
}

static void
fix_op(struct templates *templates, size_t at, const char *text)
{
	struct op *op = &templates->op[at];
	const size_t until = op->until;
	const bool skipped = (op->kind == OP_BLOCK) ==
			     (text == NULL || text[0] == '\0');

	if (op->kind == OP_VARIABLE) {
		make_empty(op);
		op->text = text != NULL ? span_of(text) : NO_SPAN;
		return;
	}
	/* What is in the block is always written, or never. */
	make_empty(op);
	while (skipped && ++at < until) {
		make_empty(&templates->op[at]);
	}
}

/* Put the text of variables that never change in their places: a page then has
 * fewer of them to look at. */
static void
fix_variables(struct templates *templates)
{
	const struct section *fixed = templates->variables.fixed;
	const char *text[NAMES_MAX] = { NULL };
	bool is_fixed[NAMES_MAX] = { false };

	for (const struct variable *variable = fixed != NULL ? fixed->variable
							     : NULL;
	     variable != NULL; variable = variable->next) {
		text[variable->name] = variable->text;
		is_fixed[variable->name] = variable->text == NULL ||
					   is_same_escaped(variable->text);
	}
	for (size_t i = 0; i < templates->ops; i++) {
		const struct op *op = &templates->op[i];

		if ((op->kind == OP_VARIABLE || op->kind == OP_BLOCK ||
			op->kind == OP_ABSENCE) &&
		    op->number < templates->variables.count &&
		    is_fixed[op->number]) {
			fix_op(templates, i, text[op->number]);
		}
	}
}

/* ---- texts in a row ---- */

/* How far the texts go on that begin at `at`: to the end of their entry, of the
 * block they stand in, or to what is no text.  `end` says where blocks end. */
static size_t
behind_texts(
    const struct templates *templates, const bool *end, size_t at, size_t until)
{
	do {
		at++;
	} while (at < until && !end[at] && templates->op[at].kind == OP_TEXT);
	return at;
}

/* Put the texts of these operations together.  Each of them then says all that
 * follows as well, so that it does not matter at which one begins. */
static void
join_texts(
    struct templates *templates, size_t from, size_t until, struct text *joined)
{
	const size_t begun = joined->len;
	size_t at = begun;

	for (size_t i = from; i < until; i++) {
		text_add_bytes(joined, templates->op[i].text.at,
		    span_length(templates->op[i].text));
	}
	for (size_t i = from; i < until; i++) {
		struct op *op = &templates->op[i];
		const size_t len = span_length(op->text);

		op->text = (struct span){ joined->buf + at,
			joined->buf + joined->len };
		op->until = (uint32_t)until;
		at += len;
	}
}

/* Make one of texts that are always written one after the other: most of a page
 * is phrases in the tags of a template.  False where there is no memory. */
static bool
join_all(struct templates *templates)
{
	bool *end = calloc(templates->ops + 1, sizeof(*end));
	struct text joined;
	size_t size = 1;

	for (size_t i = 0; i < templates->ops; i++) {
		size += templates->op[i].kind == OP_TEXT
			    ? span_length(templates->op[i].text)
			    : 0;
	}
	templates->joined = malloc(size);
	if (end == NULL || templates->joined == NULL) {
		free(end);
		return false;
	}
	text_init(&joined, templates->joined, size);
	for (size_t i = 0; i < templates->ops; i++) {
		if (templates->op[i].kind != OP_TEXT) {
			end[templates->op[i].until] = true;
		}
	}
	for (size_t i = 0; i < templates->entries; i++) {
		const struct template_part *entry = &templates->entry[i];
		size_t next;

		for (size_t at = entry->from; at < entry->until; at = next) {
			next = at + 1;
			if (templates->op[at].kind == OP_TEXT) {
				next = behind_texts(
				    templates, end, at, entry->until);
				join_texts(templates, at, next, &joined);
			}
		}
	}
	free(end);
	return true;
}

bool
template_link(struct template_reader *r)
{
	struct templates *templates = r->templates;

	if (!index_entries(templates)) {
		return false;
	}
	for (size_t i = 0; i < templates->entries; i++) {
		if (templates->entry[i].link != LINK_DONE &&
		    !link_entry(r, &templates->entry[i], 0)) {
			return false;
		}
	}
	fix_variables(templates);
	return join_all(templates);
}
