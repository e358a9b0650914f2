#include "doctor/judge.h"

#include <stdbool.h>
#include <stddef.h>

#include "doctor/checks.h"
#include "doctor/diagnosis.h"
#include "doctor/facts.h"

enum {
	NEEDS_POSTFIX = 1,
	NEEDS_RECORDS = 2
};

/* clang-format off */
static const struct {
	const char *name;
	unsigned needs;
	check *judge;
	const char *fine; /* what is said where nothing is wrong */
} checks[] = {
	{ "database", 0, check_database,
	  "it can be read" },
	{ "own-addresses", 0, check_own_addresses,
	  "no address of this host is known" },
	{ "postfix", 0, check_postfix,
	  "its configuration can be read" },
	{ "mynetworks", NEEDS_POSTFIX, check_mynetworks,
	  "every network that Postfix trusts is never banned" },
	{ "mx", NEEDS_POSTFIX, check_mx,
	  "every mail host of its domains is never banned" },
	{ "ssh", 0, check_ssh,
	  "this is no SSH session, as far as can be seen" },
	{ "proxy", NEEDS_RECORDS, check_proxy,
	  "clients come with their own addresses" },
	{ "milter-chain", NEEDS_POSTFIX, check_chain,
	  "videur is the last milter of every smtpd" },
	{ "milter-action", NEEDS_POSTFIX, check_action,
	  "mail passes where videur-milter does not answer" },
	{ "milter-socket", NEEDS_POSTFIX, check_socket,
	  "Postfix can reach videur-milter" },
	{ "helo", NEEDS_POSTFIX, check_helo,
	  "no client can log in before HELO" },
	{ "services", NEEDS_RECORDS, check_services,
	  "they are alive" },
	{ "logs", 0, check_logs,
	  "videur-watch can read them" },
	{ "clock", 0, check_clock,
	  "it is kept right, and nothing lies in the future" },
	{ "page", 0, check_page,
	  "refused senders are told where to ask" },
};
/* clang-format on */

static bool
can_judge(const struct facts *facts, unsigned needs)
{
	if ((needs & NEEDS_POSTFIX) != 0 && facts->mta.state != MTA_THERE) {
		return false;
	}
	return (needs & NEEDS_RECORDS) == 0 ||
	       facts->records.result == STORE_OK;
}

void
judge(const struct facts *facts, struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t before = diagnosis->symptoms + diagnosis->lost;

		if (!can_judge(facts, checks[i].needs)) {
			continue;
		}
		diagnosis->check = checks[i].name;
		checks[i].judge(facts, diagnosis);
		if (diagnosis->symptoms + diagnosis->lost == before) {
			diagnosis_add(
			    diagnosis, HEALTH_OK, "%s", checks[i].fine);
		}
	}
}
