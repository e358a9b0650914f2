/*
 * Less than the user could do: what a service has no use for once it runs is
 * given up for good, by this process and those it starts, so that a fault in
 * it is nobody's tool.  What the kernel does not have is passed over, with a
 * line in the log.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * No rights are gained by a program (no_new_privs), and no program is started,
 * no process traced, no user changed, nothing mounted or loaded into the
 * kernel, no file emptied by its name, and no socket made but unix and netlink
 * ones; those that are there stay (seccomp).  One that `listens` still makes
 * sockets of the network.
 *
 * Such calls are answered with EPERM, and it is they that are listed and not
 * what is allowed: a library's next version may need a call that nobody thought
 * of, and mail must not stop for it.
 */
void sandbox_calls(bool listens);

enum sandbox_right {
	SANDBOX_REMOVE, /* files in the folder of this one */
	SANDBOX_WRITE,  /* make, change, rename and remove files in there */
	SANDBOX_CHANGE  /* this file alone, and no other in its place */
};

struct sandbox_place {
	const char *file; /* or empty.  One that is a link is followed, too */
	enum sandbox_right right;
};

/* Files are made, changed and removed in these places alone (Landlock, since
 * Linux 5.13).  Reading stays as it was: a reload may name other files.  After
 * sandbox_calls(). */
void sandbox_files(const struct sandbox_place *places, size_t count);

/* Whether this kernel has Landlock. */
bool sandbox_has_landlock(void);

#endif
