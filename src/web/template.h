/*
 * Templates: text with holes.
 *
 *   {{name}}               the slot's text, escaped for HTML; a slot may
 *                          instead name a phrase, and a name that is no slot
 *                          is a phrase
 *   {{#name}}...{{/name}}  once for each scope of the slot's list; of a slot
 *                          with text or phrase, once unless it is empty
 *   {{^name}}...{{/name}}  once where {{#name}} would write nothing
 *   {{! remark }}          nothing
 *
 * A newline straight after a block's opening or closing is not written, so
 * that those may stand in lines of their own.
 *
 * A phrase is a line "name = text" of a phrase file, continued by lines that
 * begin with a blank; it is a template too and sees the same slots.  A block
 * cannot hold a block of its own name.  Templates and phrases are ours and
 * may hold markup; only slots carry what others wrote.
 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct text;
struct scope;

/* One name and what stands for it; all borrowed. */
struct slot {
	const char *name;
	const char *text;         /* or NULL */
	const char *phrase;       /* a phrase's name, or NULL */
	const struct scope *list; /* or NULL */
	size_t items;             /* of the list */
};

/* Slots by name; ends with a slot whose name is NULL.  An inner scope hides
 * those around it. */
struct scope {
	const struct slot *slot;
};

/*
 * Write `source` with its holes filled.  False where `out` was too small or
 * the template is wrong: an unknown name, an open block, phrases that name
 * each other in a ring.  What is in `out` then is not to be shown.
 */
bool template_render(const char *source, const char *phrases,
    const struct scope *scope, struct text *out);

/* Add text with &, <, >, " and ' as character references and control
 * characters as '?'. */
void template_escape(struct text *out, const char *text);

#endif
