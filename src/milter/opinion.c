#include "milter/opinion.h"

#include <stdlib.h>
#include <string.h>

void
opinion_init(struct opinion *opinion)
{
	*opinion = (struct opinion){ .version = DESK_NO_VERSION };
}

void
opinion_clear(struct opinion *opinion)
{
	free(opinion->banned);
	opinion_init(opinion);
}

/* Take out the bans that ended since they were read; true where any had. */
static bool
forget_ended(struct standing *standing, int64_t now)
{
	size_t kept = 0;
	bool any;

	for (size_t i = 0; i < standing->bans; i++) {
		if (ban_active(&standing->ban[i], now)) {
			standing->ban[kept++] = standing->ban[i];
		}
	}
	any = kept < standing->bans;
	standing->bans = kept;
	return any;
}

/* Whether the clock alone may have changed it. */
static bool
out_of_date(struct opinion *opinion, int64_t now)
{
	if (opinion->banned != NULL) {
		return forget_ended(&opinion->banned->standing, now);
	}
	/* An entry of the allow list may run out. */
	return opinion->verdict == STANDING_ALLOWED &&
	       opinion->checked_at != now;
}

/* Copy no more than there is: mostly one ban of many. */
static void
copy_standing(struct standing *to, const struct standing *from)
{
	to->address = from->address;
	to->checked_at = from->checked_at;
	to->verdict = from->verdict;
	to->bans = from->bans;
	memcpy(to->ban, from->ban, from->bans * sizeof(from->ban[0]));
}

static bool
keep(struct opinion *opinion, const struct standing *fresh)
{
	opinion->verdict = fresh->verdict;
	opinion->checked_at = fresh->checked_at;
	if (fresh->verdict != STANDING_BANNED) {
		free(opinion->banned);
		opinion->banned = NULL;
		return true;
	}
	if (opinion->banned == NULL) {
		opinion->banned = malloc(sizeof(*opinion->banned));
		if (opinion->banned != NULL) {
			opinion->banned->bans = 0;
		}
	}
	if (opinion->banned == NULL) {
		opinion->version = DESK_NO_VERSION;
		return false;
	}
	copy_standing(&opinion->banned->standing, fresh);
	return true;
}

bool
opinion_refresh(struct opinion *opinion, const struct desk *desk,
    struct visitor *visitor, int64_t now)
{
	struct standing fresh;
	int64_t version = out_of_date(opinion, now) ? DESK_NO_VERSION
						    : opinion->version;

	switch (desk->standing(desk->self, visitor, now, &version, &fresh)) {
	case STORE_OK:
		opinion->version = version;
		return keep(opinion, &fresh);
	case STORE_NONE:
		return true;
	case STORE_BUSY:
	case STORE_FAILED:
		break;
	}
	return opinion->version != DESK_NO_VERSION;
}

const struct ban *
opinion_speaker(
    const struct opinion *opinion, const struct session_facts *facts)
{
	return opinion->banned == NULL
		   ? NULL
		   : standing_speaker(&opinion->banned->standing, facts);
}

/* What was said of a ban before, or else is said from now on. */
static const struct heard *
hear(struct opinion_banned *banned, const struct ban *ban)
{
	struct heard *heard;

	for (size_t i = 0; i < banned->bans && i < STANDING_BANS_MAX; i++) {
		if (banned->heard[i].ban == ban->id) {
			return &banned->heard[i];
		}
	}
	heard = &banned->heard[banned->bans++ % STANDING_BANS_MAX];
	*heard = (struct heard){ .ban = ban->id,
		.again = ban_reply(ban) == &ban->again };
	return heard;
}

const struct reply *
opinion_reply(struct opinion *opinion, const struct ban *ban)
{
	return hear(opinion->banned, ban)->again ? &ban->again : &ban->reply;
}

int64_t
opinion_newest(const struct opinion *opinion)
{
	int64_t newest = 0;

	if (opinion->banned == NULL) {
		return newest;
	}
	for (size_t i = 0; i < opinion->banned->standing.bans; i++) {
		if (opinion->banned->standing.ban[i].id > newest) {
			newest = opinion->banned->standing.ban[i].id;
		}
	}
	return newest;
}
