#include "doctor/chain.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "doctor/list.h"

enum {
	PATH_SIZE = 1024
};

/* ---- reading ---- */

/* "{ unix:PATH, default_action=accept, ... }" */
static bool
read_braces(struct chain_milter *milter)
{
	char inner[CHAIN_ITEM_SIZE];
	char item[CHAIN_ITEM_SIZE];
	const char *at = inner;
	static const char action[] = "default_action=";
	size_t len;

	(void)text_copy(inner, sizeof(inner), milter->written + 1);
	len = strlen(inner);
	if (len > 0 && inner[len - 1] == '}') {
		inner[len - 1] = '\0';
	}
	if (!list_next(&at, milter->address, sizeof(milter->address))) {
		return false;
	}
	while (list_next(&at, item, sizeof(item))) {
		char packed[CHAIN_ITEM_SIZE];
		struct text text;

		/* "{ default_action = accept }" is another way to write it. */
		text_init(&text, packed, sizeof(packed));
		for (const char *c = item; *c != '\0'; c++) {
			if (strchr("{} \t", *c) == NULL) {
				text_add_char(&text, *c);
			}
		}
		if (strncmp(packed, action, sizeof(action) - 1) == 0) {
			(void)text_copy(milter->action, sizeof(milter->action),
			    packed + sizeof(action) - 1);
		}
	}
	return true;
}

void
chain_read(const char *setting, struct chain *out)
{
	char item[CHAIN_ITEM_SIZE];

	out->milters = 0;
	out->cut = false;
	while (list_next(&setting, item, sizeof(item))) {
		struct chain_milter *milter = &out->milter[out->milters];

		if (out->milters == CHAIN_MAX ||
		    strlen(item) + 1 == sizeof(item)) {
			out->cut = true;
			return;
		}
		*milter = (struct chain_milter){ .action = "" };
		(void)text_copy(milter->written, sizeof(milter->written), item);
		(void)text_copy(milter->address, sizeof(milter->address), item);
		out->milters += item[0] != '{' || read_braces(milter);
	}
}

/* ---- kinship ---- */

/* The path of "unix:PATH", "local:PATH" or "/PATH", or NULL. */
static const char *
unix_path(const char *address)
{
	static const char *const prefixes[] = { "unix:", "local:" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(address, prefixes[i], len) == 0) {
			return address + len;
		}
	}
	return address[0] == '/' ? address : NULL;
}

/* The port of Postfix's "inet:HOST:PORT", or of "inet:PORT@HOST". */
static bool
inet_port(const char *address, char *port, size_t size)
{
	const char *from = strchr(address, ':');
	const char *at;
	const char *last;
	struct text text;

	if (strncmp(address, "inet", 4) != 0 || from == NULL) {
		return false;
	}
	from++;
	at = strchr(from, '@');
	last = strrchr(from, ':');
	text_init(&text, port, size);
	if (at == NULL && last != NULL) {
		text_add(&text, last + 1);
	} else {
		text_add_bytes(&text, from, strcspn(from, "@"));
	}
	return text.len > 0 && !text.cut;
}

/* Where a path of Postfix's leads, seen from outside of its chroot. */
static void
lead(const char *path, const struct chain_view *view, bool chroot,
    char out[static PATH_SIZE])
{
	struct text text;

	text_init(&text, out, PATH_SIZE);
	if (path[0] != '/' || chroot) {
		text_add(&text, view->queue);
	}
	if (path[0] != '/') {
		text_add_char(&text, '/');
	}
	text_add(&text, path);
}

static enum chain_kin
kin_by_path(const char *ours, const char *path, const struct chain_view *view)
{
	char as_is[PATH_SIZE];
	char inside[PATH_SIZE];
	bool plainly;
	bool reached;

	lead(path, view, false, as_is);
	lead(path, view, true, inside);
	plainly = view->same(as_is, ours);
	reached = view->same(inside, ours);
	if (view->chroot ? reached : plainly) {
		return KIN_OURS;
	}
	return plainly || reached ? KIN_UNREACHED : KIN_OTHER;
}

enum chain_kin
chain_kin(const char *address, const struct chain_view *view)
{
	const char *ours = unix_path(view->listen);
	const char *path = unix_path(address);
	char our_port[64];
	char port[64];
	enum chain_kin kin = KIN_OTHER;

	if (ours != NULL && path != NULL) {
		kin = kin_by_path(ours, path, view);
	} else if (inet_port(view->listen, our_port, sizeof(our_port)) &&
		   inet_port(address, port, sizeof(port)) &&
		   strcmp(port, our_port) == 0) {
		kin = KIN_OURS;
	}
	if (kin == KIN_OTHER && strcasestr(address, "videur") != NULL) {
		kin = KIN_MEANT;
	}
	return kin;
}

size_t
chain_find(const struct chain *chain, const struct chain_view *view,
    enum chain_kin *kin)
{
	static const enum chain_kin order[] = { KIN_OURS, KIN_UNREACHED,
		KIN_MEANT };

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < chain->milters; i++) {
			*kin = chain_kin(chain->milter[i].address, view);
			if (*kin == order[k]) {
				return i;
			}
		}
	}
	*kin = KIN_OTHER;
	return chain->milters;
}

/* ---- as it should be ---- */

/* What is left of a path behind a folder, or NULL where it is elsewhere. */
static const char *
below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	while (len > 0 && folder[len - 1] == '/') {
		len--;
	}
	if (strncmp(path, folder, len) != 0 || path[len] != '/') {
		return NULL;
	}
	return path + len + strspn(path + len, "/");
}

bool
chain_outside(const struct chain_view *view)
{
	const char *ours = unix_path(view->listen);

	return ours != NULL && below(ours, view->queue) == NULL;
}

void
chain_address(const struct chain_view *view, struct text *to)
{
	const char *ours = unix_path(view->listen);
	const char *inner = ours != NULL ? below(ours, view->queue) : NULL;
	char port[64] = "";
	const char *host = strchr(view->listen, '@');

	if (ours != NULL && view->chroot && inner == NULL) {
		/* It has to move first. */
		text_add(to, "unix:videur/milter.sock");
	} else if (ours != NULL) {
		text_addf(to, "unix:%s", inner != NULL ? inner : ours);
	} else {
		(void)inet_port(view->listen, port, sizeof(port));
		text_addf(to, "inet:%s:%s",
		    host != NULL ? host + 1 : "127.0.0.1", port);
	}
}

void
chain_mended(const struct chain *chain, const struct chain_view *view,
    bool keep, struct text *to)
{
	enum chain_kin kin;
	size_t ours = chain_find(chain, view, &kin);

	for (size_t i = 0; i < chain->milters; i++) {
		/* One that is only meant goes, as ours does. */
		if (i != ours &&
		    chain_kin(chain->milter[i].address, view) == KIN_OTHER) {
			text_addf(to, "%s, ", chain->milter[i].written);
		}
	}
	if (keep && ours < chain->milters) {
		text_add(to, chain->milter[ours].written);
		return;
	}
	text_add(to, "{ ");
	chain_address(view, to);
	text_add(to, ", default_action=accept }");
}
