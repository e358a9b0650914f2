#include "web/book_read.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROOM = 256 * 1024, /* of joined texts; touched as it is needed */
	FOLDED = 3
};

struct fold {
	struct book *book;
	struct op *op; /* what becomes the book's: never more than it has */
	size_t ops;
	char *end; /* of the joined texts so far */
	size_t left;
};

static bool
copy(struct fold *fold, const char *text, size_t len)
{
	if (len > fold->left) {
		return false;
	}
	memcpy(fold->end, text, len);
	fold->end += len;
	fold->left -= len;
	return true;
}

/* Make one text of the last and what follows it; false where there is no room,
 * and then they stay apart. */
static bool
join(struct fold *fold, struct op *last, const struct op *text)
{
	if (text->len + last->len > fold->left) {
		return false;
	}
	if (last->at + last->len != fold->end) {
		const char *at = fold->end;

		(void)copy(fold, last->at, last->len);
		last->at = at;
	}
	last->len += text->len;
	return copy(fold, text->at, text->len);
}

/* What the operation writes whoever reads the page, as a text, or NULL. */
static const struct op *
text_of(const struct fold *fold, const struct op *op)
{
	static const struct op nothing = { .kind = OP_TEXT, .at = "" };
	const struct entry *entry;

	if (op->kind != OP_ENTRY) {
		return op->kind == OP_TEXT ? op : NULL;
	}
	entry = &fold->book->entry[op->number];
	if (entry->until == entry->from) {
		return &nothing;
	}
	op = &fold->op[entry->from];
	return entry->until == entry->from + 1 && op->kind == OP_TEXT ? op
								      : NULL;
}

static void
fold_ops(struct fold *fold, /* NOLINT(misc-no-recursion): depth is bounded */
    size_t from, size_t until)
{
	bool joinable = false;

	for (size_t at = from; at < until;) {
		const struct op *op = &fold->book->op[at++];
		const struct op *text = text_of(fold, op);
		const size_t place = fold->ops;

		if (text != NULL && joinable &&
		    join(fold, &fold->op[place - 1], text)) {
			continue;
		}
		fold->op[fold->ops++] = text != NULL ? *text : *op;
		joinable = text != NULL;
		if (op->kind == OP_BLOCK || op->kind == OP_ABSENCE) {
			fold_ops(fold, at, op->next);
			at = op->next;
			fold->op[place].next = fold->ops;
		}
	}
}

/* First what it names, so that its text is known. */
static void
fold_entry(struct fold *fold, /* NOLINT(misc-no-recursion): depth is bounded */
    struct entry *entry)
{
	const size_t from = entry->from;
	const size_t until = entry->until;
	const struct op *op = fold->book->op;

	if (entry->visited == FOLDED) {
		return;
	}
	for (size_t n = from; n < until; n++) {
		if (op[n].kind == OP_ENTRY) {
			fold_entry(fold, &fold->book->entry[op[n].number]);
		}
	}
	entry->visited = FOLDED;
	entry->from = fold->ops;
	fold_ops(fold, from, until);
	entry->until = fold->ops;
}

void
book_fold(struct book *book)
{
	char *room = malloc(ROOM);
	struct fold fold = { .book = book, .end = room, .left = ROOM };

	fold.op = book->ops > 0 ? calloc(book->ops, sizeof(*fold.op)) : NULL;
	if (fold.op == NULL || room == NULL) {
		free(fold.op);
		free(room);
		return;
	}
	for (size_t i = 0; i < book->entries; i++) {
		fold_entry(&fold, &book->entry[i]);
	}
	free(book->op);
	book->op = fold.op;
	book->ops = fold.ops;
	book->op_room = fold.ops;
	book->joined = room;
}
