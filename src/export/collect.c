#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "export/forms.h"
#include "store/store.h"

enum {
	OWN_MAX = 256, /* addresses of this host */
	KEY_SIZE = sizeof(struct net) + 1
};

/* Whether a prefix length is in use, as a bit of `lengths`. */
static bool
has_length(const struct export_list *list, unsigned bits)
{
	return (list->lengths[bits / 32] & UINT32_C(1) << bits % 32) != 0;
}

const struct export_net *
export_around(
    const struct export_list *list, const struct net *net, unsigned *bits)
{
	const struct export_net *found = NULL;

	while (found == NULL && *bits > 0) {
		--*bits;
		if (has_length(list, *bits)) {
			const struct net wider = net_cut(&net->addr, *bits);

			found = table_find(&list->nets, &wider);
		}
	}
	return found;
}

struct ban_key {
	unsigned char byte[KEY_SIZE];
};

static struct ban_key
ban_key(const struct net *net, enum reason reason)
{
	struct ban_key key;

	memcpy(key.byte, net, sizeof(*net));
	key.byte[KEY_SIZE - 1] = (unsigned char)reason;
	return key;
}

const struct export_ban *
export_ban(
    const struct export_list *list, const struct net *net, enum reason reason)
{
	const struct ban_key key = ban_key(net, reason);

	return table_find(&list->bans, &key);
}

/* Put what is allowed into the table, which so far holds all of it. */
static void
add_allowed(struct export_list *list, const struct net *net)
{
	list->full |= table_add(&list->allows, net, NULL) == NULL;
}

static void
put_allow(void *to, const struct allow *allow)
{
	struct export_list *list = to;

	add_allowed(list, &allow->net);
	if (allow->until != 0 && allow->until < list->until) {
		list->until = allow->until;
	}
}

static void
collect_allowed(struct store *store, struct export_list *list)
{
	struct net own[OWN_MAX];
	const size_t count = proc_own_addresses(own, OWN_MAX);

	for (size_t i = 0; i < count; i++) {
		add_allowed(list, &own[i]);
	}
	for (size_t i = 0; i < list->conf->allows; i++) {
		add_allowed(list, &list->conf->allow[i]);
	}
	store_allow_each(store, list->now, put_allow, list);
}

/* Whether all of it is allowed. */
static bool
is_allowed(const struct export_list *list, const struct net *net)
{
	for (size_t i = 0; i < list->allows.rows; i++) {
		if (net_contains(table_row(&list->allows, i), net)) {
			return true;
		}
	}
	return standing_never_banned_net(net);
}

/* The row of a ban's reply, added where there is none. */
static uint32_t
reply_row(struct export_list *list, const struct reply *reply)
{
	struct reply key;
	const void *row;

	memset(&key, 0, sizeof(key)); /* keys are compared by their bytes */
	(void)text_copy(key.code, sizeof(key.code), reply->code);
	(void)text_copy(key.enhanced, sizeof(key.enhanced), reply->enhanced);
	(void)text_copy(key.phrase, sizeof(key.phrase), reply->phrase);
	(void)text_copy(key.own, sizeof(key.own), reply->own);
	row = table_add(&list->replies, &key, NULL);
	list->full |= row == NULL;
	return row == NULL ? 0 : (uint32_t)table_number(&list->replies, row);
}

static void
add_net(struct export_list *list, const struct export_ban *ban)
{
	struct export_net *net;
	bool added = false;

	net = table_add(&list->nets, &ban->who, &added);
	if (net == NULL) {
		list->full = true;
		return;
	}
	if (added) {
		net->first = (uint32_t)table_number(&list->bans, ban);
		list->lengths[ban->who.bits / 32] |= UINT32_C(1)
						     << ban->who.bits % 32;
	}
	net->reasons |= (uint8_t)(1U << ban->reason);
}

static bool
put_ban(void *to, const struct ban *ban)
{
	struct export_list *list = to;
	const struct ban_key key = ban_key(&ban->who, ban->reason);
	struct export_ban *row;
	bool added = false;

	if (!ban_fits(ban, list->service) || is_allowed(list, &ban->who)) {
		return true;
	}
	row = table_add(&list->bans, &key, &added);
	if (row == NULL) {
		list->full = true;
		return false;
	}
	if (added) {
		row->ends = ban->ends;
		row->reply = reply_row(list, ban_reply(ban));
		memcpy(row->ref, ban->ref, sizeof(row->ref));
		add_net(list, row);
	}
	if (ban->ends < list->until) {
		list->until = ban->ends;
	}
	return !list->full;
}

/* Of what is allowed only what a form must take out of a ban is left: the rest
 * is nobody's business. */
static void
forget_allowed(struct export_list *list)
{
	for (size_t i = list->allows.rows; i-- > 0;) {
		struct net *net = table_row(&list->allows, i);
		unsigned bits = net->bits;

		if (export_around(list, net, &bits) == NULL) {
			table_remove(&list->allows, net);
		}
	}
}

/* What the rows of a table come to. */
static uint64_t
digest(const struct table *table)
{
	static const unsigned char key[HASH_KEY_SIZE]; /* of no secret */

	return hash_bytes(key, table->row, table->rows * table->row_size);
}

void
export_collect(struct store *store, struct export_list *list)
{
	const struct ban_query query = {
		.scope = BAN_ANYBODY,
		.active_at = list->now,
		.reason = list->reason,
	};

	list->until = INT64_MAX;
	table_init(&list->bans, KEY_SIZE, sizeof(struct export_ban), 0);
	table_init(
	    &list->nets, sizeof(struct net), sizeof(struct export_net), 0);
	table_init(&list->allows, sizeof(struct net), sizeof(struct net), 0);
	table_init(
	    &list->replies, sizeof(struct reply), sizeof(struct reply), 0);
	collect_allowed(store, list);
	store_ban_each(store, &query, put_ban, list);
	forget_allowed(list);
	list->digest = digest(&list->bans) ^ digest(&list->allows) << 1;
}

void
export_clear(struct export_list *list)
{
	table_clear(&list->bans);
	table_clear(&list->nets);
	table_clear(&list->allows);
	table_clear(&list->replies);
}
