/*
 * What a configuration makes of the pages: templates and phrases of each
 * language, the style sheet with the owner's colour, the files beside it.
 *
 * All is read once, at start and at each reload, and shared by counting
 * references.  A file of the folder `templates` takes the place of the one
 * compiled in under its name (phrases: those it holds); one that is broken is
 * named in the log with its line, and the compiled-in one stays.
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "web/template.h"
#include "web/visitor.h"

struct conf;
struct embedded;

enum {
	SITE_FILES_MAX = 64,
	SITE_PATH_SIZE = 320,
	SITE_HOST_SIZE = 256,
	SITE_FIXED = 10,
	SITE_FILE_MAX = 512 * 1024 /* bytes */
};

/* All names of variables, as the code and as the templates write them; the
 * templates show what each holds. */
/* clang-format off */
#define PAGE_VARIABLES(V)                                                      \
	/* every page */                                                       \
	V(LANG, "lang") V(KEEP, "keep") V(ROOT, "root") V(HERE, "here") V(QUERY, "query") V(SEVERAL, "several")        \
	V(VERSION, "version") V(SITE_NAME, "site-name") V(LOGO, "logo")        \
	V(HEADING, "heading") V(PAGE, "page") V(PAGES, "pages")                \
	V(HREF, "href") V(LABEL, "label") V(CURRENT, "current")                \
	V(CHOICE, "choice") V(LANGUAGES, "languages") V(TAG, "tag")            \
	V(NAME, "name") V(CONTACT, "contact") V(ABUSE, "abuse")                \
	V(OWNER, "owner") \
	V(RTL, "rtl")                                                          \
	V(INPUT, "input") V(PROBLEM, "problem")                                \
	/* moments */                                                          \
	V(ISO, "iso") V(DAY, "day") V(FIRST, "first") V(MONTH, "month")        \
	V(YEAR, "year") V(HOUR, "hour") V(MINUTE, "minute")                    \
	V(SECONDS, "seconds") V(ZONE, "zone") V(ZONE_NAME, "zone-name")        \
	/* the answer */                                                       \
	V(IP, "ip") V(REF, "ref") V(OWN, "own") V(CLEAR, "clear")              \
	V(LISTED, "listed") V(GONE, "gone") V(BY_HAND, "by-hand")              \
	V(AUTOMATIC, "automatic") V(LEAD, "lead") V(UNTIL, "until")            \
	V(UNTIL_LOCAL, "until-local") V(SINCE, "since") V(LEFT, "left")        \
	V(LEFT_SECONDS, "left-seconds") V(SERVED, "served") V(MANY, "many")    \
	V(BANS, "bans") V(ASKED, "asked") V(REASON, "reason") V(WHY, "why")    \
	V(NETWORK, "network") V(WIDE, "wide") V(SERVICE, "service") V(REPLY, "reply")          \
	V(OFFENCES, "offences") V(OFFENCE, "offence") V(COUNT, "count") V(STEP, "step")    \
	V(STEPS, "steps") V(LENGTH, "length") V(ORDINAL, "ordinal")            \
	V(LAST, "last") V(DONE, "done") V(NOW, "now") V(NEXT, "next")          \
	V(SAME, "same") V(EVERY, "every") V(MEMORY, "memory")                  \
	V(FIXES, "fixes") V(FIX, "fix") V(HOURS, "hours")                      \
	V(ENDED, "ended") V(LIFTED, "lifted") V(AGO, "ago")                    \
	V(LOOKED_UP, "looked-up") V(FREE, "free") V(OPEN, "open")              \
	V(LOGIN, "login")                                                      \
	V(AT_MOST, "at-most") V(WITHIN, "within") V(PARTLY, "partly")          \
	V(SAY, "say") V(GIVEN, "given")                    \
	V(MISTAKE, "mistake") V(AFTER, "after") V(ONCE, "once")                                                  \
	V(HOURS_NONE, "hours-none") V(HOUR_ROWS, "hour-rows")                  \
	V(HOUR_FROM, "hour-from")                \
	V(REPUTATION, "reputation") V(MOST, "most") V(REPORT, "report")        \
	V(REPORT_TIME, "report-time") V(MAILTO, "mailto")                      \
	/* the policy */                                                       \
	V(CODES, "codes") V(CODE, "code") V(ENHANCED, "enhanced")              \
	V(WORDS, "words") V(REASONS, "reasons") V(TEMPORARY, "temporary")      \
	V(CLOSES, "closes") V(SOFT, "soft") V(AGAIN, "again")                  \
	V(FIRST_BAN, "first-ban") V(LAST_BAN, "last-ban")                      \
	V(LIMITS, "limits") V(LIMIT, "limit") V(LEAST, "least")                \
	V(COLUMNS, "columns") V(ROWS, "rows") V(CELLS, "cells")                \
	V(KINDS, "kinds") V(GROWS, "grows") V(WEIGHED, "weighed")              \
	V(RECIPIENT, "recipient") V(GREYLIST, "greylist")                      \
	V(WIDE_V6, "wide-v6") V(BITS, "bits") V(LIVE, "live") V(LOGS, "logs") V(REPORTS, "reports")  \
	V(ANCHOR, "anchor")                                                    \
	/* the operator's page */                                              \
	V(FAILED, "failed") V(MODE, "mode")                    \
	V(POLICY, "policy") V(BRAKE, "brake") V(SERVICES, "services")          \
	V(SILENT, "silent") V(EVENTS, "events") V(COUNTS, "counts")            \
	V(RECIPIENTS, "recipients") V(GAPS, "gaps") V(PATH, "path")            \
	V(SIZE, "size") V(SCHEMA, "schema") V(DAMAGED, "damaged")              \
	V(OVERVIEW, "overview") V(SUSPECTS, "suspects")                        \
	V(SUSPECTS_ANY, "suspects-any") V(BANS_THERE, "bans-there")            \
	V(BANS_ANY, "bans-any") V(BANS_MORE, "bans-more")                      \
	V(ALLOWED, "allowed") V(ALLOWED_THERE, "allowed-there")                \
	V(ALLOWED_ANY, "allowed-any") V(ALLOWED_MORE, "allowed-more")          \
	V(CHANGES, "changes") V(CHANGES_THERE, "changes-there")                \
	V(CHANGES_ANY, "changes-any") V(CHANGES_MORE, "changes-more")          \
	V(FOUND, "found") V(UNKNOWN, "unknown")            \
	V(VERDICT, "verdict") V(LINES, "lines") V(FORWARDS, "forwards")        \
	V(OFFENCES_ANY, "offences-any") V(STATE, "state")                      \
	V(REFUSED, "refused")                                                  \
	/* figures */                                                          \
	V(STATS_TIME, "stats-time")                      \
	V(BAN_CHART, "ban-chart") V(TOTAL, "total") V(SESSIONS, "sessions")    \
	V(MESSAGES, "messages") V(ACCEPTED, "accepted") V(CHART, "chart")      \
	V(BAR, "bar")                                                          \
	V(SHORT, "short") V(BLOCKED, "blocked")                                \
	/* whose page it is, and where */                                      \
	V(HOST, "host") V(URL, "url") V(LINK, "link") V(SHARE, "share")        \
	V(PLACE, "place") V(SHOWN, "shown") V(FRONT, "front")          \
	/* charts */                                                           \
	V(UNIT, "unit") V(TOP, "top") V(HALF, "half") V(MARKS, "marks")        \
	V(LESS, "less") V(AT, "at")                                            \
	V(REFUSED_CHART, "refused-chart")                                      \
	/* what is kept how long */                                            \
	V(KEEP_EVENTS, "keep-events") V(KEEP_HOURS, "keep-hours")              \
	V(KEEP_BANS, "keep-bans") V(KEEP_AUDIT, "keep-audit")                  \
	V(OBSERVE, "observe")
/* clang-format on */

#define PAGE_VARIABLE(name, word) VAR_##name,
enum variable_name {
	PAGE_VARIABLES(PAGE_VARIABLE) VAR_NAMES
};
#undef PAGE_VARIABLE

extern const char *const variable_names[VAR_NAMES];

struct site_file {
	const char *name; /* also in the URL */
	const char *type; /* Content-Type; NULL: is not served as it is */
	const char *data; /* the owner's, or what is compiled in */
	size_t size;
	char *own; /* the owner's, or NULL */
	char path[SITE_PATH_SIZE];
};

struct site {
	struct conf *conf;
	struct languages languages;
	struct site_file file[SITE_FILES_MAX];
	size_t files;
	char phrases[LANGUAGES_MAX][LANGUAGE_FILE_SIZE]; /* names of files */
	/* What is the same on all pages, in each language. */
	struct variable fixed[LANGUAGES_MAX][SITE_FIXED];
	struct section fixed_in[LANGUAGES_MAX];
	const char *logo;          /* its path, below the site's root */
	char host[SITE_HOST_SIZE]; /* who refuses: the owner's name for it,
				    * else a host's */
	char version[9]; /* another whenever a served file is, for URLs */
	unsigned references;
};

/* Of `conf` a reference is taken.  NULL where there is no memory. */
struct site *site_new(struct conf *conf);
struct site *site_hold(struct site *site);
void site_drop(struct site *site);

/* What is served under that name, or NULL. */
const struct site_file *site_file(const struct site *site, const char *name);

/* ---- inside: its files (site_files.c), for what is made of them ---- */

bool site_name_ends(const char *name, const char *end);

/* What is compiled in under that name, or NULL. */
const struct embedded *site_built_in(const char *name);

/* Put the owner's file, or another made from it, in place of what is compiled
 * in; it is the site's then.  NULL takes it away again. */
void site_use(struct site_file *file, char *own, size_t size);

/* All of them, with what the configuration says of them; what cannot be used is
 * told in the log.  False where there is no memory. */
bool site_add_files(struct site *site);

#endif
