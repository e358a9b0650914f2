/*
 * The compiled set of rules, as loading and matching share it.
 */
#ifndef RULES_SET_H
#define RULES_SET_H

#include "rules/book.h"
#include "rules/rules.h"

/* One pattern and the rule it stands in; in the order they are tried. */
struct probe {
	const struct pattern *pattern;
	const struct book_rule *rule;
};

struct rules {
	struct book book;
	struct probe *probe;
	size_t probes;
};

#endif
