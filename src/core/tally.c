#include "core/tally.h"

#include <stddef.h>

enum {
	HOUR = 3600
};

void
tally_add(struct tally *sum, const struct tally *more)
{
	sum->sessions += more->sessions;
	sum->messages += more->messages;
	sum->recipients += more->recipients;
	sum->accepted += more->accepted;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		sum->kind[i] += more->kind[i];
	}
}

bool
tally_empty(const struct tally *tally)
{
	int64_t any = tally->sessions | tally->messages | tally->recipients |
		      tally->accepted;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		any |= tally->kind[i];
	}
	return any == 0;
}

int64_t
tally_hour(int64_t at)
{
	return at - at % HOUR;
}
