#include "ctl/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"

enum {
	OFFENCES = 200000, /* kept, and half of it from look to look */
	BANS = 20000,      /* read of those before the first look */
	SLACK = 2          /* seconds by which a span may be short */
};

const int64_t recent_spans[RECENT_SPANS] = { 60, 300, RECENT_QUARTER };

bool
recent_init(struct recent *recent, struct ctl *ctl)
{
	recent->ctl = ctl;
	recent->first_day = ctl->now - ctl->now % STORE_DAY;
	recent->offence = calloc(OFFENCES, sizeof(*recent->offence));
	table_init(&recent->clients, sizeof(struct net),
	    sizeof(struct recent_client), 0);
	return recent->offence != NULL;
}

void
recent_clear(struct recent *recent)
{
	table_clear(&recent->clients);
	free(recent->offence);
}

void
recent_restart(struct recent *recent)
{
	recent->begun = false;
	recent->offences = recent->bans = recent->samples = 0;
}

const struct recent_ban *
recent_ban_at(const struct recent *recent, size_t n)
{
	return n < RECENT_NEW_BANS && n < recent->bans
		   ? &recent->ban[(recent->bans - 1 - n) % RECENT_NEW_BANS]
		   : NULL;
}

/* ---- reading ---- */

static void
take(void *to, const struct happened *happened)
{
	struct recent *recent = to;
	struct offence offence = { .at = happened->at, .kind = RECENT_BANS };
	struct addr address;
	struct recent_ban *ban;

	recent->seen[happened->sort] = happened->id;
	if (happened->sort == HAPPENED_BAN) {
		ban = &recent->ban[recent->bans++ % RECENT_NEW_BANS];
		ban->at = happened->at;
		(void)text_copy(ban->who, sizeof(ban->who), happened->who);
		(void)text_copy(
		    ban->reason, sizeof(ban->reason), happened->what);
		(void)text_copy(
		    ban->detail, sizeof(ban->detail), happened->text);
	} else {
		offence.kind = words_find(&kind_words, happened->what);
		if (offence.kind >= KIND_COUNT ||
		    !addr_parse(happened->who, &address)) {
			return; /* of a later version */
		}
		offence.client = engine_client(recent->ctl->conf, &address);
	}
	if (recent->offences < OFFENCES) {
		recent->offence[recent->offences++] = offence;
	}
}

/* Away with what is older than a quarter of an hour, and room for more. */
static void
forget_old(struct recent *recent)
{
	const int64_t since = recent->ctl->now - RECENT_QUARTER;
	size_t kept = 0;
	size_t i = recent->offences > OFFENCES / 2
		       ? recent->offences - OFFENCES / 2
		       : 0;

	for (; i < recent->offences; i++) {
		if (recent->offence[i].at > since) {
			recent->offence[kept++] = recent->offence[i];
		}
	}
	recent->offences = kept;
}

static void
add_day(void *to, const struct daily_row *row)
{
	struct recent *recent = to;
	const int64_t now = recent->ctl->now;
	const bool today = row->day == now - now % STORE_DAY;
	const size_t cause = words_find(&cause_words, row->name);

	if (row->what == DAILY_REFUSED) {
		recent->refused += row->number;
		if (today && cause < CAUSE_COUNT) {
			recent->refused_today[cause] += row->number;
		}
	} else if (row->what == DAILY_SESSIONS && today) {
		recent->sessions_today += row->number;
	}
}

static void
read_new(struct recent *recent)
{
	struct store *store = recent->ctl->store;
	const int64_t since = recent->ctl->now - RECENT_QUARTER;

	forget_old(recent);
	for (int i = HAPPENED_EVENT; i <= HAPPENED_BAN; i++) {
		const enum happened_sort sort = (enum happened_sort)i;
		const int64_t most = sort == HAPPENED_BAN ? BANS : OFFENCES / 2;

		if (!recent->begun) {
			recent->seen[sort] = store_happened_before(
			    store, sort, since, most);
		}
		store_happened(
		    store, sort, recent->seen[sort], most, take, recent);
	}
	recent->refused = recent->sessions_today = 0;
	memset(recent->refused_today, 0, sizeof(recent->refused_today));
	store_daily_each(store, recent->first_day, add_day, recent);
}

/* ---- adding up ---- */

static void
count_offence(struct recent *recent, const struct offence *offence)
{
	const bool ban = offence->kind == RECENT_BANS;
	struct recent_client *client = ban ? NULL
					   : table_add(&recent->clients,
						 &offence->client, NULL);

	if (client != NULL) {
		client->of_kind[offence->kind]++;
	}
	for (size_t i = 0; i < RECENT_SPANS; i++) {
		if (offence->at <= recent->ctl->now - recent_spans[i]) {
			continue;
		}
		recent->count[offence->kind][i]++;
		recent->count[RECENT_ALL][i] += !ban;
		if (client != NULL) {
			client->events[i]++;
		}
	}
}

/* How many sessions were refused in each span, as far as it looked: what is
 * kept of them is one number for each day. */
static void
count_refused(struct recent *recent)
{
	const int64_t now = recent->ctl->now;
	size_t n = recent->samples < RECENT_SAMPLES
		       ? 0
		       : recent->samples + 1 - RECENT_SAMPLES;

	recent->sample[recent->samples++ % RECENT_SAMPLES] = (struct sample){
		.at = now, .refused = recent->refused
	};
	for (size_t i = RECENT_SPANS; i-- > 0;) {
		const struct sample *sample = &recent
						   ->sample[n % RECENT_SAMPLES];

		while (n + 1 < recent->samples &&
		       sample->at < now - recent_spans[i]) {
			sample = &recent->sample[++n % RECENT_SAMPLES];
		}
		recent->count[RECENT_REFUSED][i] = recent->refused -
						   sample->refused;
		recent->known[i] = now - sample->at >= recent_spans[i] - SLACK;
	}
}

static bool
is_busier(const struct recent_client *one, const struct recent_client *other)
{
	return one->events[1] != other->events[1]
		   ? one->events[1] > other->events[1]
		   : one->events[2] > other->events[2];
}

static void
order_clients(struct recent *recent)
{
	recent->busy = 0;
	for (size_t i = 0; i < recent->clients.rows; i++) {
		const struct recent_client *client = table_row(
		    &recent->clients, i);
		size_t at = recent->busy;

		while (at > 0 && is_busier(client, recent->busiest[at - 1])) {
			if (at < RECENT_BUSIEST) {
				recent->busiest[at] = recent->busiest[at - 1];
			}
			at--;
		}
		if (at < RECENT_BUSIEST) {
			recent->busiest[at] = client;
			recent->busy += recent->busy < RECENT_BUSIEST;
		}
	}
}

void
recent_look(struct recent *recent)
{
	read_new(recent);
	memset(recent->count, 0, sizeof(recent->count));
	table_clear(&recent->clients);
	for (size_t i = 0; i < recent->offences; i++) {
		count_offence(recent, &recent->offence[i]);
	}
	count_refused(recent);
	order_clients(recent);
}
