#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/standing.h"
#include "doctor/checks.h"
#include "doctor/facts.h"
#include "engine/engine.h"

enum {
	/* Fewer sessions and offences than these show no pattern. */
	PROXY_LEAST = 5,
	/* An end that is so near to FIX_VISIT is good enough, in seconds. */
	VISIT_NEAR = 3600
};

/* What keeps a network from being banned. */
enum cover {
	COVER_GOOD,    /* it never is: its range, the configuration, this
			* host's own, or the allow list */
	COVER_WHILE,   /* the allow list, until *until */
	COVER_NOTHING, /* ... and it may be allowed */
	COVER_TOO_WIDE /* ... and it is too wide to be allowed */
};

static enum cover
cover_of(const struct facts *facts, const struct net *net, int64_t *until)
{
	*until = facts_allowed_until(facts, net);
	if (standing_never_banned_net(net) || *until == INT64_MAX) {
		return COVER_GOOD;
	}
	for (size_t i = 0; i < facts->conf->allows; i++) {
		if (net_contains(&facts->conf->allow[i], net)) {
			return COVER_GOOD;
		}
	}
	for (size_t i = 0; i < facts->owns; i++) {
		if (net_equal(&facts->own[i], net)) {
			return COVER_GOOD;
		}
	}
	if (net_is_wider(net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6)) {
		return COVER_TOO_WIDE;
	}
	return *until > 0 ? COVER_WHILE : COVER_NOTHING;
}

void
check_own_addresses(const struct facts *facts, struct diagnosis *out)
{
	char list[REMARK_TEXT_SIZE / 2];
	struct text text;

	text_init(&text, list, sizeof(list));
	for (size_t i = 0; i < facts->owns; i++) {
		char net[NET_TEXT_SIZE];

		text_addf(&text, "%s%s", i > 0 ? ", " : "",
		    net_format(&facts->own[i], net));
	}
	if (facts->owns > 0) {
		diagnosis_say(out, "own", list, text.cut ? " ..." : "");
	}
}

/* ---- the host's own networks ---- */

/* One that should never be banned. */
struct own_net {
	const char *check;
	struct net net;
	char why[REMARK_TEXT_SIZE - 128]; /* "NET may relay ..." */
	char note[BAN_NOTE_SIZE];         /* to allow it with */
};

/* Go through those: what Postfix trusts, and the mail hosts of its domains. */
static void
each_own(const struct facts *facts, void *to,
    void (*each)(
	void *to, const struct facts *facts, const struct own_net *own))
{
	struct own_net own;
	char net[NET_TEXT_SIZE];

	for (size_t i = 0; i <= facts->instances; i++) {
		const struct mta *mta = &facts->mta[i];

		for (size_t j = 0; j < mta->nets; j++) {
			own = (struct own_net){ .check = "mynetworks",
				.net = mta->net[j],
				.note = "doctor: mynetworks of Postfix" };
			(void)snprintf(own.why, sizeof(own.why),
			    "%s may relay through Postfix",
			    net_format(&own.net, net));
			each(to, facts, &own);
		}
	}
	for (size_t i = 0; i < facts->domains * MX_HOSTS_MAX; i++) {
		const struct mx_domain *domain = &facts->mx[i / MX_HOSTS_MAX];
		const struct mx_host *host = &domain->host[i % MX_HOSTS_MAX];
		bool there = i % MX_HOSTS_MAX < domain->hosts;

		for (size_t j = 0; there && j < host->addresses; j++) {
			own = (struct own_net){ .check = "mx",
				.net = net_cut(&host->address[j], ADDR_BITS) };
			(void)snprintf(own.why, sizeof(own.why),
			    "%s [%s] is a mail host of %s that hands us other "
			    "people's mail",
			    host->name, net_format(&own.net, net),
			    domain->name);
			(void)snprintf(own.note, sizeof(own.note),
			    "doctor: mail host of %s", domain->name);
			each(to, facts, &own);
		}
	}
}

static void
look_at_own(void *to, const struct facts *facts, const struct own_net *own)
{
	struct diagnosis *out = to;
	bool v4 = net_is_v4(&own->net);
	char number[NUMBER_SIZE];
	char name[NET_TEXT_SIZE];
	char end[TIME_TEXT_SIZE];
	int64_t until;

	if (strcmp(own->check, out->check) != 0) {
		return;
	}
	net_format(&own->net, name);
	switch (cover_of(facts, &own->net, &until)) {
	case COVER_GOOD:
		break;
	case COVER_TOO_WIDE:
		diagnosis_say(out, "own-too-wide", own->why,
		    diagnosis_number(
			v4 ? ALLOW_WIDEST_V4 : ALLOW_WIDEST_V6, number));
		break;
	case COVER_WHILE:
		diagnosis_say(out, "own-for-a-while", own->why,
		    text_from_time(until, end), name, out->check);
		break;
	case COVER_NOTHING:
		diagnosis_say(
		    out, "own-bannable", own->why, NULL, name, out->check);
		break;
	}
}

void
check_mynetworks(const struct facts *facts, struct diagnosis *out)
{
	each_own(facts, out, look_at_own);
	for (size_t i = 0; i <= facts->instances; i++) {
		const struct mta *mta = &facts->mta[i];

		if (mta->nets_cut) {
			diagnosis_say(out, "mynetworks-cut", NULL);
		}
		for (size_t j = 0; j < mta->unlisteds; j++) {
			diagnosis_say(out, "table-unlisted", mta->unlisted[j]);
		}
	}
}

void
check_mx(const struct facts *facts, struct diagnosis *out)
{
	each_own(facts, out, look_at_own);
	for (size_t i = 0; i < facts->domains; i++) {
		const struct mx_domain *domain = &facts->mx[i];

		if (domain->answer == DNS_FAILED ||
		    domain->answer == DNS_UNASKED) {
			diagnosis_say(out, "mx-unknown", domain->name,
			    domain->answer == DNS_FAILED ? "DNS gave no answer"
							 : "DNS took too long");
		}
	}
	for (size_t i = 0; i <= facts->instances; i++) {
		if (facts->mta[i].cut) {
			diagnosis_say(out, "postfix-cut", NULL);
		}
	}
}

void
check_allow(const struct facts *facts, struct diagnosis *out)
{
	size_t of_file = facts->conf->allows;

	for (size_t i = 0; i < of_file + facts->records.allows; i++) {
		const struct net *net = i < of_file
					    ? &facts->conf->allow[i]
					    : &facts->records.allow[i - of_file]
						   .net;
		char name[NET_TEXT_SIZE];

		/* Who is never banned anyway may be allowed in any width. */
		if (net_is_wider(net, BAN_WIDEST_V4, BAN_WIDEST_V6) &&
		    !standing_never_banned_net(net)) {
			diagnosis_say(out, "allow-too-wide",
			    net_format(net, name),
			    i < of_file ? "videur.conf: allow without"
					: "videur allow remove");
		}
	}
	for (size_t i = 0; i < facts->records.old_names; i++) {
		const struct allow_name *name = &facts->records.old_name[i];
		char ago[DURATION_TEXT_SIZE] = "";

		diagnosis_say(out,
		    name->answered != 0 ? "allow-name-old" : "allow-name-never",
		    name->name,
		    name->error[0] != '\0' ? name->error : "it was not asked",
		    text_from_duration(facts->now - name->answered, ago));
	}
}

/* ---- who else comes from one address ---- */

void
check_ssh(const struct facts *facts, struct diagnosis *out)
{
	const struct records *records = &facts->records;
	struct net net = net_cut(&facts->ssh, ADDR_BITS);
	char address[ADDR_TEXT_SIZE];
	char end[TIME_TEXT_SIZE];
	enum cover cover;
	int64_t until;

	if (!facts->has_ssh) {
		return;
	}
	addr_format(&facts->ssh, address);
	cover = cover_of(facts, &net, &until);
	if (cover == COVER_GOOD) {
		diagnosis_say(out, "ssh-spared", address, "never banned");
	} else if (cover == COVER_WHILE) {
		diagnosis_say(out, "ssh-spared", address, "allowed until ",
		    text_from_time(until, end));
	} else if (records->result == STORE_OK &&
		   records->standing.verdict == STANDING_BANNED) {
		diagnosis_say(out, "ssh-banned", address,
		    text_from_time(records->standing.ban[0].ends, end));
	} else {
		diagnosis_say(out, "ssh-bannable", address);
	}
}

void
check_proxy(const struct facts *facts, struct diagnosis *out)
{
	const struct records *records = &facts->records;
	char number[NUMBER_SIZE];
	char client[NET_TEXT_SIZE];

	if (records->clients == 1 && records->counted >= PROXY_LEAST &&
	    standing_never_banned_net(&records->client)) {
		diagnosis_say(out, "proxy-ahead",
		    diagnosis_number(records->counted, number),
		    net_format(&records->client, client));
	} else if (records->clients == 0 &&
		   records->counted_here >= PROXY_LEAST) {
		diagnosis_say(out, "proxy-here",
		    diagnosis_number(records->counted_here, number));
	}
}

/* ---- what --fix allows ---- */

static void
add_fix(struct fixes *out, const char *check, const struct allow *allow)
{
	for (size_t i = 0; i < out->fixes; i++) {
		if (net_equal(&out->fix[i].allow.net, &allow->net)) {
			return;
		}
	}
	if (out->fixes < FIXES_MAX) {
		out->fix[out->fixes].check = check;
		out->fix[out->fixes].allow = *allow;
		out->fixes++;
	}
}

/* For good, unless something else already does so. */
static void
fix_own(void *to, const struct facts *facts, const struct own_net *own)
{
	struct allow allow = { .net = own->net };
	int64_t until;
	enum cover cover = cover_of(facts, &own->net, &until);

	if (cover == COVER_WHILE || cover == COVER_NOTHING) {
		(void)text_copy(allow.note, sizeof(allow.note), own->note);
		add_fix(to, own->check, &allow);
	}
}

void
fixes_find(const struct facts *facts, struct fixes *out)
{
	struct allow visit = {
		.net = engine_client(facts->conf, &facts->ssh),
		.until = facts->now + FIX_VISIT,
		.note = "doctor: the administrator's SSH session",
	};
	struct net address = net_cut(&facts->ssh, ADDR_BITS);
	int64_t until;
	enum cover cover = cover_of(facts, &address, &until);

	out->fixes = 0;
	each_own(facts, out, fix_own);
	/* A /64 is wide only by an odd setting of client-ipv6. */
	if (net_is_wider(&visit.net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6)) {
		visit.net = address;
	}
	if (facts->has_ssh &&
	    (cover == COVER_NOTHING ||
		(cover == COVER_WHILE && until <= visit.until - VISIT_NEAR))) {
		add_fix(out, "ssh", &visit);
	}
}
