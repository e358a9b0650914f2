/*
 * What a session asks and tells: standing, evidence, record.
 */

#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

/* ---- standing ---- */

void
store_standing(struct store *store, struct standing *standing)
{
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = net_cut(&standing->address, ADDR_BITS),
		.active_at = standing->checked_at };
	bool own = db_enter(store);

	standing->verdict = STANDING_CLEAR;
	standing->bans = 0;
	if (store_allow_find(
		store, &standing->address, standing->checked_at, NULL)) {
		standing->verdict = STANDING_ALLOWED;
	} else {
		db_ban_gather(store, &query);
		for (size_t i = 0; i < store->bans && i < STANDING_BANS_MAX;
		     i++) {
			standing->verdict = STANDING_BANNED;
			standing->ban[standing->bans++] = store->ban[i];
		}
	}
	(void)db_leave(store, own);
}

/* ---- evidence ---- */

/* The time of the youngest event that is judged together with that at `at`. */
static int64_t
youngest(struct store *store, const struct evidence_query *query)
{
	int64_t youngest = query->at;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if ((query->kinds & kind_bit(kind)) != 0) {
			int64_t at = db_number(store,
			    "SELECT max(at) FROM event"
			    " WHERE client = :client AND kind = :kind"
			    " AND at >= :from AND at < :before",
			    DB_WITH(db_client(&query->client),
				db_text(":kind", kind_name(kind)),
				db_int(":from", query->at),
				db_int(":before", query->at + query->within)),
			    youngest);

			youngest = at > youngest ? at : youngest;
		}
	}
	return youngest;
}

void
store_evidence(struct store *store, const struct evidence_query *query,
    struct evidence *out)
{
	bool own = db_enter(store);

	*out = (struct evidence){ .t = query->at, .reset = INT64_MIN };
	/* Whether there are enough events around the one that is judged,
	 * whatever window it is judged in and whatever resets, bans and ratio
	 * say.  Most are the first or second of their client: this spares them
	 * all else. */
	out->enough = query->least <= 0 ||
		      store_event_count(
			  store, &(struct event_query){ .client = query->client,
				     .kinds = query->kinds,
				     .after = query->at - query->window,
				     .until = query->at + query->window,
				     .most = query->least,
				     .reason = query->reason }) >= query->least;
	if (out->enough) {
		out->t = youngest(store, query);
		out->reset = db_number(store,
		    "SELECT at FROM mark WHERE client = :client"
		    " AND reason = :reason AND key = ''",
		    DB_WITH(db_client(&query->client),
			db_text(":reason", reason_name(query->reason))),
		    INT64_MIN);
		if (query->accepted) {
			store_tally_sum(store, &query->client,
			    tally_hour(out->t - query->window + 1),
			    tally_hour(out->t), &out->accepted);
		}
		db_ban_gather(store, &(struct ban_query){ .scope = BAN_COVERING,
					 .who = query->client,
					 .active_at = INT64_MIN,
					 .observed = true,
					 .reason = &query->reason });
		out->ban = store->ban;
		out->bans = store->bans;
	}
	out->enough &= db_leave(store, own) == STORE_OK;
}

/* ---- record ---- */

void
store_record(struct store *store, const struct store_record *record)
{
	const struct event *event = record->event;
	const struct ban_hits *hits = record->hits;
	const struct reset *reset = record->reset;
	bool own = db_enter(store);

	if (event != NULL) {
		char address[ADDR_TEXT_SIZE];

		db_run(store,
		    "INSERT INTO event"
		    " (client, address, kind, at, source, key, detail,"
		    " doubtful) VALUES (:client, :address, :kind, :at,"
		    " :source, :key, :detail, :doubtful)",
		    DB_WITH(db_client(&event->client),
			db_text(
			    ":address", addr_format(&event->address, address)),
			db_text(":kind", kind_name(event->kind)),
			db_int(":at", event->at),
			db_text(":source", event->source),
			db_text(":key", event->key),
			db_text(":detail", event->detail),
			db_int(":doubtful", event->doubtful)));
	}
	if (record->tally != NULL) {
		db_tally_add(store, record->tally);
	}
	if (record->sum != NULL) {
		db_daily_add(store, record->sum);
	}
	if (hits != NULL) {
		db_run(store,
		    "UPDATE ban SET hits = hits + :hits,"
		    " told = max(ifnull(told, 0), :told) WHERE id = :id",
		    DB_WITH(db_int(":hits", hits->hits),
			db_int(":told", hits->told), db_int(":id", hits->id)));
	}
	if (reset != NULL) {
		/* A row that moves takes a new id, so that ids follow time and
		 * old resets can be forgotten in their order. */
		db_run(store,
		    "INSERT INTO mark (client, reason, key, at)"
		    " VALUES (:client, :reason, :key, :at)"
		    " ON CONFLICT (client, reason, key) DO UPDATE"
		    " SET at = excluded.at, id = (SELECT max(id) + 1 FROM mark)"
		    " WHERE excluded.at > at",
		    DB_WITH(db_client(&reset->client),
			db_text(":reason", reason_name(reset->reason)),
			db_text(":key", reset->key != NULL ? reset->key : ""),
			db_int(":at", reset->at)));
	}
	if (record->position != NULL) {
		db_position_put(store, record->source, record->position);
	}
	if (record->ban != NULL) {
		db_ban_put(store, record->ban);
	}
	(void)db_leave(store, own);
}
