/*
 * The parts of the pages: each tells the templates what one of them needs.
 */
#ifndef WEB_PAGE_PART_H
#define WEB_PAGE_PART_H

#include <stdint.h>

#include "core/ban.h"
#include "core/kind.h"
#include "web/told.h"

struct page_hours;
struct page_view;

/* What all parts are handed. */
struct page_part {
	struct told *told;
	struct scope *scope; /* the page's outermost */
	const struct page_view *view;
};

/* The answer about an address (page_answer.c). */
void page_answer_tell(struct page_part *part);

/* Of an answer: what was seen hour by hour (page_seen.c), and what to send to
 * the contact about a ban and its reply (page_report.c). */
void page_seen_tell(struct page_part *part, const struct page_hours *hours);
void page_report_tell(
    struct page_part *part, const struct ban *ban, const char *reply);

/* The active policy's replies and limits, durations and kinds
 * (page_policy.c). */
void page_codes_tell(struct page_part *part);
void page_durations_tell(struct page_part *part);
void page_why_tell(struct page_part *part);

/* Figures of the whole host (page_stats.c). */
void page_stats_tell(struct page_part *part);

/* ---- what several of them say ---- */

/* The ref as it is written: upper case, and without the letters that are
 * mistaken for digits; NULL where it cannot be one. */
const char *page_ref(const char *ref, char out[static BAN_REF_SIZE]);

/* A phrase filled with the slots of the scope, without markup, as text of its
 * own; NULL where there is no room. */
const char *page_words(
    struct page_part *part, const char *phrase, const struct scope *scope);

/* The kinds that a reason may be for, where no rule says which. */
uint32_t page_reason_kinds(enum reason reason);

/* Phrases of a kind and of a reason. */
struct kind_phrases {
	const char *deed; /* "messages recognised as spam" */
	const char *name; /* "Spam" */
	const char *why;  /* what is wrong with it */
	const char *fix;  /* what to do about it, as list items */
};
extern const struct kind_phrases kind_phrases[KIND_COUNT];
struct reason_phrases {
	const char *reason; /* "Too many ..." */
	const char *name;   /* "Spam" */
	const char *why;
};
extern const struct reason_phrases reason_phrases[REASON_COUNT];

/* Lists of one scope a kind: SLOT_DEEDS with SLOT_DEED, SLOT_FIXES with
 * SLOT_FIX. */
void page_tell_deeds(
    struct page_part *part, struct scope *scope, uint32_t kinds);
void page_tell_fixes(
    struct page_part *part, struct scope *scope, uint32_t kinds);

#endif
