#include "web/told.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "web/zone.h"

enum {
	CHUNK = 32 * 1024,
	/* The page of 16 bans under the largest policy takes half of them. */
	CHUNKS_MAX = 8,
	ALIGNMENT = _Alignof(max_align_t),
	NUMBER_SIZE = 24,
	HOUR = 3600,
	HOURS_MAX = 72 /* what lasts longer is told in days */
};

static const char *const months[12] = { "month-1", "month-2", "month-3",
	"month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
	"month-10", "month-11", "month-12" };
static const char *const months_short[12] = { "month-short-1", "month-short-2",
	"month-short-3", "month-short-4", "month-short-5", "month-short-6",
	"month-short-7", "month-short-8", "month-short-9", "month-short-10",
	"month-short-11", "month-short-12" };

struct told_chunk {
	struct told_chunk *next;
	_Alignas(ALIGNMENT) char memory[CHUNK];
};

/* Not zeroed, since it is large; nor is what told_room() gives. */
void
told_init(struct told *told, enum language language)
{
	told->more = NULL;
	told->at = told->first;
	told->left = sizeof(told->first);
	told->chunks = 0;
	told->full = false;
	told->language = language;
}

void
told_clear(struct told *told)
{
	while (told->more != NULL) {
		struct told_chunk *chunk = told->more;

		told->more = chunk->next;
		free(chunk);
	}
}

/* Another chunk, where there may be one. */
static bool
grow(struct told *told)
{
	struct told_chunk *chunk = told->chunks < CHUNKS_MAX
				       ? malloc(sizeof(*chunk))
				       : NULL;

	if (chunk == NULL) {
		return false;
	}
	chunk->next = told->more;
	told->more = chunk;
	told->at = chunk->memory;
	told->left = sizeof(chunk->memory);
	told->chunks++;
	return true;
}

void *
told_room(struct told *told, size_t size)
{
	const size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	void *room;

	if (told->full || size > CHUNK || (whole > told->left && !grow(told))) {
		told->full = true;
		return NULL;
	}
	room = told->at;
	told->at += whole;
	told->left -= whole;
	return room;
}

struct scope *
told_scope(struct told *told)
{
	struct scope *scope = told_room(told, sizeof(*scope));

	if (scope == NULL) {
		scope = &told->spare_scope;
	}
	*scope = (struct scope){ .slot = NULL };
	return scope;
}

/* A new slot, of the name, put before the others of the scope. */
static struct slot *
add(struct told *told, struct scope *scope, enum slot_name name)
{
	struct slot *slot = told_room(told, sizeof(*slot));

	if (slot == NULL) {
		told->spare_slot = (struct slot){ .name = name };
		return &told->spare_slot;
	}
	*slot = (struct slot){ .name = name, .next = scope->slot };
	scope->slot = slot;
	return slot;
}

struct scope *
told_item(struct told *told, struct scope *scope, enum slot_name name)
{
	struct slot *slot = scope->slot;
	struct scope *item = told_scope(told);
	struct scope **end;

	while (slot != NULL && slot->name != name) {
		slot = slot->next;
	}
	if (slot == NULL) {
		slot = add(told, scope, name);
	}
	end = &slot->list;
	while (*end != NULL && *end != item) {
		end = &(*end)->next;
	}
	*end = item;
	return item;
}

void
told_text(struct told *told, struct scope *scope, enum slot_name name,
    const char *text)
{
	add(told, scope, name)->text = text;
}

void
told_copy(struct told *told, struct scope *scope, enum slot_name name,
    const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy = told_room(told, size);

	if (copy != NULL) {
		memcpy(copy, text, size);
	}
	told_text(told, scope, name, copy);
}

void
told_digits(struct told *told, struct scope *scope, enum slot_name name,
    int64_t number, int width)
{
	char *text = told_room(told, NUMBER_SIZE);
	struct text out;

	if (text != NULL) {
		text_init(&out, text, NUMBER_SIZE);
		text_add_int(&out, number, width);
		told_text(told, scope, name, text);
	}
}

/* In groups of three from 10 000 on, by a narrow blank as SI has it. */
void
told_number(
    struct told *told, struct scope *scope, enum slot_name name, int64_t number)
{
	static const char blank[] = "\xe2\x80\xaf";
	char digits[NUMBER_SIZE];
	char *text;
	struct text out;
	size_t len;

	if (number < 10000 && number > -1000) {
		told_digits(told, scope, name, number, 0);
		return;
	}
	text = told_room(told, NUMBER_SIZE + 7 * sizeof(blank));
	if (text == NULL) {
		return;
	}
	text_init(&out, digits, sizeof(digits));
	text_add_int(&out, number, 0);
	len = out.len;
	text_init(&out, text, NUMBER_SIZE + 7 * sizeof(blank));
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0) {
			text_add(&out, blank);
		}
		text_add_char(&out, digits[i]);
	}
	told_text(told, scope, name, text);
}

void
told_phrase(struct told *told, struct scope *scope, enum slot_name name,
    const char *phrase)
{
	add(told, scope, name)->phrase = phrase;
}

void
told_yes(
    struct told *told, struct scope *scope, enum slot_name name, bool condition)
{
	told_text(told, scope, name, condition ? "yes" : NULL);
}

void
told_write(struct told *told, struct scope *scope, enum slot_name name,
    void (*write)(const void *what, struct text *out), const void *what)
{
	struct slot *slot = add(told, scope, name);

	slot->write = write;
	slot->what = what;
}

void
told_duration(struct told *told, struct scope *scope, enum slot_name name,
    int64_t seconds)
{
	char *text = told_room(told, DURATION_TEXT_SIZE);
	char *day;

	if (text == NULL) {
		return;
	}
	day = strchr(text_from_duration(seconds, text), 'd');
	if (day != NULL) {
		*day = language_day(told->language);
	}
	told_text(told, scope, name, text);
}

void
told_length(struct told *told, struct scope *scope, enum slot_name name,
    int64_t seconds)
{
	if (seconds % HOUR == 0 && seconds < HOURS_MAX * (int64_t)HOUR) {
		char text[DURATION_TEXT_SIZE];
		struct text out;

		text_init(&out, text, sizeof(text));
		text_add_int(&out, seconds / HOUR, 0);
		text_add(&out, " h");
		told_copy(told, scope, name, text);
	} else {
		told_duration(told, scope, name, seconds);
	}
}

static void
write_lines(const void *what, struct text *out)
{
	const char *line = what;

	while (*line != '\0') {
		const size_t len = strcspn(line, "\n");

		template_escape_bytes(out, line, len);
		line += len;
		if (*line == '\n') {
			text_add_char(out, *line++);
		}
	}
}

void
told_lines(struct told *told, struct scope *scope, enum slot_name name,
    const char *text)
{
	told_write(told, scope, name, write_lines, text);
}

/* ---- moments ---- */

static void
tell_moment(
    struct told *told, struct scope *moment, int64_t at, const struct tm *tm)
{
	char iso[TIME_TEXT_SIZE];

	told_copy(told, moment, SLOT_ISO, text_from_time(at, iso));
	told_digits(told, moment, SLOT_DAY, tm->tm_mday, 0);
	told_yes(told, moment, SLOT_FIRST, tm->tm_mday == 1);
	told_phrase(told, moment, SLOT_MONTH, months[tm->tm_mon]);
	told_phrase(told, moment, SLOT_SHORT, months_short[tm->tm_mon]);
	told_digits(told, moment, SLOT_YEAR, tm->tm_year + INT64_C(1900), 0);
	told_digits(told, moment, SLOT_HOUR, tm->tm_hour, 2);
	told_digits(told, moment, SLOT_MINUTE, tm->tm_min, 2);
	told_digits(told, moment, SLOT_SECONDS, tm->tm_sec, 2);
	/* Libc's or our own: it outlives the page. */
	told_text(told, moment, SLOT_ZONE, tm->tm_zone);
}

void
told_moment(
    struct told *told, struct scope *scope, enum slot_name name, int64_t at)
{
	time_t when = (time_t)at;
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&when, &tm);
	tm.tm_zone = "UTC"; /* which libc calls GMT */
	tell_moment(told, told_item(told, scope, name), at, &tm);
}

void
told_local(
    struct told *told, struct scope *scope, enum slot_name name, int64_t at)
{
	struct tm tm;

	if (zone_local(at, &tm)) {
		tell_moment(told, told_item(told, scope, name), at, &tm);
	}
}

void
told_here(
    struct told *told, struct scope *scope, enum slot_name name, int64_t at)
{
	(zone_name()[0] != '\0' ? told_local : told_moment)(
	    told, scope, name, at);
}
