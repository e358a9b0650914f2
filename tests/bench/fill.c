/*
 * Fill a new database with active bans: fill DATABASE BANS [OTHERS]
 *
 * The bans are what the shipped policy's "errors" rule gives, for the
 * addresses 0 to BANS - 1 (address.h), and end in a day or two.  Each was met
 * often enough to speak at MAIL, and so that no measured session is the first,
 * whose hit is written at once.
 *
 * Of the OTHERS addresses behind them, who have no ban, there are tallies: one
 * a day of the last 1 to 30 days, and of one client in fifty each hour of
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "base/addr.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "core/standing.h"
#include "store/store.h"

enum {
	A_TRANSACTION = 10000,
	AN_HOUR = 60 * 60,
	A_DAY = 24 * AN_HOUR,
	DAYS = 30,
	HOURS = DAYS * 24,
	ONE_IN = 50 /* that comes each hour */
};

static struct net
client_number(int64_t number)
{
	uint32_t address = bench_address((uint32_t)number);
	struct net client = { .bits = ADDR_BITS };

	client.addr.byte[10] = client.addr.byte[11] = 0xff;
	for (int i = 0; i < 4; i++)
		client.addr.byte[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return client;
}

static struct ban
ban_number(int64_t number, int64_t now)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint32_t scattered = (uint32_t)number * UINT32_C(0x2c9277b5);
	struct ban ban = {
		.who = client_number(number),
		.reason = REASON_ERROR,
		.rule = "errors",
		.step = 1,
		.begins = now - 60,
		.ends = now + A_DAY + number % A_DAY,
		.stage = STAGE_RCPT,
		.service = SERVICE_MX,
		.reply = { .code = "550",
		    .enhanced = "5.7.1",
		    .phrase = "Too many errors from your IP" },
	};

	/* Scattered as real ones are, and never twice the same. */
	for (int i = 0; i < BAN_REF_SIZE - 1; i++)
		ban.ref[i] = digits[(scattered >> (5 * i)) & 31];
	return ban;
}

static void
next_transaction(struct store *store)
{
	if (store_commit(store) != STORE_OK ||
	    store_tend(store, NULL) == STORE_FAILED)
		log_fatal(EXIT_DATABASE, "%s", store_error(store));
	store_begin(store);
}

static void
put_bans(struct store *store, int64_t bans, int64_t now)
{
	for (int64_t i = 0; i < bans; i++) {
		struct ban ban = ban_number(i, now);
		struct ban_hits hits = { .hits = BAN_HITS_TO_MAIL,
			.told = now };

		store_record(store, &(struct store_record){ .ban = &ban });
		hits.id = ban.id;
		store_record(store, &(struct store_record){ .hits = &hits });
		if (i % A_TRANSACTION == A_TRANSACTION - 1)
			next_transaction(store);
	}
}

/* Hour by hour, as they come in a year of service: the rows of one client lie
 * far apart. */
static void
put_tallies(struct store *store, int64_t bans, int64_t others, int64_t now)
{
	static const struct tally some = {
		.sessions = 3, .messages = 2, .recipients = 2, .accepted = 2
	};

	for (int64_t ago = HOURS; ago > 0; ago--) {
		for (int64_t i = 0; i < others; i++) {
			const struct tally_row row = {
				.client = client_number(bans + i),
				.hour = tally_hour(now - ago * AN_HOUR),
				.tally = some,
			};
			bool daily = ago % 24 == i % 24 &&
				     ago / 24 <= i / ONE_IN % DAYS;

			if (i % ONE_IN == 0 || daily)
				store_record(store,
				    &(struct store_record){ .tally = &row });
		}
		next_transaction(store);
	}
}

int
main(int argc, char **argv)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;
	int64_t now = proc_now();
	int64_t bans;
	int64_t others = 0;

	log_init("fill");
	if (argc < 3 || argc > 4 ||
	    !text_to_int(argv[2], 0, BENCH_ADDRESSES / 2, &bans) ||
	    (argc == 4 &&
		!text_to_int(argv[3], 0, BENCH_ADDRESSES / 2, &others)))
		log_fatal(EXIT_USAGE, "usage: fill DATABASE BANS [OTHERS]");
	if (store_open(&store, argv[1], STORE_SERVE, 1000, error) != STORE_OK)
		log_fatal(EXIT_DATABASE, "%s", error);
	store_begin(store);
	put_bans(store, bans, now);
	if (others > 0)
		put_tallies(store, bans, others, now);
	next_transaction(store);
	store_rollback(store);
	store_close(store);
	return EXIT_SUCCESS;
}
