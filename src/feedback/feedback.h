/*
 * Complaints of recipients, as mailbox providers pass them on: mails of a
 * feedback loop, and tables of how many there were of an address and day.
 *
 * Reading them knows no database; what is read goes into the engine by
 * complaints_take().  All of it comes from strangers.  Nothing here reads a
 * clock.
 */
#ifndef FEEDBACK_FEEDBACK_H
#define FEEDBACK_FEEDBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "store/store.h"

enum {
	FEEDBACK_SIZE = 1024 * 1024, /* bytes that are read of a mail */
	FEEDBACK_ID_SIZE = 256,
	FEEDBACK_TYPE_SIZE = 17,
	FEEDBACK_WHY_SIZE = 160,
	/* What one mail can count for: no more of an hour is kept anyway. */
	FEEDBACK_MAIL_MAX = 500,
	/* And one address and day of a table. */
	FEEDBACK_DAY_MAX = 100000
};

/* What somebody complained of. */
struct complaint {
	struct addr address;
	int64_t at;                    /* INT64_MIN: not known */
	bool day;                      /* only the day of it is known */
	int64_t number;                /* at least 1 */
	char type[FEEDBACK_TYPE_SIZE]; /* "abuse", "fraud", "virus", "csv" */
	/* The same report has the same id, whenever it is read. */
	char id[FEEDBACK_ID_SIZE];
};

enum arf_result {
	ARF_COMPLAINT,
	ARF_OTHER,   /* a report that is no complaint: `why` says what */
	ARF_UNUSABLE /* no report, or broken: `why` */
};

/*
 * Read a mail: a report in ARF (RFC 5965), or one of Microsoft's JMRP, which
 * holds the mail that was complained of and no more.  A time in the future by
 * more than a day is no time: then that of the report's own Date stands for it.
 */
enum arf_result arf_read(const char *mail, size_t len, int64_t now,
    struct complaint *out, char why[static FEEDBACK_WHY_SIZE]);

/*
 * Read a table of complaints per address and day, in CSV (RFC 4180, with ","
 * ";" or a tab between fields): columns are known by their names, and without
 * one for the number each row is a complaint.  What it comes to is one
 * complaint for each address and day, in `*out`, which the caller frees.  What
 * is wrong with line `*line`, or NULL.
 */
const char *aggregate_read(FILE *from, int64_t now, struct complaint **out,
    size_t *complaints, int64_t *line);

/* What became of complaints, each counted alone. */
struct taken {
	int64_t counted;
	int64_t repeated;    /* counted before */
	int64_t not_counted; /* the address is allowed or never banned */
	int64_t old;         /* from before what is kept */
};

/*
 * Put complaints into the engine and the bans that begin into the log, and add
 * to `*taken` what was committed.  Of many of a day nobody knows the hour: they
 * are spread over it.  Anything but STORE_OK: the rest was not counted, and can
 * be taken again with all before it.
 */
enum store_result complaints_take(struct store *store, const struct conf *conf,
    const struct complaint *complaint, size_t complaints, int64_t now,
    struct taken *taken);

#endif
