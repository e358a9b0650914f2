/*
 * What was complained of, for those it came from: as providers give it to
 * senders, a table of each day or a mail in ARF (RFC 5965) for each row.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/table.h"
#include "base/text.h"
#include "ctl/ctl.h"

enum {
	DATE_SIZE = sizeof("2026-11-27"),
	DAYS = 7, /* unless told */
	HOST_SIZE = 256
};

static const uint32_t kinds = 1U << KIND_COMPLAINT | 1U << KIND_SPAM;

/* One client and day. */
struct fbl_row {
	struct net client;
	int64_t begins; /* the day */
	int64_t at;     /* when the newest was */
	const char *day;
	struct addr address; /* whose the newest was */
	int64_t complaints;
	int64_t spam;
};

static const struct layout
    layout = { .column = {
		   { "day", OF(fbl_row, day), "DAY", 0 },
		   { "ip", OF(fbl_row, address), "ADDRESS", 0 },
		   { "complaints", OF(fbl_row, complaints), "COMPLAINTS",
		       COLUMN_RIGHT },
		   { "spam", OF(fbl_row, spam), "SPAM", COLUMN_RIGHT },
	       } };

struct fbl {
	struct ctl *ctl;
	struct net net; /* where `some` */
	bool some;
	bool full; /* no memory */
	int64_t day;
	struct fbl_row *row;
	size_t rows;
	size_t room;
};

/* ---- reading ---- */

static void
take_sum(void *to, const struct net *client, const struct tally *sum)
{
	struct fbl *fbl = to;
	struct fbl_row *row;

	if (tally_of(sum, kinds) == 0 || standing_never_banned_net(client) ||
	    (fbl->some && !net_contains(&fbl->net, client) &&
		!net_contains(client, &fbl->net))) {
		return;
	}
	row = array_grow(fbl->row, fbl->rows, &fbl->room, sizeof(*row));
	if (row == NULL) {
		fbl->full = true;
		return;
	}
	fbl->row = row;
	row[fbl->rows++] = (struct fbl_row){ .client = *client,
		.begins = fbl->day,
		.complaints = sum->kind[KIND_COMPLAINT],
		.spam = sum->kind[KIND_SPAM] };
}

/* Tallies count all; which address it was, and when, only events know, where
 * they are kept. */
static void
find_newest(struct ctl *ctl, struct fbl_row *row)
{
	const struct event_query query = { .client = row->client,
		.kinds = kinds,
		.after = row->begins - 1,
		.until = row->begins + STORE_DAY - 1 };

	if (!store_event_newest(ctl->store, &query, &row->address, &row->at)) {
		row->address = row->client.addr;
		row->at = row->begins + STORE_DAY / 2;
	}
}

/* Days in order, and clients by name in each; false after a complaint. */
static bool
read_rows(struct fbl *fbl)
{
	struct ctl *ctl = fbl->ctl;
	const int64_t days = ctl->args->value[OPTION_DAYS] != NULL
				 ? ctl->args->limit
				 : DAYS;
	const int64_t today = ctl->now - ctl->now % STORE_DAY;
	const int64_t kept = ctl->conf->keep_tallies / STORE_DAY + 1;

	store_read(ctl->store);
	for (int64_t i = (days < kept ? days : kept) - 1; i >= 0; i--) {
		fbl->day = today - i * STORE_DAY;
		store_tally_each(ctl->store, fbl->day, fbl->day + STORE_DAY - 1,
		    take_sum, fbl);
	}
	for (size_t i = 0; i < fbl->rows; i++) {
		find_newest(ctl, &fbl->row[i]);
	}
	if (fbl->full) {
		output_complain("out of memory");
	}
	return ctl_well(ctl, store_read_end(ctl->store)) && !fbl->full;
}

/* ---- writing ---- */

/* "Fri, 27 Nov 2026 18:05:42 +0000" (RFC 5322). */
static const char *
mail_date(int64_t at)
{
	static char text[64];
	const time_t when = (time_t)at;
	struct tm utc;

	if (gmtime_r(&when, &utc) == NULL ||
	    strftime(text, sizeof(text), "%a, %d %b %Y %T +0000", &utc) == 0) {
		text[0] = '\0';
	}
	return text;
}

static const char *
day_text(int64_t at, char text[static TIME_TEXT_SIZE])
{
	(void)text_from_time(at, text);
	text[DATE_SIZE - 1] = '\0';
	return text;
}

/* One mail of a mailbox (RFC 4155).  The same day has the same Message-ID, so
 * that nobody need count it twice. */
static void
write_mail(const struct ctl *ctl, const struct fbl_row *row, const char *host)
{
	const char *contact = ctl->conf->contact;
	const time_t now = (time_t)ctl->now;
	char address[ADDR_TEXT_SIZE];
	char id[ADDR_TEXT_SIZE];
	char day[TIME_TEXT_SIZE];
	char begun[64] = "";
	struct tm utc;

	(void)day_text(row->begins, day);
	(void)addr_format(&row->address, address);
	memcpy(id, address, sizeof(id));
	for (char *c = id; (c = strchr(c, ':')) != NULL;) {
		*c = '-';
	}
	if (gmtime_r(&now, &utc) != NULL) {
		(void)strftime(begun, sizeof(begun), "%a %b %e %T %Y", &utc);
	}
	printf("From MAILER-DAEMON %s\n"
	       "From: <%s%s>\n"
	       "Date: %s\n"
	       "Subject: Feedback report for %s of %s\n"
	       "Message-ID: <fbl.%s.%s@%s>\n",
	    begun, contact[0] != '\0' ? contact : "postmaster@",
	    contact[0] != '\0' ? "" : host, mail_date(ctl->now), address, day,
	    day, id, host);
	printf("MIME-Version: 1.0\n"
	       "Content-Type: multipart/report; "
	       "report-type=feedback-report;\n"
	       "\tboundary=\"fbl.%s\"\n\n"
	       "--fbl.%s\n"
	       "Content-Type: text/plain; charset=us-ascii\n\n"
	       "Of the mail that %s took from %s on %s (UTC),\n"
	       "recipients complained of %" PRId64
	       ", and filters called %" PRId64 " spam.\n"
	       "No message is attached, as none is kept.\n\n",
	    day, day, host, address, day, row->complaints, row->spam);
	printf("--fbl.%s\n"
	       "Content-Type: message/feedback-report\n\n"
	       "Feedback-Type: abuse\n"
	       "User-Agent: videur/" VIDEUR_VERSION "\n"
	       "Version: 1\n"
	       "Source-IP: %s\n"
	       "Arrival-Date: %s\n"
	       "Reporting-MTA: dns; %s\n"
	       "Incidents: %" PRId64 "\n\n"
	       "--fbl.%s\n"
	       "Content-Type: text/rfc822-headers\n\n"
	       "Comments: the message is not kept\n\n"
	       "--fbl.%s--\n\n",
	    day, address, mail_date(row->at), host, row->complaints + row->spam,
	    day, day);
}

static void
write_mails(const struct fbl *fbl)
{
	char host[HOST_SIZE] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') {
		(void)text_copy(host, sizeof(host), "localhost");
	}
	for (size_t i = 0; i < fbl->rows; i++) {
		write_mail(fbl->ctl, &fbl->row[i], host);
	}
}

static void
write_table(const struct fbl *fbl, enum output_format format)
{
	char day[TIME_TEXT_SIZE];

	output_init(format, false);
	output_table(NULL, &layout);
	for (size_t i = 0; i < fbl->rows; i++) {
		struct fbl_row row = fbl->row[i];

		row.day = day_text(row.begins, day);
		output_row();
		output_fields(&row);
		output_end();
	}
	output_end();
	output_init(OUTPUT_TEXT, false);
}

enum exit_status
export_fbl(struct ctl *ctl)
{
	const struct args *args = ctl->args;
	struct fbl fbl = { .ctl = ctl, .some = args->targets > 0 };

	if (fbl.some) {
		fbl.net = ctl_client(ctl, &args->target[0]);
	}
	if (!read_rows(&fbl)) {
		free(fbl.row);
		return EXIT_DATABASE;
	}
	switch (args->format) {
	case FBL_CSV:
		write_table(&fbl, OUTPUT_CSV);
		break;
	case FBL_JSON:
		write_table(&fbl, OUTPUT_JSON);
		break;
	case FBL_ARF:
		write_mails(&fbl);
		break;
	}
	free(fbl.row);
	return EXIT_FINE;
}
