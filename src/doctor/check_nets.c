#include <inttypes.h>

#include "base/text.h"
#include "core/standing.h"
#include "doctor/checks.h"
#include "doctor/facts.h"
#include "engine/engine.h"

enum {
	/* Fewer sessions and offences than these show no pattern. */
	PROXY_LEAST = 5,
	/* An end that is so near to FIX_VISIT is good enough, in seconds. */
	VISIT_NEAR = 3600,
	WHY_SIZE = REMARK_TEXT_SIZE - 128
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

	if (facts->owns == 0) {
		return;
	}
	text_init(&text, list, sizeof(list));
	for (size_t i = 0; i < facts->owns; i++) {
		char net[NET_TEXT_SIZE];

		text_addf(&text, "%s%s", i > 0 ? ", " : "",
		    net_format(&facts->own[i], net));
	}
	diagnosis_add(out, HEALTH_OK, NULL, "never banned are this host's %s%s",
	    list, text.cut ? " ..." : "");
}

static void
check_width(struct diagnosis *out, const struct net *net, bool of_file)
{
	char name[NET_TEXT_SIZE];

	/* Who is never banned anyway may be allowed in any width. */
	if (!net_is_wider(net, BAN_WIDEST_V4, BAN_WIDEST_V6) ||
	    standing_never_banned_net(net)) {
		return;
	}
	diagnosis_add(out, HEALTH_PROBLEM, NULL,
	    "%s is allowed: videur is off for everybody there",
	    net_format(net, name));
	diagnosis_fix(out,
	    of_file ? "videur.conf: allow without %s"
		    : "videur allow remove %s",
	    name);
}

void
check_allow(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < facts->conf->allows; i++) {
		check_width(out, &facts->conf->allow[i], true);
	}
	for (size_t i = 0; i < facts->records.allows; i++) {
		check_width(out, &facts->records.allow[i].net, false);
	}
}

/* ---- Postfix's networks and mail hosts ---- */

/* A network that should never be banned; `why` begins with its name. */
static void
check_own(const struct facts *facts, struct diagnosis *out,
    const struct net *net, const char *why)
{
	char name[NET_TEXT_SIZE];
	char end[TIME_TEXT_SIZE];
	int64_t until;

	switch (cover_of(facts, net, &until)) {
	case COVER_GOOD:
		return;
	case COVER_TOO_WIDE:
		diagnosis_add(out, HEALTH_PROBLEM,
		    "postconf -e 'mynetworks = 127.0.0.0/8 [::1]/128'",
		    "%s, and is too wide to be this host's own: wider than /%d "
		    "it is not allowed, lest videur be off for everybody there",
		    why, net_is_v4(net) ? ALLOW_WIDEST_V4 : ALLOW_WIDEST_V6);
		return;
	case COVER_WHILE:
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s, and is allowed only until %s", why,
		    text_from_time(until, end));
		break;
	case COVER_NOTHING:
		diagnosis_add(
		    out, HEALTH_PROBLEM, NULL, "%s, and can be banned", why);
		break;
	}
	diagnosis_fix(out, "videur allow add %s --note %s",
	    net_format(net, name), out->check);
}

void
check_mynetworks(const struct facts *facts, struct diagnosis *out)
{
	const struct mta *mta = out->mta;

	for (size_t i = 0; i < mta->nets; i++) {
		char name[NET_TEXT_SIZE];
		char why[WHY_SIZE];
		struct text text;

		text_init(&text, why, sizeof(why));
		text_addf(&text, "%s may relay through Postfix",
		    net_format(&mta->net[i], name));
		check_own(facts, out, &mta->net[i], why);
	}
	if (mta->nets_cut) {
		diagnosis_add(out, HEALTH_WARNING, "postconf mynetworks",
		    "mynetworks holds more than could be read");
	}
	for (size_t i = 0; i < mta->unlisted.tables; i++) {
		diagnosis_add(out, HEALTH_WARNING,
		    "allow by hand what belongs to this host: videur allow add "
		    "NET",
		    "what %s holds cannot be listed", mta->unlisted.table[i]);
	}
}

static void
check_mail_host(const struct facts *facts, struct diagnosis *out,
    const struct mx_domain *domain, const struct mx_host *host)
{
	for (size_t i = 0; i < host->addresses; i++) {
		struct net net = net_cut(&host->address[i], ADDR_BITS);
		char address[NET_TEXT_SIZE];
		char why[WHY_SIZE];
		struct text text;

		text_init(&text, why, sizeof(why));
		text_addf(&text,
		    "%s [%s] is a mail host of %s that hands us other "
		    "people's mail",
		    host->name, net_format(&net, address), domain->name);
		check_own(facts, out, &net, why);
	}
}

void
check_mx(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < facts->domains; i++) {
		const struct mx_domain *domain = &facts->mx[i];

		for (size_t j = 0; j < domain->hosts; j++) {
			check_mail_host(facts, out, domain, &domain->host[j]);
		}
		if (domain->answer == MX_FAILED ||
		    domain->answer == MX_UNASKED) {
			diagnosis_add(out, HEALTH_WARNING, NULL,
			    "the mail hosts of %s are not known: %s",
			    domain->name,
			    domain->answer == MX_FAILED ? "DNS gave no answer"
							: "DNS took too long");
			diagnosis_fix(out, "host -t mx %s", domain->name);
		}
	}
	for (size_t i = 0; i <= facts->instances; i++) {
		if (facts->mta[i].cut) {
			diagnosis_add(out, HEALTH_WARNING, NULL,
			    "Postfix has more domains or settings than were "
			    "looked at");
		}
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
	int64_t at;

	if (!facts->has_ssh) {
		return;
	}
	addr_format(&facts->ssh, address);
	cover = cover_of(facts, &net, &at);
	if (cover == COVER_GOOD || cover == COVER_WHILE) {
		diagnosis_add(out, HEALTH_OK, NULL,
		    "you are connected from %s, which is %s%s", address,
		    cover == COVER_GOOD ? "never banned" : "allowed until ",
		    cover == COVER_GOOD ? "" : text_from_time(at, end));
		return;
	}
	if (records->result == STORE_OK &&
	    records->standing.verdict == STANDING_BANNED) {
		at = records->standing.ban[0].ends;
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "you are connected from %s, which is banned until %s",
		    address, text_from_time(at, end));
	} else {
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "you are connected from %s, which is not allowed: your own "
		    "mail could be refused",
		    address);
	}
	diagnosis_fix(out, "videur allow add %s --for 7d --note ssh", address);
}

void
check_proxy(const struct facts *facts, struct diagnosis *out)
{
	static const char fix
	    [] = "let the proxy tell whom it serves: postconf -e "
		 "'smtpd_upstream_proxy_protocol = haproxy', or XCLIENT with "
		 "smtpd_authorized_xclient_hosts";
	const struct records *records = &facts->records;
	char client[NET_TEXT_SIZE];

	if (records->clients == 1 && records->counted >= PROXY_LEAST &&
	    standing_never_banned_net(&records->client)) {
		diagnosis_add(out, HEALTH_PROBLEM, fix,
		    "all that came in the last 24 hours, %" PRId64
		    " sessions and events, came from the one private address "
		    "%s: a proxy stands in front, and nobody can be banned",
		    records->counted, net_format(&records->client, client));
	} else if (records->clients == 0 &&
		   records->counted_here >= PROXY_LEAST) {
		diagnosis_add(out, HEALTH_WARNING, fix,
		    "all that came in the last 24 hours, %" PRId64
		    " sessions and events, came from this host itself: if a "
		    "proxy here hands it on, nobody can be banned",
		    records->counted_here);
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
fix_own(const struct facts *facts, struct fixes *out, const char *check,
    const struct net *net, const char *note)
{
	struct allow allow = { .net = *net };
	int64_t until;
	enum cover cover = cover_of(facts, net, &until);

	if (cover == COVER_WHILE || cover == COVER_NOTHING) {
		(void)text_copy(allow.note, sizeof(allow.note), note);
		add_fix(out, check, &allow);
	}
}

static void
fix_ssh(const struct facts *facts, struct fixes *out)
{
	struct allow allow = {
		.net = engine_client(facts->conf, &facts->ssh),
		.until = facts->now + FIX_VISIT,
		.note = "doctor: the administrator's SSH session",
	};
	struct net address = net_cut(&facts->ssh, ADDR_BITS);
	int64_t until;
	enum cover cover = cover_of(facts, &address, &until);

	/* A /64 is wide only by an odd setting of client-ipv6. */
	if (net_is_wider(&allow.net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6)) {
		allow.net = address;
	}
	if (cover == COVER_NOTHING ||
	    (cover == COVER_WHILE && until <= allow.until - VISIT_NEAR)) {
		add_fix(out, "ssh", &allow);
	}
}

void
fixes_find(const struct facts *facts, struct fixes *out)
{
	out->fixes = 0;
	for (size_t i = 0; i <= facts->instances; i++) {
		const struct mta *mta = &facts->mta[i];

		for (size_t j = 0; j < mta->nets; j++) {
			fix_own(facts, out, "mynetworks", &mta->net[j],
			    "doctor: mynetworks of Postfix");
		}
	}
	for (size_t i = 0; i < facts->domains; i++) {
		const struct mx_domain *domain = &facts->mx[i];
		char note[BAN_NOTE_SIZE];
		struct text text;

		text_init(&text, note, sizeof(note));
		text_addf(&text, "doctor: mail host of %s", domain->name);
		for (size_t j = 0; j < domain->hosts; j++) {
			const struct mx_host *host = &domain->host[j];

			for (size_t k = 0; k < host->addresses; k++) {
				struct net net = net_cut(
				    &host->address[k], ADDR_BITS);

				fix_own(facts, out, "mx", &net, note);
			}
		}
	}
	if (facts->has_ssh) {
		fix_ssh(facts, out);
	}
}
