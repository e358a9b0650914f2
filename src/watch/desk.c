#include "watch/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"

enum {
	PATIENCE = 1000 /* ms a transaction waits for another program */
};

/* flock() has nothing to do with the locks that SQLite takes.  Closing the
 * descriptor would drop those, so the store goes first. */
static bool
lock(struct desk *desk, const char *path, char error[static STORE_ERROR_SIZE])
{
	char why[128];
	struct text text;

	desk->lock = open(path, O_RDONLY | O_CLOEXEC);
	if (desk->lock >= 0 && flock(desk->lock, LOCK_EX | LOCK_NB) == 0) {
		return true;
	}
	text_init(&text, error, STORE_ERROR_SIZE);
	text_addf(&text, "%s: %s", path,
	    errno == EWOULDBLOCK ? "another videur-watch works with it"
				 : strerror_r(errno, why, sizeof(why)));
	return false;
}

enum store_result
desk_open(
    struct desk *desk, const char *path, char error[static STORE_ERROR_SIZE])
{
	enum store_result result = store_open(
	    &desk->store, path, STORE_WRITE, PATIENCE, error);

	desk->lock = -1;
	(void)text_copy(desk->path, sizeof(desk->path), path);
	if (result == STORE_OK && !lock(desk, path, error)) {
		desk_close(desk);
		result = STORE_FAILED;
	}
	return result;
}

void
desk_close(struct desk *desk)
{
	store_close(desk->store);
	desk->store = NULL;
	if (desk->lock >= 0) {
		(void)close(desk->lock);
		desk->lock = -1;
	}
}
