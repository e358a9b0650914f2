/*
 * The data a page shows: variables, put together in one piece of memory that
 * goes as a whole, and the names that templates may use for them; the
 * templates show what each holds.
 *
 * Nothing here fails: where the memory is used up, `full` is set, and what
 * was put is not to be shown.  A name is set once in a section.  Texts that
 * are handed in are borrowed unless it says otherwise; NULL leaves the
 * variable empty.
 */
#ifndef WEB_PAGE_DATA_H
#define WEB_PAGE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/negotiate.h"
#include "web/template.h"

/* All names, as the code and as the templates write them. */
/* clang-format off */
#define PAGE_VARIABLES(V)                                                      \
	/* every page */                                                       \
	V(LANG, "lang") V(KEEP, "keep") V(ROOT, "root") V(HERE, "here")        \
	V(VERSION, "version") V(SITE_NAME, "site-name") V(LOGO, "logo")        \
	V(HEADING, "heading") V(PAGE, "page") V(PAGES, "pages")                \
	V(HREF, "href") V(LABEL, "label") V(CURRENT, "current")                \
	V(CHOICE, "choice") V(LANGUAGES, "languages") V(TAG, "tag")            \
	V(NAME, "name") V(CONTACT, "contact") V(ABUSE, "abuse")                \
	V(OWNER, "owner") V(COUNTED, "counted") V(V4, "v4") V(V6, "v6")        \
	V(INPUT, "input") V(PROBLEM, "problem")                                \
	/* moments */                                                          \
	V(ISO, "iso") V(DAY, "day") V(FIRST, "first") V(MONTH, "month")        \
	V(YEAR, "year") V(HOUR, "hour") V(MINUTE, "minute")                    \
	V(SECONDS, "seconds") V(ZONE, "zone") V(ZONE_NAME, "zone-name")        \
	/* the answer */                                                       \
	V(IP, "ip") V(REF, "ref") V(OWN, "own") V(CLEAR, "clear")              \
	V(LISTED, "listed") V(GONE, "gone") V(BY_HAND, "by-hand")              \
	V(AUTOMATIC, "automatic") V(LEAD, "lead") V(UNTIL, "until")            \
	V(UNTIL_LOCAL, "until-local") V(SINCE, "since")                        \
	V(SINCE_LOCAL, "since-local") V(LEFT, "left")                          \
	V(LEFT_SECONDS, "left-seconds") V(SERVED, "served") V(MANY, "many")    \
	V(BANS, "bans") V(ASKED, "asked") V(REASON, "reason") V(WHY, "why")    \
	V(NETWORK, "network") V(SERVICE, "service") V(REPLY, "reply")          \
	V(DEEDS, "deeds") V(DEED, "deed") V(COUNT, "count") V(STEP, "step")    \
	V(STEPS, "steps") V(LENGTH, "length") V(ORDINAL, "ordinal")            \
	V(LAST, "last") V(DONE, "done") V(NOW, "now") V(NEXT, "next")          \
	V(SAME, "same") V(EVERY, "every") V(MEMORY, "memory")                  \
	V(FIXES, "fixes") V(FIX, "fix") V(HOURS, "hours")                      \
	V(HOURS_NONE, "hours-none") V(HOUR_ROWS, "hour-rows")                  \
	V(HOUR_FROM, "hour-from") V(HOUR_MIDDLE, "hour-middle")                \
	V(REPUTATION, "reputation") V(MOST, "most") V(REPORT, "report")        \
	V(REPORT_TIME, "report-time") V(MAILTO, "mailto")                      \
	/* the policy */                                                       \
	V(CODES, "codes") V(CODE, "code") V(ENHANCED, "enhanced")              \
	V(WORDS, "words") V(REASONS, "reasons") V(TEMPORARY, "temporary")      \
	V(CLOSES, "closes") V(SOFT, "soft") V(AGAIN, "again")                  \
	V(FIRST_BAN, "first-ban") V(LAST_BAN, "last-ban")                      \
	V(LIMITS, "limits") V(LIMIT, "limit") V(LEAST, "least")                \
	V(COLUMNS, "columns") V(ROWS, "rows") V(CELLS, "cells")                \
	V(KINDS, "kinds")                                                      \
	/* figures */                                                          \
	V(FIGURES, "figures") V(STATS_TIME, "stats-time")                      \
	V(BAN_CHART, "ban-chart") V(TOTAL, "total") V(SESSIONS, "sessions")    \
	V(MESSAGES, "messages") V(ACCEPTED, "accepted") V(CHART, "chart")      \
	V(BAR, "bar") V(DAY_FROM, "day-from") V(DAY_UNTIL, "day-until")        \
	V(SHORT, "short")
/* clang-format on */

#define PAGE_VARIABLE(name, word) VAR_##name,
enum variable_name {
	PAGE_VARIABLES(PAGE_VARIABLE) VAR_NAMES
};
#undef PAGE_VARIABLE

extern const char *const variable_names[VAR_NAMES];

enum {
	/* The page of 16 bans under the largest policy takes half of it. */
	PAGE_DATA_SIZE = 288 * 1024
};

struct page_data {
	size_t used;
	bool full;
	enum language language;
	struct variable spare_variable; /* written to once it is full */
	struct section spare_section;
	_Alignas(max_align_t) char room[PAGE_DATA_SIZE];
};

/* Empty it, which touches no more of it than is used; gives back the
 * outermost section. */
struct section *page_data_init(struct page_data *data, enum language language);

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

/* How long something still takes, "1 d 4 h", or "1 j 4 h" in French; and how
 * long a ban lasts, as policies say it: "24 h", "90 d". */
void section_duration(
    struct section *section, enum variable_name name, int64_t seconds);
void section_length(
    struct section *section, enum variable_name name, int64_t seconds);

/* A moment in UTC, as a list of one section; and, where the site has a zone,
 * in that zone. */
void section_moment(
    struct section *section, enum variable_name name, int64_t at);
void section_local(
    struct section *section, enum variable_name name, int64_t at);
/* In that zone, or in UTC where there is none. */
void section_here(struct section *section, enum variable_name name, int64_t at);

/*
 * The site's own time zone, "Europe/Paris", or empty for none.  One process
 * has one, set before it has threads: libc keeps it where all of them look.
 * False, and then there is none, where this host does not know it.
 */
bool page_zone_set(const char *name);
/* As it was set, or empty. */
const char *page_zone(void);

#endif
