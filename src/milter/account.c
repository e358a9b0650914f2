#include "milter/account.h"

#include <stddef.h>

#include "core/tally.h"
#include "engine/engine.h"

void
account_init(
    struct account *account, const struct desk *desk, const struct conf *conf)
{
	*account = (struct account){ .desk = desk,
		.visitor = { .conf = conf, .patience = DESK_PATIENCE } };
}

void
account_open(struct account *account, const struct addr *address)
{
	struct visitor *visitor = &account->visitor;

	visitor->address = *address;
	visitor->client = engine_client(visitor->conf, address);
	account->open = true;
}

void
account_end(struct account *account)
{
	account->open = false;
}

static void
tally(struct account *account, const struct tally *more, int64_t now)
{
	account->desk->tally(account->desk->self, &account->visitor.client,
	    tally_hour(now), more);
}

void
account_session(struct account *account, int64_t now)
{
	if (!account->counted && account->open) {
		account->counted = true;
		tally(account, &(struct tally){ .sessions = 1 }, now);
	}
}

/* The held recipient is an ordinary one. */
static void
release_held(struct account *account, int64_t now)
{
	if (account->held && account->open) {
		tally(account, &(struct tally){ .recipients = 1 }, now);
	}
	account->held = false;
	account->probed = false;
}

void
account_recipient(struct account *account, bool alone, int64_t now)
{
	if (!account->open) {
		return;
	}
	if (alone && !account->refused && !account->probed) {
		account->held = true;
		return;
	}
	if (!account->probed) {
		release_held(account, now);
	}
	tally(account, &(struct tally){ .recipients = 1 }, now);
}

void
account_data(struct account *account, int64_t now)
{
	if (!account->probed) {
		release_held(account, now);
	}
}

void
account_message(struct account *account, bool accepted, int64_t now)
{
	if (!account->open) {
		return;
	}
	tally(account,
	    &(struct tally){ .messages = 1, .accepted = accepted ? 1 : 0 },
	    now);
	account_data(account, now);
}

void
account_unfinished(struct account *account, int64_t now)
{
	if (account->held && !account->probed) {
		account->probed = true;
		account->probed_at = now;
	}
}

void
account_refusal(struct account *account, int64_t now)
{
	account->refused = true;
	release_held(account, now);
}

static void
tell(struct account *account, enum kind kind, const char *detail, int64_t at,
    int64_t now)
{
	struct visitor *visitor = &account->visitor;
	const struct deed deed = {
		.address = visitor->address,
		.kind = kind,
		.at = at,
		.source = "milter",
		.detail = detail,
	};

	if (account->open && visitor->conf->source[kind] == CONF_MILTER) {
		account->desk->observe(
		    account->desk->self, visitor, &deed, now);
	}
}

void
account_deed(
    struct account *account, enum kind kind, const char *detail, int64_t now)
{
	tell(account, kind, detail, now, now);
}

void
account_close(struct account *account, int64_t now)
{
	if (account->probed && !account->refused) {
		tell(account, KIND_PROBE, NULL, account->probed_at, now);
	}
}
