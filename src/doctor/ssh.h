/*
 * From where the administrator is connected, by SSH.
 *
 * sshd leaves it in the environment and sudo takes it out; that of a parent
 * process still has it.
 */
#ifndef DOCTOR_SSH_H
#define DOCTOR_SSH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

/* Find SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22 or SSH_CLIENT in an
 * environment as /proc gives it, NUL behind each variable. */
bool ssh_read_environment(const char *block, size_t len, struct addr *out);

/* The parent in the text of /proc/PID/stat; 0 for none. */
long ssh_read_parent(const char *stat);

/* The address of this session; false where there is none, or it cannot be
 * seen. */
bool ssh_find(struct addr *out);

#endif
