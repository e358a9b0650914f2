/* What happens, as it happens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/layout.h"
#include "ctl/piece.h"

enum {
	LINES = 10,    /* of each sort at the beginning */
	BATCH = 1000,  /* of each sort at once */
	NAP_MS = 250,  /* between two looks */
	WHO_SIZE = 64, /* a network, or whom a change is about */
	WHAT_SIZE = 32,
	TEXT_SIZE = 320,
	CLOCK_SIZE = sizeof("21:18:05")
};

static const char *const sorts[HAPPENED_SORTS] = { "event", "ban", "change" };

struct tail_row {
	int64_t at;
	size_t order; /* in which they were found */
	const char *sort;
	char clock[CLOCK_SIZE]; /* local */
	char who[WHO_SIZE];
	char what[WHAT_SIZE];
	char text[TEXT_SIZE];
};

static const struct layout rows = {
	.column = {
	    { "at", OF(tail_row, at), NULL, COLUMN_TIME },
	    { "clock", OF(tail_row, clock), "TIME", COLUMN_PEOPLE },
	    { "sort", OF(tail_row, sort), "", 6 * COLUMN_WIDTH },
	    { "what", OF(tail_row, what), "WHAT", 9 * COLUMN_WIDTH },
	    { "who", OF(tail_row, who), "OF", 15 * COLUMN_WIDTH },
	    { "text", OF(tail_row, text), "", COLUMN_WRAP },
	},
	.lines = true,
	.stream = true,
};

struct tailing {
	struct ctl *ctl;
	int64_t seen[HAPPENED_SORTS]; /* ids up to which all is told */
	int64_t since;                /* nothing before that */
	int64_t looked;               /* when it looked last */
	struct tail_row row[HAPPENED_SORTS * BATCH];
	size_t count;
	bool more;
};

static bool
is_asked(const struct args *args, const char *who)
{
	struct net net;
	bool asked = args->targets == 0;

	for (size_t i = 0; !asked && i < args->targets; i++) {
		asked = net_parse(who, &net) &&
			net_contains(&args->target[i].who, &net);
	}
	return asked;
}

/* Whether anything of a sort is asked for, and if so this.  Where nothing is
 * said all is; what is said adds up. */
static bool
is_wanted(const struct args *args, const struct happened *happened)
{
	const char *kind = args->value[OPTION_KIND];
	const char *reason = args->value[OPTION_REASON];
	const bool bans = args->value[OPTION_BANS] != NULL;
	const bool changes = args->value[OPTION_CHANGES] != NULL;

	if (kind == NULL && reason == NULL && !bans && !changes) {
		return true;
	}
	switch (happened->sort) {
	case HAPPENED_EVENT:
		return kind != NULL && strcmp(happened->what, kind) == 0;
	case HAPPENED_BAN:
		return reason != NULL ? strcmp(happened->what, reason) == 0
				      : bans;
	case HAPPENED_CHANGE:
		return changes;
	case HAPPENED_SORTS:
		break;
	}
	return false;
}

static void
take(void *to, const struct happened *happened)
{
	struct tailing *tailing = to;
	struct tail_row *row = &tailing->row[tailing->count];
	struct tm local;

	tailing->seen[happened->sort] = happened->id;
	tailing->more = true;
	if (happened->at < tailing->since ||
	    !is_wanted(tailing->ctl->args, happened) ||
	    !is_asked(tailing->ctl->args, happened->who)) {
		return;
	}
	row->order = tailing->count++;
	row->at = happened->at;
	row->sort = sorts[happened->sort];
	if (localtime_r(&(time_t){ happened->at }, &local) == NULL ||
	    strftime(row->clock, sizeof(row->clock), "%T", &local) == 0) {
		row->clock[0] = '\0';
	}
	(void)text_copy(row->who, sizeof(row->who), happened->who);
	(void)text_copy(row->what, sizeof(row->what), happened->what);
	(void)text_copy(row->text, sizeof(row->text), happened->text);
}

static int
by_time(const void *a, const void *b)
{
	const struct tail_row *one = a;
	const struct tail_row *other = b;

	return one->at != other->at ? (one->at > other->at ? 1 : -1)
				    : (one->order > other->order ? 1 : -1);
}

/* All that is new, in order of time; false where it cannot be read now. */
static bool
show_new(struct tailing *tailing)
{
	struct store *store = tailing->ctl->store;

	do {
		int64_t seen[HAPPENED_SORTS];

		memcpy(seen, tailing->seen, sizeof(seen));
		tailing->count = 0;
		tailing->more = false;
		store_read(store);
		for (int sort = 0; sort < HAPPENED_SORTS; sort++) {
			store_happened(store, (enum happened_sort)sort,
			    tailing->seen[sort], BATCH, take, tailing);
		}
		if (store_read_end(store) != STORE_OK) {
			memcpy(tailing->seen, seen, sizeof(seen));
			return false;
		}
		qsort(tailing->row, tailing->count, sizeof(tailing->row[0]),
		    by_time);
		for (size_t i = 0; i < tailing->count; i++) {
			output_record(&tailing->row[i]);
		}
	} while (tailing->more);
	return fflush(stdout) == 0;
}

/* Where it begins: `lines` before the newest of each; false where that cannot be
 * read now. */
static bool
begin(struct tailing *tailing, int64_t lines)
{
	struct store *store = tailing->ctl->store;

	store_read(store);
	for (int sort = 0; sort < HAPPENED_SORTS; sort++) {
		const int64_t newest = store_happened_newest(
		    store, (enum happened_sort)sort);

		tailing->seen[sort] = newest > lines ? newest - lines : 0;
	}
	return store_read_end(store) == STORE_OK;
}

enum exit_status
tail_show(struct ctl *ctl)
{
	static struct tailing tailing; /* too large for a stack */
	const struct timespec nap = { .tv_nsec = NAP_MS * INT64_C(1000000) };
	const struct args *args = ctl->args;
	int64_t lines = args->value[OPTION_LIMIT] != NULL ? args->limit : LINES;
	int64_t told = -1; /* store_changes() then */
	bool begun = false;

	tailing.ctl = ctl;
	output_table(NULL, &rows);
	while (!ferror(stdout)) {
		const int64_t changes = store_changes(ctl->store);
		bool anew = false;

		begun = begun || begin(&tailing, lines);
		if (begun && (changes != told || changes < 0) &&
		    show_new(&tailing)) {
			told = changes;
		}
		if (begun && changes == told) {
			tailing.looked = proc_now();
		}
		(void)nanosleep(&nap, NULL);
		/* Another database has other ids: what is new in it is what
		 * happened since the last look. */
		if (store_tend(ctl->store, &anew) == STORE_OK && anew) {
			tailing.since = tailing.looked;
			lines = BATCH;
			begun = false;
			told = -1;
		}
	}
	output_end();
	return EXIT_DATABASE;
}
