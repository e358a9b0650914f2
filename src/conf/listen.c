#include "conf/listen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include "base/addr.h"
#include "base/text.h"

static const char *
check_path(const char *path)
{
	if (path[0] != '/' || !text_is_plain(path)) {
		return "a socket's path must begin with / and be plain";
	}
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		return "a socket's path must be shorter than 108 characters";
	}
	return NULL;
}

/* A TCP port; `lowest` is 0 where the kernel may choose one, else 1. */
static bool
is_port(const char *text, int64_t lowest)
{
	int64_t port;

	return text_to_int(text, lowest, UINT16_MAX, &port);
}

/* Copy what stands before `end`; false where it does not fit. */
static bool
copy_until(char *to, size_t size, const char *from, const char *end)
{
	struct text text;

	text_init(&text, to, size);
	text_add_bytes(&text, from, (size_t)(end - from));
	return !text.cut;
}

static const char *
check_port_at_host(const char *text, const char *host_characters)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const char *at = strchr(text, '@');
	char port[8];

	if (!copy_until(port, sizeof(port), text,
		at == NULL ? text + strlen(text) : at) ||
	    !is_port(port, 1)) {
		return "needs a port from 1 to 65535";
	}
	if (at == NULL) {
		return NULL;
	}
	for (const char *c = at + 1; *c != '\0'; c++) {
		if (strchr(letters, *c) == NULL &&
		    strchr(host_characters, *c) == NULL) {
			return "needs a host or an address behind the @";
		}
	}
	return at[1] != '\0' ? NULL : "needs a host or an address behind the @";
}

const char *
listen_check_milter(const char *text)
{
	static const struct {
		const char *prefix;
		const char *host_characters; /* NULL: a path follows */
	} forms[] = {
		{ "unix:", NULL },
		{ "local:", NULL },
		{ "inet:", ".-" },
		{ "inet6:", ".-:[]" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = strlen(forms[i].prefix);
		if (strncmp(text, forms[i].prefix, len) == 0) {
			return forms[i].host_characters == NULL
				   ? check_path(text + len)
				   : check_port_at_host(
					 text + len, forms[i].host_characters);
		}
	}
	if (text[0] == '/') {
		return check_path(text);
	}
	return "must be unix:PATH, inet:PORT@HOST or inet6:PORT@HOST";
}

/* Whether `host` may stand before a port: an IPv4 address or localhost, or
 * in brackets an IPv6 address. */
static bool
is_host(const char *host)
{
	struct addr addr;
	char inner[ADDR_TEXT_SIZE];
	size_t len = strlen(host);

	if (strcmp(host, "localhost") == 0) {
		return true;
	}
	if (host[0] != '[') {
		return strchr(host, ':') == NULL && addr_parse(host, &addr);
	}
	return len > 2 && host[len - 1] == ']' &&
	       copy_until(inner, sizeof(inner), host + 1, host + len - 1) &&
	       strchr(inner, ':') != NULL && addr_parse(inner, &addr);
}

const char *
listen_check_web(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[ADDR_TEXT_SIZE + 2];

	if (strncmp(text, "unix:", 5) == 0) {
		return check_path(text + 5);
	}
	if (colon == NULL || !is_port(colon + 1, 0) ||
	    !copy_until(host, sizeof(host), text, colon) || !is_host(host)) {
		return "must be HOST:PORT, [IPV6]:PORT or unix:PATH, HOST an "
		       "address or localhost";
	}
	return NULL;
}
