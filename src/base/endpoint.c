#include "base/endpoint.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"

static const char *
read_path(const char *path, bool relative, struct endpoint *out)
{
	if (!text_is_plain(path) ||
	    (relative ? path[0] == '\0' : path[0] != '/')) {
		return "a socket's path must begin with / and be plain";
	}
	if (!text_copy(out->path, sizeof(out->path), path)) {
		return "a socket's path must be shorter than 108 characters";
	}
	out->is_unix = true;
	return NULL;
}

/* The decimal number in the `len` bytes, at least `lowest`. */
static bool
read_port(const char *from, size_t len, int64_t lowest, struct endpoint *out)
{
	char digits[8];
	struct text text;
	int64_t port;

	text_init(&text, digits, sizeof(digits));
	text_add_bytes(&text, from, len);
	if (text.cut || !text_to_int(digits, lowest, UINT16_MAX, &port)) {
		return false;
	}
	out->port = (uint16_t)port;
	return true;
}

/* A name or an address of letters, digits and `more`, its brackets left
 * out. */
static bool
read_host(const char *from, size_t len, const char *more, struct endpoint *out)
{
	struct text text;

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)from[i]) &&
		    strchr(more, from[i]) == NULL) {
			return false;
		}
	}
	if (len > 2 && from[0] == '[' && from[len - 1] == ']') {
		from++;
		len -= 2;
	}
	text_init(&text, out->host, sizeof(out->host));
	text_add_bytes(&text, from, len);
	return len > 0 && !text.cut;
}

/* PORT or PORT@HOST. */
static const char *
read_port_at_host(const char *rest, const char *more, struct endpoint *out)
{
	size_t len = strcspn(rest, "@");

	if (!read_port(rest, len, 1, out)) {
		return "needs a port from 1 to 65535";
	}
	if (rest[len] == '@' &&
	    !read_host(rest + len + 1, strlen(rest + len + 1), more, out)) {
		return "needs a host or an address behind the @";
	}
	return NULL;
}

static const char *
read_milter(const char *text, bool postfix, struct endpoint *out)
{
	const char *rest;
	const char *colon;

	if ((rest = text_after(text, "unix:")) != NULL ||
	    (rest = text_after(text, "local:")) != NULL) {
		return read_path(rest, postfix, out);
	}
	if (text[0] == '/') {
		return read_path(text, false, out);
	}
	if ((rest = text_after(text, "inet6:")) != NULL) {
		return read_port_at_host(rest, ".-:[]", out);
	}
	if ((rest = text_after(text, "inet:")) == NULL) {
		return "must be unix:PATH, inet:PORT@HOST or inet6:PORT@HOST";
	}
	colon = strrchr(rest, ':');
	if (!postfix || colon == NULL) {
		return read_port_at_host(rest, ".-", out);
	}
	return read_host(rest, (size_t)(colon - rest), ".-_:[]", out) &&
		       read_port(colon + 1, strlen(colon + 1), 1, out)
		   ? NULL
		   : "must be inet:HOST:PORT";
}

static const char *
read_server(const char *text, struct endpoint *out)
{
	static const char wrong[] = "must be HOST:PORT, [IPV6]:PORT or "
				    "unix:PATH, HOST an address or localhost";
	const char *path = text_after(text, "unix:");
	const char *colon = strrchr(text, ':');
	struct addr addr;
	bool v6;

	if (path != NULL) {
		return read_path(path, false, out);
	}
	if (colon == NULL || !read_port(colon + 1, strlen(colon + 1), 0, out) ||
	    !read_host(text, (size_t)(colon - text), ".:[]", out)) {
		return wrong;
	}
	v6 = strchr(out->host, ':') != NULL;
	if (v6 != (text[0] == '[') ||
	    (!addr_parse(out->host, &addr) &&
		strcmp(out->host, "localhost") != 0)) {
		return wrong;
	}
	return NULL;
}

const char *
endpoint_parse(const char *text, enum endpoint_form form, struct endpoint *out)
{
	struct endpoint read = { .port = 0 };
	const char *wrong = form == ENDPOINT_SERVER
				? read_server(text, &read)
				: read_milter(
				      text, form == ENDPOINT_POSTFIX, &read);

	if (wrong == NULL) {
		*out = read;
	}
	return wrong;
}

/* The networks whose addresses it takes, at most two; gives back how many. */
static size_t
taken(const struct endpoint *endpoint, struct net out[static 2])
{
	static const char *const texts[][3] = {
		{ "0.0.0.0", "0.0.0.0/0", NULL },
		{ "::", "::/0", "0.0.0.0/0" },
		{ "localhost", "127.0.0.1", "::1" },
	};
	struct addr addr;
	size_t row = 0;

	/* Any way of writing the address. */
	while (row < 3 && (!addr_parse(texts[row][0], &addr)
				  ? strcmp(endpoint->host, texts[row][0]) != 0
				  : !addr_parse(endpoint->host, &out[0].addr) ||
					!addr_equal(&out[0].addr, &addr))) {
		row++;
	}
	if (row == 3) {
		return net_parse(endpoint->host, &out[0]) ? 1 : 0;
	}
	for (size_t i = 0; i < 2; i++) {
		if (texts[row][1 + i] == NULL ||
		    !net_parse(texts[row][1 + i], &out[i])) {
			return i;
		}
	}
	return 2;
}

bool
endpoint_overlaps(const struct endpoint *one, const struct endpoint *other)
{
	struct net a[2];
	struct net b[2];
	bool shared = false;

	if (one->is_unix || other->is_unix) {
		return strcmp(one->path, other->path) == 0;
	}
	for (size_t i = taken(one, a); i-- > 0;) {
		for (size_t j = taken(other, b); j-- > 0;) {
			shared |= net_contains(&a[i], &b[j]) ||
				  net_contains(&b[j], &a[i]);
		}
	}
	return shared && one->port == other->port && one->port != 0;
}

bool
endpoint_is_local(const struct endpoint *endpoint)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };
	struct addr addr;
	struct net net;

	if (endpoint->is_unix || strcmp(endpoint->host, "localhost") == 0) {
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		if (addr_parse(endpoint->host, &addr) &&
		    net_parse(loopback[i], &net) &&
		    net_contains_addr(&net, &addr)) {
			return true;
		}
	}
	return false;
}
