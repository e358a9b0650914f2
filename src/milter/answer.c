#include "milter/answer.h"

#include "base/text.h"
#include "conf/conf.h"

static void
copy_codes(struct answer *answer, const struct reply *reply)
{
	(void)text_copy(answer->code, sizeof(answer->code), reply->code);
	(void)text_copy(
	    answer->enhanced, sizeof(answer->enhanced), reply->enhanced);
}

void
answer_ban(struct answer *answer, const struct reply *reply,
    const struct ban *ban, const struct visitor *visitor)
{
	char who[ADDR_TEXT_SIZE];

	copy_codes(answer, reply);
	(void)reply_phrase(reply, addr_format(&visitor->address, who),
	    ban->ends, visitor->conf->lookup_url, ban->ref, answer->text);
}

void
answer_limit(struct answer *answer, const struct limit *limit,
    const struct visitor *visitor)
{
	char who[ADDR_TEXT_SIZE];

	copy_codes(answer, &limit->reply);
	(void)limit_phrase(limit, addr_format(&visitor->address, who),
	    visitor->conf->lookup_url, answer->text);
}

void
answer_unavailable(struct answer *answer)
{
	static const struct reply later = { .code = "451",
		.enhanced = "4.7.1" };

	copy_codes(answer, &later);
	(void)text_copy(answer->text, sizeof(answer->text),
	    "Service unavailable - try again later");
}
