/*
 * The hosts that share what they learn, by their names.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "store/shared.h"

enum {
	NAMES_SIZE = 1024
};

/* This one is the first; empty where there is no other. */
static struct {
	struct host {
		int64_t id;
		char name[SHARE_NAME_SIZE];
	} * host;
	size_t count;
} hosts;

static void
add(int64_t id, const char *name)
{
	hosts.host = reallocarray(
	    hosts.host, hosts.count + 1, sizeof(*hosts.host));
	if (hosts.host == NULL) {
		log_panic("out of memory");
	}
	hosts.host[hosts.count].id = id;
	(void)text_copy(hosts.host[hosts.count++].name, SHARE_NAME_SIZE, name);
}

static void
take(void *to, const struct share_peer *peer)
{
	(void)to;
	add(peer->id, peer->name);
}

bool
hosts_read(struct ctl *ctl)
{
	hosts.count = 0;
	add(0, conf_shares(ctl->conf) ? ctl->conf->share_name : "this host");
	store_share_peer_each(ctl->store, take, NULL);
	if (hosts.count == 1) {
		hosts.count = 0;
	}
	return hosts.count > 0;
}

int64_t
hosts_find(const char *name)
{
	for (size_t i = 0; i < hosts.count; i++) {
		if (strcmp(hosts.host[i].name, name) == 0) {
			return hosts.host[i].id;
		}
	}
	return -1;
}

const char *
hosts_name(int64_t id)
{
	for (size_t i = 0; i < hosts.count; i++) {
		if (hosts.host[i].id == id) {
			return hosts.host[i].name;
		}
	}
	return "";
}

const char *
hosts_names(void)
{
	char names[NAMES_SIZE];
	struct text text;

	text_init(&text, names, sizeof(names));
	for (size_t i = 0; i < hosts.count; i++) {
		text_addf(&text, "%s%s", i > 0 ? ", " : "", hosts.host[i].name);
	}
	return piece("%s", names);
}

struct layout
hosts_layout(
    const struct layout *layout, const char *before, struct column column)
{
	struct layout with = *layout;
	size_t at = 0;

	if (hosts.count > 0) {
		while (strcmp(with.column[at].name, before) != 0) {
			at++;
		}
		memmove(&with.column[at + 1], &with.column[at],
		    (COLUMNS_MAX - at) * sizeof(column));
		with.column[at] = column;
	}
	return with;
}
