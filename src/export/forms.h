/*
 * The bans that hold, as other programs read them: DNS lists, firewalls' sets,
 * tables of mail servers.
 *
 * Every form is written from one list, so that none of them can say another
 * thing.  What is allowed is left out: a ban that lies in it wholly, and what
 * it holds of a wider ban by the form's own way to say so.  Nothing here reads
 * a clock.
 */
#ifndef EXPORT_FORMS_H
#define EXPORT_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/table.h"
#include "conf/conf.h"
#include "core/standing.h"

struct store;

enum export_form {
	EXPORT_RBLDNSD,  /* a "combined" dataset (rbldnsd 8) */
	EXPORT_BIND,     /* a zone file (RFC 1035), a DNS list by RFC 5782 */
	EXPORT_NFTABLES, /* for nft -f: a table of its own, sets by reason */
	EXPORT_IPSET,    /* for ipset restore: two sets, swapped in */
	EXPORT_POSTFIX,  /* cidr_table 5 */
	EXPORT_EXIM,     /* iplsearch */
	EXPORT_CSV,      /* rows as `videur list` has them, which writes them */
	EXPORT_JSON,     /* likewise */
	EXPORT_FORMS
};
extern const struct words export_words;

/* Whose refusals a form does on its own: of an MTA's table port 25's, of a
 * firewall what no MTA's filter can, of a list of addresses all. */
enum service export_service(enum export_form form);

/* The addresses of a DNS list are 127.0.0.EXPORT_CODE + the reason's place;
 * 127.0.0.2 stands for the entry that tests it. */
enum {
	EXPORT_TEST = 2,
	EXPORT_CODE = 3
};

/* One ban; the first two members are its key. */
struct export_ban {
	struct net who;
	uint8_t reason; /* an enum reason */
	char ref[BAN_REF_SIZE];
	uint32_t reply; /* its row in `replies` */
	int64_t ends;
};

/* A network that bans cover. */
struct export_net {
	struct net net;
	uint8_t reasons; /* a bit each */
	uint32_t first;  /* row of the ban that ends last */
};

/* All of one moment.  Bans stand as in `videur list`, the last-ending first;
 * of several for one network and reason there is the first alone. */
struct export_list {
	const struct conf *conf; /* borrowed */
	enum export_form form;
	enum service service;      /* SERVICE_ANY: all */
	const enum reason *reason; /* borrowed; NULL: all */
	int64_t now;

	int64_t until;        /* then it says another thing by itself */
	uint64_t digest;      /* differs where bans or what is allowed do */
	struct table bans;    /* of struct export_ban */
	struct table nets;    /* of struct export_net */
	struct table allows;  /* of struct net: what lies in one of the nets */
	struct table replies; /* of struct reply: what MTAs' tables say */
	uint32_t lengths[5];  /* prefix lengths of the nets, a bit each */
	bool full;            /* there was no memory for all */
};

/* Fill a list whose first five members are set and whose others are 0; in the
 * caller's bracket.  Where that fails it is empty. */
void export_collect(struct store *store, struct export_list *list);
void export_clear(struct export_list *list);

/* The narrowest of the nets that is wider than `*bits` and holds `net`, with
 * its length in `*bits`; NULL for none.  Begin with the net's own length. */
const struct export_net *export_around(
    const struct export_list *list, const struct net *net, unsigned *bits);

/* The ban of one of the nets for one of its reasons. */
const struct export_ban *export_ban(
    const struct export_list *list, const struct net *net, enum reason reason);

/* Any form but the last two. */
void export_write(FILE *to, const struct export_list *list);

#endif
