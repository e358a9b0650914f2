/*
 * Fill a new database with active bans: fill DATABASE BANS
 *
 * The bans are what the shipped policy's "errors" rule gives, for the
 * addresses 0 to BANS - 1 (address.h), and end in a day or two.  Each was met
 * often enough to speak at MAIL, and so that no measured session is the first,
 * whose hit is written at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "base/addr.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "core/ban.h"
#include "store/store.h"

enum {
	A_TRANSACTION = 10000,
	A_DAY = 24 * 60 * 60
};

static struct ban
ban_number(int64_t number, int64_t now)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint32_t address = bench_address((uint32_t)number);
	struct ban ban = {
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

	ban.who.bits = ADDR_BITS;
	ban.who.addr.byte[10] = ban.who.addr.byte[11] = 0xff;
	for (int i = 0; i < 4; i++)
		ban.who.addr.byte[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	/* Scattered as real ones are, and never twice the same. */
	address = (uint32_t)number * UINT32_C(0x2c9277b5);
	for (int i = 0; i < BAN_REF_SIZE - 1; i++)
		ban.ref[i] = digits[(address >> (5 * i)) & 31];
	return ban;
}

static void
need(struct store *store, enum store_result result)
{
	if (result != STORE_OK)
		log_fatal(EXIT_DATABASE, "%s", store_error(store));
}

int
main(int argc, char **argv)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;
	int64_t now = proc_now();
	int64_t bans;

	log_init("fill");
	if (argc != 3 || !text_to_int(argv[2], 0, BENCH_ADDRESSES / 2, &bans))
		log_fatal(EXIT_USAGE, "usage: fill DATABASE BANS");
	if (store_open(&store, argv[1], STORE_WRITE, 1000, error) != STORE_OK)
		log_fatal(EXIT_DATABASE, "%s", error);
	need(store, store_begin(store));
	for (int64_t i = 0; i < bans; i++) {
		struct ban ban = ban_number(i, now);

		need(store, store_ban_put(store, &ban));
		/* In a new database ids count from 1. */
		need(store, store_ban_hit(store, i + 1, BAN_HITS_TO_MAIL, now));
		if (i % A_TRANSACTION != A_TRANSACTION - 1)
			continue;
		need(store, store_commit(store));
		store_checkpoint(store);
		need(store, store_begin(store));
	}
	need(store, store_commit(store));
	store_checkpoint(store);
	store_close(store);
	return EXIT_SUCCESS;
}
