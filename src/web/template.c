#include "web/template.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	DEPTH_MAX = 16,  /* blocks and entries within each other */
	NAMES_MAX = 256, /* more than there are variables */
	HIDDEN_MAX = 64  /* variables of a section within another */
};

enum op_kind {
	OP_TEXT,     /* write the bytes at `at` */
	OP_VARIABLE, /* write variable `number` */
	OP_ENTRY,    /* run the operations from `number` up to `until` */
	OP_BLOCK,    /* run those up to `until` for each section */
	OP_ABSENCE   /* run those where the variable is empty */
};

/* A run of bytes of a source. */
struct span {
	const char *at;
	const char *end;
};

struct op {
	enum op_kind kind;
	size_t number;
	size_t until;
	struct span text; /* of a hole, its name */
};

/* A template or phrase: some operations in a row. */
struct entry {
	struct span name;
	size_t source;
	size_t from;
	size_t until;
	enum {
		LINK_NOT_YET,
		LINK_BEGUN,
		LINK_DONE
	} link;
};

struct templates {
	struct op *op;
	size_t ops;
	struct entry *entry; /* sorted by name once all are read */
	size_t entries;
	const char *const *name; /* of variables; borrowed */
	size_t names;
};

/* ---- reading ---- */

struct reader {
	struct templates *templates;
	const struct template_source *sources;
	struct template_error *error;
	size_t source;
	struct op *open[DEPTH_MAX]; /* blocks that wait for their closing */
	size_t opened;
};

static size_t
length(struct span span)
{
	return (size_t)(span.end - span.at);
}

/* Where the word begins in the span; its end where it does not occur. */
static const char *
find(struct span span, const char *word)
{
	const char *at = memmem(span.at, length(span), word, strlen(word));

	return at != NULL ? at : span.end;
}

static struct span
span_of(const char *string)
{
	return (struct span){ string, string + strlen(string) };
}

/* The shorter first, so that most are told apart by their length. */
static int
compare(struct span a, struct span b)
{
	return length(a) != length(b) ? (length(a) > length(b) ? 1 : -1)
				      : memcmp(a.at, b.at, length(a));
}

/* Refuse the source for what stands at `at`; `name` may be NULL.  Gives back
 * false, as do all that read where they refused. */
static bool
refuse(
    struct reader *r, const char *at, const char *what, const struct span *name)
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
		text_add_bytes(&out, name->at, length(*name));
		text_add(&out, "\"");
	}
	return false;
}

/* Read what one hole stands for; `rest` is what follows it, and loses the
 * newline that belongs to a block. */
static bool
read_hole(struct reader *r, struct span hole, struct span *rest)
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
		return refuse(r, hole.at, "a hole without a name", NULL);
	}
	if (sign == '/') {
		struct op *op = r->opened > 0 ? r->open[--r->opened] : NULL;

		if (op == NULL || compare(op->text, name) != 0) {
			return refuse(r, name.at,
			    op == NULL ? "no block is open for"
				       : "another block is open than",
			    &name);
		}
		op->until = templates->ops;
		return true;
	}
	if (kind != OP_VARIABLE && r->opened == DEPTH_MAX) {
		return refuse(r, name.at, "too many blocks within", &name);
	}
	if (kind != OP_VARIABLE) {
		r->open[r->opened++] = &templates->op[templates->ops];
	}
	templates->op[templates->ops++] = (struct op){ .kind = kind,
		.text = name };
	return true;
}

/* Read a template into operations behind those there are. */
static bool
read_ops(struct reader *r, struct span text)
{
	r->opened = 0;
	while (text.at < text.end) {
		struct span before = { text.at, find(text, "{{") };
		struct span hole = { before.end + 2, NULL };

		if (before.at < before.end) {
			r->templates->op[r->templates->ops++] = (struct op){
				.kind = OP_TEXT, .text = before
			};
		}
		if (before.end == text.end) {
			break;
		}
		hole.end = find((struct span){ hole.at, text.end }, "}}");
		if (hole.end == text.end) {
			return refuse(
			    r, before.end, "a hole is never closed", NULL);
		}
		text.at = hole.end + 2;
		if (!read_hole(r, hole, &text)) {
			return false;
		}
	}
	if (r->opened > 0) {
		const struct op *op = r->open[r->opened - 1];

		return refuse(
		    r, op->text.at, "a block is never closed:", &op->text);
	}
	return true;
}

static struct entry *
find_entry(const struct templates *templates, struct span name)
{
	for (size_t i = 0; i < templates->entries; i++) {
		if (compare(templates->entry[i].name, name) == 0) {
			return &templates->entry[i];
		}
	}
	return NULL;
}

static bool
add_entry(struct reader *r, struct span name, struct span text)
{
	struct templates *templates = r->templates;
	struct entry *entry = find_entry(templates, name);

	if (entry == NULL) {
		entry = &templates->entry[templates->entries++];
	}
	*entry = (struct entry){
		.name = name, .source = r->source, .from = templates->ops
	};
	if (!read_ops(r, text)) {
		return false;
	}
	entry->until = templates->ops;
	return true;
}

static struct span
trim(struct span span)
{
	while (span.at < span.end && strchr(" \t\n", span.at[0]) != NULL) {
		span.at++;
	}
	while (span.at < span.end && strchr(" \t\n", span.end[-1]) != NULL) {
		span.end--;
	}
	return span;
}

static bool
read_phrases(struct reader *r, struct span file)
{
	while (file.at < file.end) {
		struct span lines = file;
		struct span name;

		/* The next line and those that continue it. */
		do {
			file.at = find(file, "\n");
			file.at += file.at < file.end;
		} while (file.at < file.end && strchr(" \t", *file.at) != NULL);
		lines.end = file.at;
		name = (struct span){ lines.at, find(lines, " = ") };
		if (*lines.at == '#' || trim(lines).at == lines.end) {
			continue;
		}
		if (name.end == lines.end || name.end == name.at ||
		    memchr(name.at, '\n', length(name)) != NULL) {
			return refuse(
			    r, lines.at, "not of the form NAME = TEXT", NULL);
		}
		lines.at = name.end + 3;
		if (!add_entry(r, name, trim(lines))) {
			return false;
		}
	}
	return true;
}

/* ---- names ---- */

/* A block that asks for an entry, of which it is known already whether it is
 * empty: make it ask for a variable that never is there. */
static void
link_block(struct op *op, const struct entry *to)
{
	if (to->from < to->until) {
		op->kind = op->kind == OP_BLOCK ? OP_ABSENCE : OP_BLOCK;
	}
}

/* The number of the variable of that name, or how many there are. */
static size_t
find_variable(const struct templates *templates, struct span name)
{
	size_t at = 0;

	while (at < templates->names &&
	       compare(span_of(templates->name[at]), name) != 0) {
		at++;
	}
	return at;
}

/* Find out what the names in an entry mean, variables or other entries, and so
 * on with those; none may lead back to it. */
static bool
link_entry(struct reader *r, /* NOLINT(misc-no-recursion): depth is bounded */
    struct entry *entry, int depth)
{
	const struct templates *templates = r->templates;

	r->source = entry->source;
	if (entry->link == LINK_BEGUN || depth == DEPTH_MAX) {
		const struct template_source *source = &r->sources[r->source];

		return refuse(r,
		    source->phrases ? entry->name.at : source->text,
		    "leads back to itself:", &entry->name);
	}
	entry->link = LINK_BEGUN;
	for (size_t i = entry->from; i < entry->until; i++) {
		struct op *op = &templates->op[i];
		struct entry *to;

		op->number = find_variable(templates, op->text);
		if (op->kind == OP_TEXT || op->number < templates->names) {
			continue;
		}
		to = find_entry(templates, op->text);
		if (to != NULL && op->kind != OP_VARIABLE) {
			link_block(op, to);
			continue;
		}
		if (to == NULL) {
			r->source = entry->source;
			return refuse(
			    r, op->text.at, "unknown name", &op->text);
		}
		op->kind = OP_ENTRY;
		op->number = to->from;
		op->until = to->until;
		if (to->link != LINK_DONE && !link_entry(r, to, depth + 1)) {
			return false;
		}
	}
	entry->link = LINK_DONE;
	return true;
}

static int
by_name(const void *left, const void *right)
{
	return compare(((const struct entry *)left)->name,
	    ((const struct entry *)right)->name);
}

/* ---- all of it ---- */

static bool
read_all(struct reader *r, size_t count)
{
	struct templates *templates = r->templates;
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		size += r->sources[i].size;
	}
	/* The shortest hole with a text before it, "a{{b}}", makes two
	 * operations of six bytes; the shortest phrase is "a = \n". */
	templates->op = calloc(size / 3 + count + 1, sizeof(*templates->op));
	templates->entry = calloc(
	    size / 4 + count + 1, sizeof(*templates->entry));
	if (templates->op == NULL || templates->entry == NULL) {
		return false;
	}
	for (r->source = 0; r->source < count; r->source++) {
		const struct template_source *from = &r->sources[r->source];
		const struct span text = { from->text,
			from->text + from->size };

		if (memchr(from->text, '\0', from->size) != NULL) {
			return refuse(r, from->text, "not a text", NULL);
		}
		if (from->phrases ? !read_phrases(r, text)
				  : !add_entry(r, span_of(from->name), text)) {
			return false;
		}
	}
	for (size_t i = 0; i < templates->entries; i++) {
		if (templates->entry[i].link != LINK_DONE &&
		    !link_entry(r, &templates->entry[i], 0)) {
			return false;
		}
	}
	qsort(templates->entry, templates->entries, sizeof(*templates->entry),
	    by_name);
	return true;
}

struct templates *
templates_new(const struct template_source *sources, size_t count,
    const char *const *names, size_t name_count, struct template_error *error)
{
	struct templates *templates = calloc(1, sizeof(*templates));
	struct reader r = {
		.templates = templates, .sources = sources, .error = error
	};

	*error = (struct template_error){ .what = "out of memory" };
	if (templates == NULL) {
		return NULL;
	}
	templates->name = names;
	templates->names = name_count;
	if (name_count >= NAMES_MAX || !read_all(&r, count)) {
		templates_free(templates);
		return NULL;
	}
	return templates;
}

void
templates_free(struct templates *templates)
{
	if (templates != NULL) {
		free(templates->op);
		free(templates->entry);
		free(templates);
	}
}

/* ---- rendering ---- */

struct rendering {
	const struct templates *templates;
	struct text *out;
	const struct variable *bound[NAMES_MAX]; /* what each name means now */
	int depth;
	/* A text, escaped or not. */
	void (*put)(struct text *out, const char *text, size_t len);
	bool wrong;
};

void
template_escape(struct text *out, const char *text, size_t len)
{
	/* What a byte is written as; NULL: as it is. */
	static const char *const references[UCHAR_MAX + 1] = {
		['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
		['"'] = "&quot;",
		['\''] = "&#39;",
		['\x7f'] = "?",
	};
	const char *from = text;
	const char *end = text + len;

	for (; text < end; text++) {
		const unsigned char c = (unsigned char)*text;
		const char *written = c < ' ' ? "?" : references[c];

		if (written != NULL) {
			text_add_bytes(out, from, (size_t)(text - from));
			text_add(out, written);
			from = text + 1;
		}
	}
	text_add_bytes(out, from, (size_t)(text - from));
}

static void run(struct rendering *r, size_t from, size_t until);

static bool
put_named(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const char *name)
{
	const struct entry wanted = { .name = span_of(name) };
	const struct entry *entry = bsearch(&wanted, r->templates->entry,
	    r->templates->entries, sizeof(wanted), by_name);

	if (entry != NULL) {
		run(r, entry->from, entry->until);
	}
	return entry != NULL;
}

static void
put_variable(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct variable *variable)
{
	if (variable->phrase != NULL) {
		r->wrong = !put_named(r, variable->phrase) &&
			   (variable->text == NULL ||
			       !put_named(r, variable->text));
	} else if (variable->write != NULL) {
		variable->write(variable->what, r->out);
	} else if (variable->text != NULL) {
		r->put(r->out, variable->text, strlen(variable->text));
	}
}

/* Run the operations of a block: of a list once for each section, with its
 * variables in place of those around it, which are put back afterwards. */
static void
put_block(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct op *op, size_t from)
{
	const struct variable *what = r->bound[op->number];
	const bool empty = what == NULL ||
			   (what->phrase == NULL && what->list == NULL &&
			       what->write == NULL &&
			       (what->text == NULL || what->text[0] == '\0'));

	if (op->kind == OP_ABSENCE || empty || what->list == NULL) {
		if ((op->kind == OP_ABSENCE) == empty) {
			run(r, from, op->until);
		}
		return;
	}
	for (const struct section *section = what->list; section != NULL;
	     section = section->next) {
		const struct variable *hidden[HIDDEN_MAX];
		const struct variable *variable = section->variable;
		size_t count = 0;

		for (; variable != NULL && count < HIDDEN_MAX;
		     variable = variable->next) {
			hidden[count++] = r->bound[variable->name];
			r->bound[variable->name] = variable;
		}
		r->wrong = r->wrong || variable != NULL;
		run(r, from, op->until);
		variable = section->variable;
		for (size_t i = 0; i < count; i++, variable = variable->next) {
			r->bound[variable->name] = hidden[i];
		}
	}
}

static void
run(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    size_t from, size_t until)
{
	if (r->depth == DEPTH_MAX) {
		r->wrong = true;
		return;
	}
	r->depth++;
	for (size_t at = from; at < until && !r->wrong && !r->out->cut;) {
		const struct op *op = &r->templates->op[at++];
		const struct variable *variable;

		switch (op->kind) {
		case OP_TEXT:
			text_add_bytes(r->out, op->text.at, length(op->text));
			break;
		case OP_ENTRY:
			run(r, op->number, op->until);
			break;
		case OP_BLOCK:
		case OP_ABSENCE:
			put_block(r, op, at);
			at = op->until;
			break;
		case OP_VARIABLE:
			variable = r->bound[op->number];
			if (variable != NULL) {
				put_variable(r, variable);
			}
			break;
		}
	}
	r->depth--;
}

bool
template_render(const struct templates *templates, const char *name,
    enum template_form form, const struct section *section, struct text *out)
{
	struct rendering r = {
		.templates = templates,
		.out = out,
		.put = form == TEMPLATE_PLAIN ? text_add_bytes
					      : template_escape,
	};

	for (const struct variable *variable = section->variable;
	     variable != NULL; variable = variable->next) {
		r.bound[variable->name] = variable;
	}
	return put_named(&r, name) && !r.wrong && !out->cut;
}
