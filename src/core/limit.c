#include "core/limit.h"

#include "base/text.h"

enum {
	HOUR = 3600
};

static const char *const names[LIMIT_KINDS] = {
	[LIMIT_CONNECTIONS] = "connections",
	[LIMIT_MESSAGES] = "messages",
	[LIMIT_HOURLY] = "hourly",
};

const struct words limit_words = WORDS_OF(names);

const char *
limit_name(enum limit_kind kind)
{
	return names[kind];
}

int64_t
limit_hourly(int64_t before, int64_t current, int64_t now)
{
	int64_t left = HOUR - (now - tally_hour(now));

	/* In two parts, so that the product is not too large. */
	return current + before / HOUR * left + before % HOUR * left / HOUR;
}

char *
limit_phrase(const struct limit *limit, const char *who, const char *lookup_url,
    char text[static REPLY_TEXT_SIZE])
{
	struct text out;

	text_init(&out, text, REPLY_TEXT_SIZE);
	text_addf(&out, "%s [%s]", limit->reply.phrase, who);
	if (lookup_url != NULL && lookup_url[0] != '\0') {
		text_addf(&out, ". See %s?ip=%s", lookup_url, who);
	}
	if (limit->reply.own[0] != '\0') {
		text_addf(&out, " %s", limit->reply.own);
	}
	return text;
}
