#include "core/kind.h"

#include <stddef.h>

/* What is known of each kind; see kind.h for the columns. */
static const struct {
	const char *word;
	const char *source;
	enum reason reason;
	bool of_message;
	bool bad;
} kinds[KIND_COUNT] = {
	[KIND_SPAM] = { "spam", "milter", REASON_SPAM, true, true },
	[KIND_VIRUS] = { "virus", "milter", REASON_VIRUS, true, true },
	[KIND_COMPLAINT] = { "complaint", "none", REASON_SPAM, true, true },
	[KIND_AUTH] = { "auth", "watch", REASON_AUTH, false, true },
	[KIND_RECIPIENT] = { "recipient", "milter", REASON_ERROR, false, true },
	[KIND_SENDER] = { "sender", "milter", REASON_ERROR, false, true },
	[KIND_HELO] = { "helo", "milter", REASON_ERROR, false, true },
	[KIND_COMMAND] = { "command", "milter", REASON_ERROR, false, true },
	[KIND_DISCONNECT] = { "disconnect", "watch", REASON_ERROR, false,
	    true },
	[KIND_PROBE] = { "probe", "milter", REASON_ERROR, false, true },
	[KIND_GREYLIST] = { "greylist", "milter", REASON_ERROR, false, false },
	[KIND_RELAY] = { "relay", "milter", REASON_ERROR, false, true },
	[KIND_VOLUME] = { "volume", "milter", REASON_VOLUME, false, false },
};

static const char *const causes[CAUSE_COUNT] = {
	[REASON_SPAM] = "spam",
	[REASON_VIRUS] = "virus",
	[REASON_AUTH] = "auth",
	[REASON_ERROR] = "error",
	[REASON_RECIPIENT] = "recipient",
	[REASON_VOLUME] = "volume",
	[CAUSE_MANUAL] = "manual",
};

static const char *const stages[STAGE_COUNT] = {
	[STAGE_HELO] = "helo",
	[STAGE_MAIL] = "mail",
	[STAGE_RCPT] = "rcpt",
};

static const char *const services[SERVICE_COUNT] = {
	[SERVICE_ANY] = "any",
	[SERVICE_MX] = "mx",
	[SERVICE_SUBMISSION] = "submission",
};

const struct words kind_words = WORDS_OF(kinds);
const struct words reason_words = { causes, sizeof(causes[0]), REASON_COUNT };
const struct words cause_words = WORDS_OF(causes);
const struct words stage_words = WORDS_OF(stages);
const struct words service_words = WORDS_OF(services);

const char *
kind_name(enum kind kind)
{
	return kinds[kind].word;
}

const char *
reason_name(enum reason reason)
{
	return causes[reason];
}

const char *
stage_name(enum stage stage)
{
	return stages[stage];
}

const char *
service_name(enum service service)
{
	return services[service];
}

const char *
kind_source(enum kind kind)
{
	return kinds[kind].source;
}

uint32_t
reason_kinds(enum reason reason)
{
	/* Some policies have a reason of its own for these. */
	uint32_t set = reason == REASON_RECIPIENT ? kind_bit(KIND_RECIPIENT)
						  : 0;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (kinds[kind].reason == reason) {
			set |= kind_bit((enum kind)kind);
		}
	}
	return set;
}

bool
kind_of_message(enum kind kind)
{
	return kinds[kind].of_message;
}

bool
kind_is_bad(enum kind kind)
{
	return kinds[kind].bad;
}

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
	sum->logins += more->logins;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		sum->kind[i] += more->kind[i];
	}
}

bool
tally_empty(const struct tally *tally)
{
	int64_t any = tally->sessions | tally->messages | tally->recipients |
		      tally->accepted | tally->logins;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		any |= tally->kind[i];
	}
	return any == 0;
}

int64_t
tally_of(const struct tally *tally, uint32_t which)
{
	int64_t sum = 0;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		sum += (which & kind_bit(kind)) != 0 ? tally->kind[kind] : 0;
	}
	return sum;
}

int64_t
tally_hour(int64_t at)
{
	return at - at % HOUR;
}
