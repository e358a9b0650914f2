/*
 * A book as it was read: for its reader (book.c) and its filler (template.c).
 */
#ifndef WEB_BOOK_H
#define WEB_BOOK_H

#include <stddef.h>

enum {
	BOOK_DEPTH_MAX = 16 /* blocks and entries within each other */
};

enum op_kind {
	OP_TEXT,   /* the bytes at `at` */
	OP_SLOT,   /* what slot `number` says */
	OP_ENTRY,  /* entry `number` */
	OP_BLOCK,  /* the operations up to `next`, for each scope */
	OP_ABSENCE /* those, where the slot is empty */
};

struct op {
	enum op_kind kind;
	size_t number;
	size_t next;
	const char *at; /* of a hole, its name */
	size_t len;
	int line;
};

/* A template or phrase: some operations in a row. */
struct entry {
	const char *name;
	size_t len; /* of the name */
	size_t source;
	size_t from;
	size_t until;
	int visited; /* while rings are looked for */
};

struct book {
	struct op *op;
	size_t ops;
	size_t op_room;
	struct entry *entry;
	size_t entries;
	size_t entry_room;
	/* Places of entries and 1, by the hash of their names; 0: free. */
	unsigned short *index;
	size_t index_mask;
	char *joined;            /* texts that were several; owned */
	const char *const *name; /* borrowed */
	size_t names;
};

/* The entry of that name, or NULL. */
const struct entry *book_find(
    const struct book *book, const char *name, size_t len);

#endif
