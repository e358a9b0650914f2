/*
 * Inside templates: what reading makes of them, and rendering runs.
 */
#ifndef WEB_TEMPLATE_PARTS_H
#define WEB_TEMPLATE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "web/plural.h"
#include "web/template.h"

enum {
	DEPTH_MAX = 16, /* blocks and entries within each other */
	NAMES_MAX = 256 /* more than there are variables */
};

enum op_kind {
	OP_TEXT,     /* write the bytes at `at` */
	OP_VARIABLE, /* write variable `number` */
	OP_ENTRY,    /* write entry `number`, or the form of it that fits */
	OP_LANG,     /* within a tag: the language of what it holds */
	OP_BLOCK,    /* run those up to `until` for each section */
	OP_ABSENCE   /* run those where the variable is empty */
};

/* A run of bytes of a source. */
struct span {
	const char *at;
	const char *end;
};

/* A page runs some hundreds of them: they are small. */
struct op {
	unsigned char kind; /* of enum op_kind */
	bool bare; /* a hole where no markup can stand: in a tag, the title */
	uint16_t number;
	uint32_t until;   /* of a text: where to go on */
	struct span text; /* of a hole, its name */
};

/* A template or phrase, or one form of it: some operations in a row. */
struct template_part {
	struct span name;
	enum plural form;   /* of a phrase without forms, PLURAL_OTHER */
	size_t forms;       /* in a row, from this one on */
	struct span number; /* the variable's name, or NULL */
	size_t variable;    /* its place among the names */
	size_t source;
	size_t from;
	size_t until;
	bool phrase;
	bool fallback;
	bool words;         /* it says something itself */
	bool blocks;        /* it begins with one, as <p> */
	bool known;         /* an earlier source has it too */
	bool used;          /* another names it */
	const char *before; /* where the same source gave it, or NULL */
	enum {
		LINK_NOT_YET,
		LINK_BEGUN,
		LINK_DONE
	} link;
};

struct templates {
	struct op *op;
	size_t ops;
	struct template_part
	    *entry; /* sorted by name and form once all are read */
	size_t entries;
	char *joined;   /* the texts of operations */
	uint32_t *slot; /* entry + 1 of a name's first form, 0: none */
	size_t slots;   /* a power of two */
	bool mixed;     /* some are of the language to fall back on */
	struct template_names variables;
	/* Of the language itself, and of the one to fall back on. */
	struct {
		const char *tag;
		struct span rule[PLURAL_COUNT]; /* or NULL */
		struct span fact[TEMPLATE_FACTS];
		bool rtl;
	} language[2];
};

static inline size_t
span_length(struct span span)
{
	return (size_t)(span.end - span.at);
}

static inline struct span
span_of(const char *string)
{
	return (struct span){ string, string + strlen(string) };
}

#define NO_SPAN ((struct span){ "", "" }) /* of no bytes */

/* Less than, equal to or greater than 0.  The shorter first, so that most are
 * told apart by their length. */
static inline int
span_compare(struct span a, struct span b)
{
	return span_length(a) != span_length(b)
		   ? (span_length(a) > span_length(b) ? 1 : -1)
		   : memcmp(a.at, b.at, span_length(a));
}

/* Sources that are being read. */
struct template_reader {
	struct templates *templates;
	const struct template_source *sources;
	struct template_error *error;
	size_t source;
	struct op *open[DEPTH_MAX]; /* blocks that wait for their closing */
	size_t opened;
	bool in_tag; /* where the text has come to */
	bool in_title;
	bool words; /* it said something */
};

/* Refuse the source for what stands at `at`; `name` may be NULL.  Gives back
 * false, as do all that read where they refused. */
bool template_refuse(struct template_reader *r, const char *at,
    const char *what, const struct span *name);

/* Once all entries are read: link their names, and prepare them to be written.
 * False where something is refused or there is no memory. */
bool template_link(struct template_reader *r);

/* The first form of the entry whose name is `begin` and `rest` together, or
 * NULL. */
struct template_part *template_entry(
    const struct templates *templates, struct span begin, struct span rest);

#endif
