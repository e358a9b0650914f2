#include "doctor/remedy.h"

#include "base/text.h"
#include "doctor/facts.h"
#include "engine/engine.h"

enum {
	/* An end that is so near to REMEDY_VISIT is good enough. */
	LATELY = 3600
};

static void
add(struct remedies *out, const char *check, const struct allow *allow)
{
	for (size_t i = 0; i < out->remedies; i++) {
		if (net_equal(&out->remedy[i].allow.net, &allow->net)) {
			return;
		}
	}
	if (out->remedies < REMEDIES_MAX) {
		out->remedy[out->remedies].check = check;
		out->remedy[out->remedies].allow = *allow;
		out->remedies++;
	}
}

/* For good, unless something else already does so. */
static void
add_own(const struct facts *facts, struct remedies *out, const char *check,
    const struct net *net, const char *note)
{
	struct allow allow = { .net = *net };
	int64_t until;
	enum cover cover = facts_cover(facts, net, &until);

	if (cover == COVER_WHILE || cover == COVER_NOTHING) {
		(void)text_copy(allow.note, sizeof(allow.note), note);
		add(out, check, &allow);
	}
}

static void
add_mail_hosts(const struct facts *facts, struct remedies *out,
    const struct mx_domain *domain)
{
	char note[BAN_NOTE_SIZE];
	struct text text;

	text_init(&text, note, sizeof(note));
	text_addf(&text, "doctor: mail host of %s", domain->name);
	for (size_t i = 0; i < domain->hosts; i++) {
		const struct mx_host *host = &domain->host[i];

		for (size_t j = 0; j < host->addresses; j++) {
			struct net net = net_cut(&host->address[j], ADDR_BITS);

			add_own(facts, out, "mx", &net, note);
		}
	}
}

static void
add_visitor(const struct facts *facts, struct remedies *out)
{
	struct allow allow = {
		.net = engine_client(facts->conf, &facts->ssh),
		.until = facts->now + REMEDY_VISIT,
		.note = "doctor: the administrator's SSH session",
	};
	struct net address = net_cut(&facts->ssh, ADDR_BITS);
	int64_t until;

	/* A /64 is wide only by an odd setting of client-ipv6. */
	if (net_is_wider(&allow.net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6)) {
		allow.net = address;
	}
	switch (facts_cover(facts, &address, &until)) {
	case COVER_WHILE:
		if (until > allow.until - LATELY) {
			return;
		}
		break;
	case COVER_NOTHING:
	case COVER_TOO_WIDE:
		break;
	case COVER_NEVER:
	case COVER_CONF:
	case COVER_GOOD:
		return;
	}
	add(out, "ssh", &allow);
}

void
remedies_find(const struct facts *facts, struct remedies *out)
{
	out->remedies = 0;
	for (size_t i = 0; i < facts->mta.trusted.nets; i++) {
		add_own(facts, out, "mynetworks", &facts->mta.trusted.net[i],
		    "doctor: mynetworks of Postfix");
	}
	for (size_t i = 0; i < facts->domains; i++) {
		add_mail_hosts(facts, out, &facts->mx[i]);
	}
	if (facts->has_ssh) {
		add_visitor(facts, out);
	}
}
