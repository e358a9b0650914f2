/*
 * Policy files: rules as text, from a file or compiled in.
 */
#ifndef CONF_POLICY_FILE_H
#define CONF_POLICY_FILE_H

#include <stdbool.h>

#include "conf/conf.h"

enum policy_file {
	POLICY_FILE_FINE,
	POLICY_FILE_NONE, /* no file and none compiled in */
	POLICY_FILE_WRONG
};

/* Whether it can name a policy: a-z, 0-9 and '-', at most 32 of them. */
bool policy_file_name(const char *name);

/* As conf_policy(), but telling a missing one apart, whose `error` names no
 * line. */
enum policy_file policy_file_load(const char *name, const char *conf_path,
    struct policy *policy, char error[static CONF_ERROR_SIZE]);

#endif
