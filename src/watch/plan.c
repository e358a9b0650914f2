#include "watch/plan.h"

#include <string.h>

static bool
has_head(const struct position *remembered, const struct sight *sight)
{
	return remembered->head_len > 0 &&
	       strcmp(remembered->head_hash, sight->head_hash) == 0;
}

static bool
fits(const struct position *remembered, const struct sight *sight)
{
	/* No line was taken yet: there is only the inode to go by, and no
	 * harm in reading from the start what no line was taken from. */
	if (remembered->offset == 0) {
		return remembered->inode != 0 &&
		       remembered->inode == sight->inode &&
		       remembered->device == sight->device;
	}
	return has_head(remembered, sight) &&
	       strcmp(remembered->line_hash, sight->line_hash) == 0;
}

/* The newest that fits, or `count`: while a log is copied before it is
 * truncated, both it and the copy do. */
static size_t
find(
    const struct position *remembered, const struct sight *sights, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		if (fits(remembered, &sights[i - 1])) {
			return i - 1;
		}
	}
	return count;
}

/* What to do where the remembered file is nowhere. */
static struct plan
begin_anew(const struct position *remembered, const struct sight *sights,
    size_t count, bool live)
{
	const struct sight *last;

	if (!live) {
		return (struct plan){ PLAN_WAIT, 0 };
	}
	last = &sights[count - 1];
	/* A crash of the host can take the end of a log with it.  What is left
	 * was taken before. */
	if (has_head(remembered, last) && last->size >= 0 &&
	    last->size < remembered->offset) {
		return (struct plan){ PLAN_CUT, count - 1 };
	}
	return (struct plan){ remembered->offset > 0 ? PLAN_LOST : PLAN_BEGIN,
		count - 1 };
}

struct plan
plan_resume(const struct position *remembered, const struct sight *sights,
    size_t count, bool live)
{
	size_t found = find(remembered, sights, count);

	if (found == count) {
		return begin_anew(remembered, sights, count, live);
	}
	return (struct plan){ PLAN_CONTINUE, found };
}

struct plan
plan_next(const struct position *remembered, const struct sight *sights,
    size_t count, bool live)
{
	size_t found = find(remembered, sights, count);

	/* It was removed after it was read: only the live one is left. */
	if (found == count) {
		return live && sights[count - 1].size != 0
			   ? (struct plan){ PLAN_BEGIN, count - 1 }
			   : (struct plan){ PLAN_WAIT, 0 };
	}
	/* It goes by the log's own name again. */
	if (live && found == count - 1) {
		return (struct plan){ PLAN_CONTINUE, found };
	}
	for (size_t i = found + 1; i < count; i++) {
		if (sights[i].size != 0) {
			return (struct plan){ PLAN_BEGIN, i };
		}
	}
	return (struct plan){ PLAN_WAIT, 0 };
}
