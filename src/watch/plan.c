#include "watch/plan.h"

#include <string.h>

static bool
has_head(const struct position *remembered, const struct sight *sight)
{
	return remembered->head_len > 0 &&
	       strcmp(remembered->head_hash, sight->head_hash) == 0;
}

static bool
has_inode(const struct position *remembered, const struct sight *sight)
{
	return remembered->inode != 0 && remembered->inode == sight->inode &&
	       remembered->device == sight->device;
}

static bool
fits(const struct position *remembered, const struct sight *sight)
{
	/* No line was ever taken: there is only the inode to go by, and no
	 * harm in reading from the start what no line was taken from. */
	if (remembered->offset == 0) {
		return has_inode(remembered, sight);
	}
	return has_head(remembered, sight) &&
	       strcmp(remembered->line_hash, sight->line_hash) == 0;
}

typedef bool is_wanted(
    const struct position *remembered, const struct sight *sight);

/* The newest, or `count`. */
static size_t
find(is_wanted *wanted, const struct position *remembered,
    const struct sight *sights, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		if (wanted(remembered, &sights[i - 1])) {
			return i - 1;
		}
	}
	return count;
}

/* A crash of the host can take the end of a log with it.  What is left was
 * taken before. */
static bool
lost_its_end(const struct position *remembered, const struct sight *sight)
{
	return has_head(remembered, sight) && sight->size >= 0 &&
	       sight->size < remembered->offset;
}

/* What has the inode and not the marks was written after what is remembered:
 * in the file whose place it took, or in one no line was taken from.  That is
 * not so of a file that was compressed. */
static bool
is_newer(const struct position *remembered, const struct sight *sight)
{
	return has_inode(remembered, sight) && sight->size >= 0 &&
	       !has_head(remembered, sight);
}

/* What to do where the remembered file is nowhere. */
static struct plan
begin_anew(const struct position *remembered, const struct sight *sights,
    size_t count, bool live)
{
	size_t newer = find(is_newer, remembered, sights, count);

	if (newer < count) {
		return (struct plan){ PLAN_LOST, newer };
	}
	if (!live) {
		return (struct plan){ PLAN_WAIT, 0 };
	}
	if (lost_its_end(remembered, &sights[count - 1])) {
		return (struct plan){ PLAN_CUT, count - 1 };
	}
	/* Where there was no file at all nothing is lost. */
	return (struct plan){ remembered->offset > 0 || remembered->inode != 0
				  ? PLAN_LOST
				  : PLAN_BEGIN,
		count - 1 };
}

/* The newest that fits is it: while a log is copied before it is truncated,
 * both it and the copy do. */
struct plan
plan_resume(const struct position *remembered, const struct sight *sights,
    size_t count, bool live)
{
	size_t found = find(fits, remembered, sights, count);

	if (found == count) {
		return begin_anew(remembered, sights, count, live);
	}
	return (struct plan){ PLAN_CONTINUE, found };
}

/* What was read was removed. */
static struct plan
begin_after_all(const struct sight *sights, size_t count, bool live)
{
	if (!live || sights[count - 1].size == 0) {
		return (struct plan){ PLAN_WAIT, 0 };
	}
	/* Whether the rotated ones came before it or after nobody knows. */
	return (struct plan){ count > 1 ? PLAN_LOST : PLAN_BEGIN, count - 1 };
}

struct plan
plan_next(const struct position *remembered, bool untouched,
    const struct sight *sights, size_t count, bool live)
{
	size_t found = find(fits, remembered, sights, count);
	size_t open = untouched ? find(has_inode, remembered, sights, count)
				: count;

	/* It is open, so its inode is its own.  Where it was compressed since,
	 * it comes again behind the file that was read before it. */
	if (open < count && (found == count || open > found)) {
		found = open;
	}
	if (found == count) {
		return begin_after_all(sights, count, live);
	}
	/* It goes by the log's own name again. */
	if (live && found == count - 1) {
		return (struct plan){ found == open ? PLAN_WAIT : PLAN_CONTINUE,
			found == open ? 0 : found };
	}
	for (size_t i = found + 1; i < count; i++) {
		if (sights[i].size != 0) {
			return (struct plan){ PLAN_BEGIN, i };
		}
	}
	return (struct plan){ PLAN_WAIT, 0 };
}
