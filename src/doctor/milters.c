#include "doctor/mta.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/endpoint.h"
#include "base/text.h"

enum {
	PATH_SIZE = 1024
};

/* ---- reading ---- */

/* "{ unix:PATH, default_action=accept, ... }" */
static bool
read_braces(struct milter *milter)
{
	char inner[MILTER_TEXT_SIZE];
	char item[MILTER_TEXT_SIZE];
	const char *at = inner;
	size_t len = strlen(milter->written);

	(void)text_copy(inner, sizeof(inner), milter->written + 1);
	if (len > 1 && milter->written[len - 1] == '}') {
		inner[len - 2] = '\0';
	}
	if (!postconf_item(&at, milter->address, sizeof(milter->address))) {
		return false;
	}
	while (postconf_item(&at, item, sizeof(item))) {
		char packed[MILTER_TEXT_SIZE];
		const char *action;
		struct text text;

		/* "{ default_action = accept }" is another way to write it. */
		text_init(&text, packed, sizeof(packed));
		for (const char *c = item; *c != '\0'; c++) {
			if (strchr("{} \t", *c) == NULL) {
				text_add_char(&text, *c);
			}
		}
		action = text_after(packed, "default_action=");
		if (action != NULL) {
			(void)text_copy(
			    milter->action, sizeof(milter->action), action);
		}
	}
	return true;
}

void
milters_read(const char *setting, struct milters *out)
{
	char item[MILTER_TEXT_SIZE];

	out->milters = 0;
	out->cut = false;
	while (postconf_item(&setting, item, sizeof(item))) {
		struct milter *milter = &out->milter[out->milters];

		if (out->milters == MILTERS_MAX ||
		    strlen(item) + 1 == sizeof(item)) {
			out->cut = true;
			return;
		}
		*milter = (struct milter){ .action = "" };
		(void)text_copy(milter->written, sizeof(milter->written), item);
		(void)text_copy(milter->address, sizeof(milter->address), item);
		out->milters += item[0] != '{' || read_braces(milter);
	}
}

/* ---- which is which ---- */

const struct known_filter *
known_filter_of(const char *address)
{
	static const struct known_filter filters[] = {
		{ "rspam", "rspamd" },
		{ ":11332", "rspamd" },
		{ "amavis", "amavis" },
		{ ":10024", "amavis" },
		{ "spamass", "spamassassin" },
		{ "spamd", "spamassassin" },
		{ "clam", "clamav" },
		{ "dkim", NULL },
		{ ":8891", NULL },  /* OpenDKIM, as its manual has it, */
		{ ":12301", NULL }, /* and most instructions */
		{ "dmarc", NULL },
		{ ":8893", NULL },
		{ "openarc", NULL },
		{ "spf", NULL },
		{ "srs", NULL },
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		if (strcasestr(address, filters[i].part) != NULL) {
			return &filters[i];
		}
	}
	return NULL;
}

/* What a path of Postfix's names, seen from outside of its chroot: relative
 * to the queue, and so is every path to a process in the chroot. */
static bool
leads_to(const char *path, const char *ours, const struct milter_view *view,
    bool chroot)
{
	char full[PATH_SIZE];

	(void)snprintf(full, sizeof(full), "%s%s%s",
	    path[0] != '/' || chroot ? view->queue : "",
	    path[0] != '/' ? "/" : "", path);
	return view->same(full, ours);
}

enum same_milter
milter_same(const char *address, const struct milter_view *view)
{
	struct endpoint ours = { .port = 0 };
	struct endpoint theirs = { .port = 0 };
	bool fine = endpoint_parse(view->listen, ENDPOINT_MILTER, &ours) ==
			NULL &&
		    endpoint_parse(address, ENDPOINT_POSTFIX, &theirs) ==
			NULL &&
		    ours.is_unix == theirs.is_unix;

	if (fine && !ours.is_unix && ours.port == theirs.port) {
		return SAME_MILTER;
	}
	for (int i = 0; fine && ours.is_unix && i < 2; i++) {
		if (leads_to(theirs.path, ours.path, view,
			view->chroot != (i == 1))) {
			return i == 0 ? SAME_MILTER : SAME_UNREACHED;
		}
	}
	return strcasestr(address, "videur") != NULL ? SAME_NAME : SAME_NOT;
}

size_t
milters_find(const struct milters *milters, const struct milter_view *view,
    enum same_milter *same)
{
	size_t best = milters->milters;

	*same = SAME_NOT;
	for (size_t i = 0; i < milters->milters; i++) {
		enum same_milter one = milter_same(
		    milters->milter[i].address, view);

		if (one > *same) {
			*same = one;
			best = i;
		}
	}
	return best;
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
milter_is_outside(const struct milter_view *view)
{
	struct endpoint ours = { .port = 0 };

	return endpoint_parse(view->listen, ENDPOINT_MILTER, &ours) == NULL &&
	       ours.is_unix && below(ours.path, view->queue) == NULL;
}

void
milters_write(const struct milters *milters, const struct milter_view *view,
    bool keep, struct text *to)
{
	struct endpoint listen = { .port = 0 };
	enum same_milter same;
	size_t ours = milters_find(milters, view, &same);
	const char *inner;

	for (size_t i = 0; i < milters->milters; i++) {
		/* One that only has our name goes, as ours does. */
		if (i != ours &&
		    milter_same(milters->milter[i].address, view) == SAME_NOT) {
			text_addf(to, "%s, ", milters->milter[i].written);
		}
	}
	if (keep && ours < milters->milters) {
		text_add(to, milters->milter[ours].written);
		return;
	}
	(void)endpoint_parse(view->listen, ENDPOINT_MILTER, &listen);
	inner = below(listen.path, view->queue);
	if (!listen.is_unix) {
		bool v6 = strchr(listen.host, ':') != NULL;

		text_addf(to, "{ inet:%s%s%s:%" PRIu16, v6 ? "[" : "",
		    listen.host[0] != '\0' ? listen.host : "127.0.0.1",
		    v6 ? "]" : "", listen.port);
	} else {
		/* From a chroot it cannot be reached: it has to move first. */
		text_addf(to, "{ unix:%s",
		    inner != NULL  ? inner
		    : view->chroot ? "videur/milter.sock"
				   : listen.path);
	}
	text_add(to, ", default_action=accept, connect_timeout=2s, "
		     "command_timeout=5s, content_timeout=10s }");
}
