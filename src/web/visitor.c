#include "web/visitor.h"

#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf/conf.h"

enum {
	ITEM_SIZE = 64 /* "[v6]:port" and blanks */
};

bool
visitor_is_proxy(const struct conf *conf, const struct addr *address)
{
	for (size_t i = 0; i < conf->web.trusted_proxies; i++) {
		if (net_contains_addr(&conf->web.trusted_proxy[i], address)) {
			return true;
		}
	}
	return false;
}

/* Read "192.0.2.7", "192.0.2.7:4711", "2001:db8::7" or "[2001:db8::7]:4711",
 * blanks around it allowed. */
static bool
read_item(const char *at, size_t len, struct addr *out)
{
	char buf[ITEM_SIZE];
	struct text text;
	char *item = buf;
	char *colon;

	text_init(&text, buf, sizeof(buf));
	text_add_bytes(&text, at, len);
	if (text.cut) {
		return false;
	}
	item += strspn(item, " \t");
	item[strcspn(item, " \t")] = '\0';
	if (item[0] == '[') {
		item++;
		item[strcspn(item, "]")] = '\0';
		return addr_parse(item, out);
	}
	colon = strchr(item, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*colon = '\0';
	}
	return addr_parse(item, out);
}

/* The rightmost address that is not a trusted proxy's, or the leftmost. */
static bool
read_forwarded(const struct conf *conf, const char *forwarded, struct addr *out)
{
	const char *end = forwarded + strlen(forwarded);

	for (;;) {
		const char *comma = memrchr(
		    forwarded, ',', (size_t)(end - forwarded));
		const char *item = comma != NULL ? comma + 1 : forwarded;

		if (!read_item(item, (size_t)(end - item), out)) {
			return false;
		}
		if (comma == NULL || !visitor_is_proxy(conf, out)) {
			return true;
		}
		end = comma;
	}
}

bool
visitor_address(const struct conf *conf, const struct sockaddr *peer,
    const char *forwarded, struct addr *out)
{
	const bool inside = peer != NULL && peer->sa_family == AF_UNIX;
	struct addr address;

	if (!inside && !addr_from_sockaddr(peer, &address)) {
		return false;
	}
	if (inside || visitor_is_proxy(conf, &address)) {
		if (forwarded[0] != '\0') {
			return read_forwarded(conf, forwarded, out);
		}
		if (inside) {
			return false;
		}
	}
	*out = address;
	return true;
}
