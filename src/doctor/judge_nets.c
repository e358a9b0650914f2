#include "doctor/checks.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "doctor/diagnosis.h"
#include "doctor/facts.h"

enum {
	/* Fewer sessions and deeds than these show no pattern. */
	PROXY_LEAST = 5
};

void
check_own_addresses(const struct facts *facts, struct diagnosis *diagnosis)
{
	char list[SYMPTOM_TEXT_SIZE / 2];
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
	diagnosis_add(diagnosis, HEALTH_OK, "never banned are this host's %s%s",
	    list, text.cut ? " ..." : "");
}

/* ---- Postfix's networks and mail hosts ---- */

/* One that can be banned and should not be; `why` begins with its name. */
static void
say_bare(struct diagnosis *diagnosis, const struct net *net, enum cover cover,
    int64_t until, const char *why)
{
	char name[NET_TEXT_SIZE];
	char end[TIME_TEXT_SIZE];

	net_format(net, name);
	if (cover == COVER_WHILE) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s, and is allowed only until %s", why,
		    text_from_time(until, end));
	} else {
		diagnosis_add(
		    diagnosis, HEALTH_PROBLEM, "%s, and can be banned", why);
	}
	diagnosis_mend(
	    diagnosis, "videur allow add %s --note %s", name, diagnosis->check);
}

static void
judge_trusted(const struct facts *facts, struct diagnosis *diagnosis,
    const struct net *net)
{
	char name[NET_TEXT_SIZE];
	char why[NET_TEXT_SIZE + 64];
	struct text text;
	int64_t until = 0;
	enum cover cover = facts_cover(facts, net, &until);

	net_format(net, name);
	text_init(&text, why, sizeof(why));
	text_addf(&text, "%s may relay through Postfix", name);
	switch (cover) {
	case COVER_TOO_WIDE:
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s, and is too wide to be this host's own: wider than /%d "
		    "it is not allowed, lest videur be off for everybody there",
		    why, net_is_v4(net) ? ALLOW_WIDEST_V4 : ALLOW_WIDEST_V6);
		diagnosis_mend(diagnosis,
		    "postconf -e 'mynetworks = 127.0.0.0/8 [::1]/128'");
		return;
	case COVER_WHILE:
	case COVER_NOTHING:
		say_bare(diagnosis, net, cover, until, why);
		return;
	case COVER_NEVER:
	case COVER_CONF:
	case COVER_GOOD:
		return;
	}
}

void
check_mynetworks(const struct facts *facts, struct diagnosis *diagnosis)
{
	const struct nets *trusted = &facts->mta.trusted;

	for (size_t i = 0; i < trusted->nets; i++) {
		judge_trusted(facts, diagnosis, &trusted->net[i]);
	}
	if (trusted->cut) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "mynetworks holds more than could be read");
		diagnosis_mend(diagnosis, "postconf mynetworks");
	}
	for (size_t i = 0; i < facts->mta.darks; i++) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "what %s holds cannot be listed", facts->mta.dark[i]);
		diagnosis_mend(diagnosis,
		    "allow by hand what belongs to this host: videur allow add "
		    "NET");
	}
}

static void
judge_host(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mx_domain *domain, const struct mx_host *host)
{
	for (size_t i = 0; i < host->addresses; i++) {
		struct net net = net_cut(&host->address[i], ADDR_BITS);
		char address[ADDR_TEXT_SIZE];
		char why[SYMPTOM_TEXT_SIZE - 128];
		struct text text;
		int64_t until = 0;
		enum cover cover = facts_cover(facts, &net, &until);

		if (cover != COVER_WHILE && cover != COVER_NOTHING) {
			continue;
		}
		text_init(&text, why, sizeof(why));
		text_addf(&text,
		    "%s [%s] is a mail host of %s that hands us other "
		    "people's mail",
		    host->name, addr_format(&host->address[i], address),
		    domain->name);
		say_bare(diagnosis, &net, cover, until, why);
	}
}

void
check_mx(const struct facts *facts, struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < facts->domains; i++) {
		const struct mx_domain *domain = &facts->mx[i];

		for (size_t j = 0; j < domain->hosts; j++) {
			judge_host(facts, diagnosis, domain, &domain->host[j]);
		}
		if (domain->answer == MX_FAILED ||
		    domain->answer == MX_UNASKED) {
			diagnosis_add(diagnosis, HEALTH_WARNING,
			    "the mail hosts of %s are not known: %s",
			    domain->name,
			    domain->answer == MX_FAILED ? "DNS gave no answer"
							: "DNS took too long");
			diagnosis_mend(
			    diagnosis, "host -t mx %s", domain->name);
		}
	}
	if (facts->mta.cut) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "Postfix has more domains or settings than were looked at");
	}
}

/* ---- who else comes from one address ---- */

void
check_ssh(const struct facts *facts, struct diagnosis *diagnosis)
{
	const struct records *records = &facts->records;
	struct net net = net_cut(&facts->ssh, ADDR_BITS);
	char address[ADDR_TEXT_SIZE];
	char end[TIME_TEXT_SIZE];
	int64_t until = 0;

	if (!facts->has_ssh) {
		return;
	}
	addr_format(&facts->ssh, address);
	switch (facts_cover(facts, &net, &until)) {
	case COVER_NEVER:
	case COVER_CONF:
	case COVER_GOOD:
		diagnosis_add(diagnosis, HEALTH_OK,
		    "you are connected from %s, which is never banned",
		    address);
		return;
	case COVER_WHILE:
		diagnosis_add(diagnosis, HEALTH_OK,
		    "you are connected from %s, which is allowed until %s",
		    address, text_from_time(until, end));
		return;
	case COVER_NOTHING:
	case COVER_TOO_WIDE:
		break;
	}
	if (records->result == STORE_OK &&
	    records->visitor.verdict == STANDING_BANNED) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "you are connected from %s, which is banned until %s",
		    address, text_from_time(records->visitor.ban[0].ends, end));
	} else {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "you are connected from %s, which is not allowed: your own "
		    "mail could be refused",
		    address);
	}
	diagnosis_mend(
	    diagnosis, "videur allow add %s --for 7d --note ssh", address);
}

void
check_proxy(const struct facts *facts, struct diagnosis *diagnosis)
{
	static const char mend
	    [] = "let the proxy tell whom it serves: postconf -e "
		 "'smtpd_upstream_proxy_protocol = haproxy', or XCLIENT with "
		 "smtpd_authorized_xclient_hosts";
	const struct records *records = &facts->records;
	char client[NET_TEXT_SIZE];

	if (records->clients == 1 && records->deeds >= PROXY_LEAST &&
	    standing_never_banned_net(&records->client)) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "all that came in the last 24 hours, %" PRId64
		    " sessions and events, came from the one private address "
		    "%s: a proxy stands in front, and nobody can be banned",
		    records->deeds, net_format(&records->client, client));
		diagnosis_mend(diagnosis, "%s", mend);
	} else if (records->clients == 0 && records->from_here >= PROXY_LEAST) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "all that came in the last 24 hours, %" PRId64
		    " sessions and events, came from this host itself: if a "
		    "proxy here hands it on, nobody can be banned",
		    records->from_here);
		diagnosis_mend(diagnosis, "%s", mend);
	}
}
