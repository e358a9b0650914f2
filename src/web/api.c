#include "web/api.h"

#include <stddef.h>

#include "base/addr.h"
#include "base/json.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/lookup.h"
#include "web/reader.h"

void
api_error(const char *why, struct text *out)
{
	struct json json;

	json_init(&json, json_to_text, out);
	json_object(&json, NULL);
	json_string(&json, "error", why);
	json_object_end(&json);
	text_add_char(out, '\n');
}

unsigned
api_address(struct reader *reader, const struct conf *conf, const char *address,
    int64_t now, struct text *out)
{
	static const char *const refusal[] = {
		[LOOKUP_NO_ADDRESS] = "not an IPv4 or IPv6 address",
		[LOOKUP_NETWORK] = "a network; ask for a single address",
		[LOOKUP_NEVER] = "in a private or reserved range, which is "
				 "never blocked",
	};
	struct addr addr;
	struct standing standing;
	struct json json;
	enum lookup lookup = lookup_parse(address, &addr);

	if (lookup != LOOKUP_FINE) {
		api_error(refusal[lookup], out);
		return 400;
	}
	if (!reader_standing(reader, conf, &addr, now, &standing)) {
		api_error("the database cannot be read now", out);
		return 503;
	}
	json_init(&json, json_to_text, out);
	standing_json(&standing, conf->lookup_url, &json);
	text_add_char(out, '\n');
	return 200;
}
