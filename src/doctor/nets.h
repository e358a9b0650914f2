/*
 * Networks: those Postfix trusts, as its settings write them, and what may be
 * said of one.  Pure.
 */
#ifndef DOCTOR_NETS_H
#define DOCTOR_NETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum {
	NETS_MAX = 256,
	NETS_TABLES_MAX = 16,
	NETS_TABLE_SIZE = 512
};

/* Starts all zero. */
struct nets {
	struct net net[NETS_MAX];
	size_t nets;
	/* What is written elsewhere: "TYPE:NAME", or a file's path. */
	char table[NETS_TABLES_MAX][NETS_TABLE_SIZE];
	size_t tables;
	bool cut; /* there were more, or some that cannot be read */
};

/* Add what a setting such as mynetworks lists; what it leaves out with '!'
 * is passed over. */
void nets_read(struct nets *nets, const char *setting);

/* Add one network, once. */
void nets_add(struct nets *nets, const struct net *net);

#endif
