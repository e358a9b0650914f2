#include "core/kind.h"

#include <stddef.h>
#include <string.h>

static const char *const kinds[KIND_COUNT] = {
	[KIND_SPAM] = "spam",
	[KIND_VIRUS] = "virus",
	[KIND_COMPLAINT] = "complaint",
	[KIND_AUTH] = "auth",
	[KIND_RECIPIENT] = "recipient",
	[KIND_SENDER] = "sender",
	[KIND_HELO] = "helo",
	[KIND_COMMAND] = "command",
	[KIND_DISCONNECT] = "disconnect",
	[KIND_PROBE] = "probe",
	[KIND_GREYLIST] = "greylist",
	[KIND_RELAY] = "relay",
	[KIND_VOLUME] = "volume",
};

static const char *const reasons[REASON_COUNT] = {
	[REASON_SPAM] = "spam",
	[REASON_VIRUS] = "virus",
	[REASON_AUTH] = "auth",
	[REASON_ERROR] = "error",
	[REASON_RECIPIENT] = "recipient",
	[REASON_VOLUME] = "volume",
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

/* The place of `word` in a table, or `count`. */
static size_t
find(const char *const *words, size_t count, const char *word)
{
	size_t i = 0;

	while (i < count && strcmp(words[i], word) != 0) {
		i++;
	}
	return i;
}

const char *
kind_name(enum kind kind)
{
	return kinds[kind];
}

bool
kind_parse(const char *word, enum kind *out)
{
	size_t i = find(kinds, KIND_COUNT, word);

	if (i == KIND_COUNT) {
		return false;
	}
	*out = (enum kind)i;
	return true;
}

const char *
reason_name(enum reason reason)
{
	return reasons[reason];
}

bool
reason_parse(const char *word, enum reason *out)
{
	size_t i = find(reasons, REASON_COUNT, word);

	if (i == REASON_COUNT) {
		return false;
	}
	*out = (enum reason)i;
	return true;
}

const char *
stage_name(enum stage stage)
{
	return stages[stage];
}

bool
stage_parse(const char *word, enum stage *out)
{
	size_t i = find(stages, STAGE_COUNT, word);

	if (i == STAGE_COUNT) {
		return false;
	}
	*out = (enum stage)i;
	return true;
}

const char *
service_name(enum service service)
{
	return services[service];
}

bool
service_parse(const char *word, enum service *out)
{
	size_t i = find(services, SERVICE_COUNT, word);

	if (i == SERVICE_COUNT) {
		return false;
	}
	*out = (enum service)i;
	return true;
}
