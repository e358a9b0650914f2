#include "web/lookup.h"

#include <stddef.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "core/standing.h"

static const char blanks[] = " \t\r\n";

/* Take the bare word out of the blanks and brackets around it. */
static bool
bare(const char *typed, char word[static NET_TEXT_SIZE])
{
	struct text out;
	size_t len;

	typed += strspn(typed, blanks);
	len = strlen(typed);
	while (len > 0 && strchr(blanks, typed[len - 1]) != NULL) {
		len--;
	}
	if (len > 1 && typed[0] == '[' && typed[len - 1] == ']') {
		typed++;
		len -= 2;
	}
	text_init(&out, word, NET_TEXT_SIZE);
	text_add_bytes(&out, typed, len);
	return !out.cut;
}

enum lookup
lookup_parse(const char *text, struct addr *out)
{
	char word[NET_TEXT_SIZE];
	struct net net;

	if (!bare(text, word)) {
		return LOOKUP_NO_ADDRESS;
	}
	if (!addr_parse(word, out)) {
		return net_parse(word, &net) ? LOOKUP_NETWORK
					     : LOOKUP_NO_ADDRESS;
	}
	return standing_never_banned(out) ? LOOKUP_NEVER : LOOKUP_FINE;
}
