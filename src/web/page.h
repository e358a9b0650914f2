/*
 * The pages, in words.
 *
 * page_render() turns what is known into HTML by the templates and phrases of
 * a site.  It knows nothing of HTTP, of the database or of the clock;
 * everything it says is in struct page and in the configuration.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chart/chart.h"
#include "core/kind.h"
#include "core/reply.h"
#include "core/reputation.h"
#include "core/standing.h"
#include "web/site.h"
#include "web/template.h"
#include "web/visitor.h"

struct policy;
struct standing;
struct stats;
struct text;

/* ---- the data a page shows (page_data.c) ---- */

/*
 * Variables, put together in one piece of memory that goes as a whole.
 * Nothing here fails: where the memory is used up, `full` is set, and what
 * was put is not to be shown.  A name is set once in a section.  Texts that
 * are handed in are borrowed unless it says otherwise; NULL leaves the
 * variable empty.
 */

enum {
	/* The page of 16 bans under the largest policy takes half of it. */
	PAGE_DATA_SIZE = 288 * 1024,
	PAGE_WORDS_SIZE = 2048
};

enum {
	PAGE_COLUMNS_MAX = 48
};

/* What the columns of charts stand for: whole days, in UTC, or hours, in the
 * site's zone; the last is that of now. */
struct page_axis {
	size_t columns;
	const char *label[PAGE_COLUMNS_MAX]; /* as struct chart_columns's */
	uint64_t marks;
};

/* A chart and its values. */
struct page_chart {
	int64_t value[2][PAGE_COLUMNS_MAX];
	struct chart_columns columns;
};

struct page_data {
	size_t used;
	bool full;
	const struct language *language;
	struct variable spare_variable; /* written to once it is full */
	struct section spare_section;
	struct page_chart spare_chart;
	struct page_axis spare_axis;
	_Alignas(max_align_t) char room[PAGE_DATA_SIZE];
};

/* Empty it, which touches no more of it than is used; gives back the
 * outermost section. */
struct section *page_data_init(
    struct page_data *data, const struct language *language);

/* Room for `size` bytes, not zeroed, or NULL where it is full. */
void *page_data_room(struct page_data *data, size_t size);

/* One more section in the list `name` of a section. */
struct section *section_item(struct section *section, enum variable_name name);

void section_text(
    struct section *section, enum variable_name name, const char *text);
/* The same of a copy. */
void section_copy(
    struct section *section, enum variable_name name, const char *text);
/* The phrase whose name is these two together. */
void section_word(struct section *section, enum variable_name name,
    const char *begin, const char *end);
/* "yes" or nothing. */
void section_yes(
    struct section *section, enum variable_name name, bool condition);
void section_write(struct section *section, enum variable_name name,
    void (*write)(const void *what, struct text *out), const void *what);
/* Text of several lines, escaped line by line. */
void section_lines(
    struct section *section, enum variable_name name, const char *text);

/* A number for people, in groups of three; and as programs read it, with zeros
 * up to `width` digits. */
void section_number(
    struct section *section, enum variable_name name, int64_t number);
void section_digits(struct section *section, enum variable_name name,
    int64_t number, int width);

/* How long something took, "1 d 4 h", or "1 j 4 h" in French; how long it
 * still takes, which is rounded up; and how long a ban lasts, as policies say
 * it: "24 h", "90 d". */
void section_duration(
    struct section *section, enum variable_name name, int64_t seconds);
void section_left(
    struct section *section, enum variable_name name, int64_t seconds);
void section_length(
    struct section *section, enum variable_name name, int64_t seconds);

/* A moment in UTC, as a list of one section; and in the site's zone, or in UTC
 * where it has none. */
void section_moment(
    struct section *section, enum variable_name name, int64_t at);
void section_here(struct section *section, enum variable_name name, int64_t at);
/* The same of an end that is told by the minute: the next full one, as nobody
 * shall come too early.  VAR_ISO stays exact. */
void section_end(struct section *section, enum variable_name name, int64_t at);

/*
 * The site's own time zone, "Europe/Paris", or empty for none.  One process
 * has one, set before it has threads: libc keeps it where all of them look.
 * False, and then there is none, where this host does not know it.
 */
bool page_zone_set(const char *name);
/* As it was set, or empty. */
const char *page_zone(void);
/* The hour of a day in it, or in UTC. */
int page_hour(int64_t at);

/* ---- the page ---- */

/* What the page has to say besides the form. */
enum page_kind {
	PAGE_FORM,        /* nothing yet */
	PAGE_LOOKUP,      /* what `standing` says */
	PAGE_SEVERAL,     /* what `several` say */
	PAGE_TOO_LONG,    /* a list of more than ASKED_MAX */
	PAGE_NO_ADDRESS,  /* the input is no address */
	PAGE_NETWORK,     /* the input is a network */
	PAGE_NEVER,       /* the input is in a range that is never banned */
	PAGE_US,          /* the input is an address of this host */
	PAGE_NOT_FOUND,   /* there is no such page */
	PAGE_NOT_ALLOWED, /* nothing but GET and HEAD */
	PAGE_UNAVAILABLE, /* the database cannot be read now */
	PAGE_TOO_MANY,    /* the visitor asks too often */
	PAGE_CODES,       /* the active policy's replies */
	PAGE_DURATIONS,   /* how long its bans last */
	PAGE_WHY,         /* what its rules count */
	PAGE_FAQ,         /* questions and answers */
	PAGE_STATS,       /* what `stats` say */
	PAGE_CALENDAR,    /* the last for visitors: when `standing`, which is
			   * listed, ends */
	PAGE_OPERATOR,    /* what `view` says, and of the overview `stats` */
	PAGE_OPERATOR_ADDRESS,
	PAGE_KIND_COUNT
};

/* One of several addresses. */
struct page_one {
	enum page_kind kind;     /* PAGE_LOOKUP, or what is wrong */
	const char *text;        /* as it was asked for */
	char ip[ADDR_TEXT_SIZE]; /* of PAGE_LOOKUP */
	char ref[BAN_REF_SIZE];  /* of its ban, as asked for; or empty */
	uint32_t causes;         /* of its bans, bits of cause_words */
	int64_t ends;            /* of the last ban; 0: not blocked */
};

struct page_several {
	int64_t checked_at;
	struct page_one one[ASKED_MAX];
	size_t count;
};

struct page {
	enum page_kind kind;
	const struct language *language;
	bool language_asked; /* by ?lang=: links and form keep it */
	const struct site *site;
	const char *path;                /* as asked for, for links back */
	const char *input;               /* what the field shows, or NULL */
	const char *ref;                 /* as asked for, or NULL */
	const char *const *asked;        /* the addresses as asked for, for */
	size_t asks;                     /* links back; how many */
	bool own;                        /* the address is the visitor's own */
	bool sees;                       /* what is for the client alone: refs,
					   * counts, when it was refused */
	const struct standing *standing; /* of PAGE_LOOKUP, PAGE_CALENDAR; of
					   * PAGE_FORM the visitor's own, or
					   * NULL */
	const struct page_several *several; /* of PAGE_SEVERAL */
	const struct lookup_past *past;   /* the ban of that ref, which is over;
					   * or NULL */
	const struct lookup_bans *bans;   /* beside its bans; or NULL */
	const struct lookup_hours *hours; /* NULL: not for this visitor */
	const struct operator_view *view; /* NULL: a page for the public */
	const struct stats *stats;        /* of PAGE_STATS; and of the form only
					  * who is listed, NULL: not known now */
	/* Filled in by page_render(), for the parts: */
	const struct policy *policy; /* the active one */
	struct page_data *data;
	struct section *root; /* the outermost section */
};

/* The page of that path ("/codes", "/codes/"), or PAGE_NOT_FOUND; PAGE_FORM for "/". */
enum page_kind page_of_path(const char *path);

/* The ban that has this ref, as a visitor wrote it (NULL for none), or NULL.
 * Who brought its ref may read it again, whatever else he may see. */
const struct ban *page_ref_ban(
    const struct standing *standing, const char *ref);

/* Add text for a part of a URI (RFC 3986), `newline` for the end of a line:
 * mail has another (RFC 6068). */
void page_encode(struct text *out, const char *text, const char *newline);

/* For section_write(): an address that may be broken behind its colons. */
void page_write_breakable(const void *ip, struct text *out);

/* What a ban is for: its reason, or "manual". */
const char *page_reason(const struct ban *ban);

/* Add the page to `out`; false where it did not fit or a template of the
 * owner's is wrong, and then it is not to be shown. */
bool page_render(const struct page *asked, struct text *out);

/* ---- the parts of the pages, each of which fills in what its templates
 * show ---- */

/* The end of a block, and then the whole of it, which is no page: text/calendar
 * by RFC 5545; false as of page_render() (calendar.c). */
void page_calendar_fill(struct page *page);
bool page_calendar_write(struct page *page, struct text *out);

/* The look-up of an address; and the form, with a line about the visitor's own
 * address where `standing` is known (page_lookup.c). */
void page_lookup_fill(struct page *page);
void page_form_fill(struct page *page);

/* Several addresses beside each other (page_several.c). */
void page_several_fill(struct page *page);

/* The active policy's replies and limits, durations and kinds
 * (page_host.c). */
void page_codes_fill(struct page *page);
/* Where on /codes a reply is told of, which links to it name behind '#': its
 * own code up to a blank, else its code.  Returns `out`. */
char *page_anchor(const struct reply *reply, char out[static REPLY_OWN_SIZE]);
void page_durations_fill(struct page *page);
void page_why_fill(struct page *page);
/* What is kept how long, by the configuration. */
void page_faq_fill(struct page *page);

/* Figures of the whole host (page_host.c). */
void page_stats_fill(struct page *page);

/* What the operator sees, the links between its pages too
 * (page_operator.c). */
void page_operator_fill(struct page *page);

/* A template or phrase filled with the root's variables, without markup, as
 * text of its own of less than PAGE_WORDS_SIZE bytes; NULL where there is no
 * room. */
const char *page_words(struct page *page, const char *name);

/* For each of a set of kinds or reasons, whose words these are, one more
 * section in `list`, in which `name` is its phrase of that prefix: "offence-",
 * "messages recognised as spam"; "kind-", "Spam"; "why-", what is wrong with
 * it; "fix-", what to do about it. */
void page_set_put(struct section *section, enum variable_name list,
    enum variable_name name, const char *prefix, const struct words *words,
    uint32_t set);
/* VAR_OFFENCES with VAR_OFFENCE and VAR_COUNT of those kinds that are not 0. */
void page_counts_put(
    struct section *section, const int64_t count[static KIND_COUNT]);

/* Who is blocked: VAR_BLOCKED with VAR_LABEL and VAR_COUNT, addresses and
 * networks apart. */
void page_blocked_put(const struct page *page, const struct stats *stats);

/* A bar that is `value` of `most` long. */
void page_bar_put(struct section *section, enum variable_name name,
    int64_t value, int64_t most);

/* An axis of `columns` times, `step` seconds apart (STORE_DAY, or an hour).
 * What is to stand below it goes to the root: VAR_MARKS, an item a column, with
 * VAR_LABEL where it is named; of VAR_LESS where there is little room. */
struct page_axis *page_axis_put(
    struct page *page, int64_t from, int64_t step, size_t columns);

/* A chart of `series` series, to be filled in and put: VAR_CHART, and of its
 * scale VAR_TOP and VAR_HALF; VAR_MOST is its highest, where there is any.  With `phrases` it is
 * read by those of these names, and VAR_UNIT is that of "unit-" and the id;
 * else it is an ornament. */
struct page_chart *page_chart_new(
    struct page *page, size_t series, const struct page_axis *axis);
void page_chart_put(struct page *page, struct section *section,
    struct page_chart *chart, const struct chart_words *phrases);

#endif
