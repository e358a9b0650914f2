#include "milter/account.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
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

/* Whether a deed of this kind is ours to tell. */
static bool
is_told(const struct account *account, enum kind kind)
{
	return account->open &&
	       account->visitor.conf->source[kind] == CONF_MILTER;
}

static void
tell(struct account *account, const struct deed *deed, int64_t now)
{
	struct deed whole = *deed;

	if (is_told(account, deed->kind)) {
		whole.address = account->visitor.address;
		whole.source = "milter";
		account->desk->observe(
		    account->desk->self, &account->visitor, &whole, now);
	}
}

void
account_deed(
    struct account *account, enum kind kind, const char *detail, int64_t now)
{
	tell(account,
	    &(struct deed){ .kind = kind, .at = now, .detail = detail }, now);
}

/* Whether a rule counts guesses at one recipient differently. */
static bool
wants_key(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].same_recipient > 0 &&
		    (policy->rule[i].kinds & kind_bit(KIND_RECIPIENT)) != 0) {
			return true;
		}
	}
	return false;
}

static bool
make_key(
    struct account *account, const char *path, char key[static HASH_TEXT_SIZE])
{
	char name[ENGINE_KEYED_MAX + 1];
	struct text out;
	size_t len;

	if (path == NULL || !is_told(account, KIND_RECIPIENT) ||
	    !wants_key(&account->visitor.conf->policy)) {
		return false;
	}
	path += path[0] == '<';
	len = strcspn(path, ">");
	text_init(&out, name, sizeof(name));
	text_addf(
	    &out, "%.*s", (int)(len < sizeof(name) ? len : sizeof(name)), path);
	return name[0] != '\0' && account->desk->key(account->desk->self,
				      &account->visitor, name, key);
}

void
account_guess(
    struct account *account, const char *path, const char *detail, int64_t now)
{
	char key[HASH_TEXT_SIZE];
	const bool has_key = make_key(account, path, key);

	tell(account,
	    &(struct deed){ .kind = KIND_RECIPIENT,
		.at = now,
		.key = has_key ? key : NULL,
		.detail = detail },
	    now);
}

void
account_close(struct account *account, int64_t now)
{
	if (account->probed && !account->refused) {
		tell(account,
		    &(struct deed){
			.kind = KIND_PROBE, .at = account->probed_at },
		    now);
	}
}
