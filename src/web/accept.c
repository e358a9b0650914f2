#include "web/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "web/weight.h"

static const char json[] = "application/json";
static const char html[] = "text/html";

static const char blanks[] = " \t";

static bool
is(const char *at, size_t len, const char *type)
{
	return len == strlen(type) && strncasecmp(at, type, len) == 0;
}

bool
accept_json(const char *wish)
{
	int for_json = 0;
	int for_html = 0;

	while (wish != NULL && *wish != '\0') {
		const char *at = wish + strspn(wish, blanks);
		const char *end = at + strcspn(at, ",");
		size_t len = strcspn(at, " \t;,");
		const char *after = at + len;
		int weight = weight_read(after + strspn(after, blanks), end);

		if (is(at, len, json) && weight > for_json) {
			for_json = weight;
		} else if (is(at, len, html) && weight > for_html) {
			for_html = weight;
		}
		wish = end + (*end == ',');
	}
	return for_json > for_html;
}
