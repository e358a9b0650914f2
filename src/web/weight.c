#include "web/weight.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Read "0.8" or "1" as thousandths; -1 where it is neither. */
static int
read_weight(const char *at, size_t len)
{
	int weight = at[0] == '1' ? WEIGHT_ONE : 0;
	int unit = WEIGHT_ONE / 10;

	if (len == 0 || len > 5 || (at[0] != '0' && at[0] != '1') ||
	    (len > 1 && at[1] != '.')) {
		return -1;
	}
	for (size_t i = 2; i < len; i++, unit /= 10) {
		if (at[i] < '0' || at[i] > '9') {
			return -1;
		}
		weight += (at[i] - '0') * unit;
	}
	return weight <= WEIGHT_ONE ? weight : -1;
}

int
weight_read(const char *at, const char *end)
{
	while (at < end && *at == ';') {
		at = at + 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=", 2) == 0) {
			return read_weight(at + 2, strcspn(at + 2, " \t;,"));
		}
		at += strcspn(at, ";,");
	}
	return WEIGHT_ONE;
}
