#include "web/page.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum {
	ALIGNMENT = _Alignof(int64_t), /* and of pointers */
	NUMBER_SIZE = 24,
	/* A sign before each three of 19 digits. */
	GROUPED_SIZE = NUMBER_SIZE + 6 * LANGUAGE_WORD_SIZE,
	MINUTE = 60,
	HOUR = 3600,
	DAY = 24 * HOUR,
	HOURS_MAX = 72 /* what lasts longer is shown in days */
};

static char zone[65];

/* ---- memory ---- */

void *
page_data_room(struct page_data *data, size_t size)
{
	const size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	void *room = data->room + data->used;

	if (data->full || whole > sizeof(data->room) - data->used) {
		data->full = true;
		return NULL;
	}
	data->used += whole;
	return room;
}

static struct section *
new_section(struct page_data *data)
{
	struct section *section = page_data_room(data, sizeof(*section));

	if (section == NULL) {
		section = &data->spare_section;
	}
	*section = (struct section){ .data = data };
	return section;
}

struct section *
page_data_init(struct page_data *data, const struct language *language)
{
	data->used = 0;
	data->full = false;
	data->language = language;
	return new_section(data);
}

/* A new variable of the name, put before the others of the section. */
static struct variable *
add(struct section *section, enum variable_name name, enum variable_kind kind)
{
	struct variable *variable = page_data_room(
	    section->data, sizeof(*variable));

	if (variable == NULL) {
		variable = &section->data->spare_variable;
		*variable = (struct variable){ .kind = (unsigned char)kind };
		return variable;
	}
	*variable = (struct variable){ .next = section->variable,
		.name = (uint16_t)name,
		.kind = (unsigned char)kind };
	section->variable = variable;
	return variable;
}

struct section *
section_item(struct section *section, enum variable_name name)
{
	struct variable *variable = section->variable;
	struct section *item = new_section(section->data);
	struct section **end;

	while (variable != NULL && variable->name != name) {
		variable = variable->next;
	}
	if (variable == NULL) {
		variable = add(section, name, VARIABLE_LIST);
	}
	end = &variable->list;
	while (*end != NULL && *end != item) {
		end = &(*end)->next;
	}
	*end = item;
	return item;
}

/* ---- texts ---- */

void
section_text(struct section *section, enum variable_name name, const char *text)
{
	add(section, name, VARIABLE_TEXT)->text = text;
}

static const char *
copy_of(struct page_data *data, const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy = page_data_room(data, size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void
section_copy(struct section *section, enum variable_name name, const char *text)
{
	section_text(section, name, copy_of(section->data, text));
}

void
section_word(struct section *section, enum variable_name name,
    const char *begin, const char *end)
{
	struct variable *variable = add(section, name, VARIABLE_PHRASE);

	variable->phrase = begin;
	variable->rest = end;
}

void
section_yes(struct section *section, enum variable_name name, bool condition)
{
	section_text(section, name, condition ? "yes" : NULL);
}

void
section_write(struct section *section, enum variable_name name,
    void (*write)(const void *what, struct text *out), const void *what)
{
	struct variable *variable = add(section, name, VARIABLE_MARKUP);

	variable->write = write;
	variable->what = what;
}

static void
write_lines(const void *what, struct text *out)
{
	const char *line = what;

	while (*line != '\0') {
		const size_t len = strcspn(line, "\n");

		template_escape(out, line, len);
		line += len;
		if (*line == '\n') {
			text_add_char(out, *line++);
		}
	}
}

void
section_lines(
    struct section *section, enum variable_name name, const char *text)
{
	section_write(section, name, write_lines, text);
}

/* ---- numbers and durations ---- */

/* Add a number, which the language's forms go by. */
static struct variable *
put_number(struct section *section, enum variable_name name, int64_t number)
{
	struct variable *variable = add(section, name, VARIABLE_NUMBER);

	variable->number = number;
	return variable;
}

void
section_digits(
    struct section *section, enum variable_name name, int64_t number, int width)
{
	put_number(section, name, number)->width = (unsigned char)width;
}

void
section_number(struct section *section, enum variable_name name, int64_t number)
{
	struct variable *variable = put_number(section, name, number);
	char text[GROUPED_SIZE];
	struct text out;

	if (text_is_grouped(number)) {
		text_init(&out, text, sizeof(text));
		text_add_grouped(&out, number, section->data->language->group);
		variable->text = copy_of(section->data, text);
	}
}

/* Add "3 d", the first of four units; no line ends within it. */
static void
add_unit(struct text *out, const struct language *language, int64_t count,
    size_t unit)
{
	text_add(out, out->len > 0 ? "\u00a0" : "");
	text_add_int(out, count, 0);
	text_add(out, "\u00a0");
	text_add(out, language->unit[unit]);
}

void
section_duration(
    struct section *section, enum variable_name name, int64_t seconds)
{
	static const int64_t units[] = { DAY, HOUR, MINUTE, 1 };
	const struct language *language = section->data->language;
	int64_t rest = seconds > 0 ? seconds : 0;
	char text[2 * (NUMBER_SIZE + LANGUAGE_WORD_SIZE)];
	struct text out;
	size_t unit = 0;

	while (unit < 3 && rest < units[unit]) {
		unit++;
	}
	text_init(&out, text, sizeof(text));
	add_unit(&out, language, rest / units[unit], unit);
	rest %= units[unit];
	if (unit < 3 && rest >= units[unit + 1]) {
		add_unit(&out, language, rest / units[unit + 1], unit + 1);
	}
	section_copy(section, name, text);
}

void
section_left(struct section *section, enum variable_name name, int64_t seconds)
{
	/* The smaller of the two units that are told. */
	const int64_t unit = seconds >= DAY    ? HOUR
			     : seconds >= HOUR ? MINUTE
					       : 1;

	section_duration(section, name, (seconds + unit - 1) / unit * unit);
}

void
section_length(
    struct section *section, enum variable_name name, int64_t seconds)
{
	char text[NUMBER_SIZE + LANGUAGE_WORD_SIZE];
	struct text out;

	if (seconds % HOUR != 0 || seconds >= HOURS_MAX * (int64_t)HOUR) {
		section_duration(section, name, seconds);
		return;
	}
	text_init(&out, text, sizeof(text));
	add_unit(&out, section->data->language, seconds / HOUR, 1);
	section_copy(section, name, text);
}

/* ---- moments ---- */

bool
page_zone_set(const char *name)
{
	char path[128];
	struct text out;

	zone[0] = '\0';
	if (name[0] == '\0') {
		return true;
	}
	/* A name of the host's tz database, and no path out of it. */
	text_init(&out, path, sizeof(path));
	text_addf(&out, "/usr/share/zoneinfo/%s", name);
	if (name[0] == '/' || strstr(name, "..") != NULL || out.cut ||
	    access(path, R_OK) != 0 || !text_copy(zone, sizeof(zone), name) ||
	    setenv("TZ", name, 1) != 0) { /* NOLINT(concurrency-mt-unsafe) */
		zone[0] = '\0';
		return false;
	}
	tzset();
	return true;
}

const char *
page_zone(void)
{
	return zone;
}

int
page_hour(int64_t at)
{
	time_t when = (time_t)at;
	struct tm tm = { .tm_hour = 0 };

	(void)(zone[0] != '\0' ? localtime_r : gmtime_r)(&when, &tm);
	return tm.tm_hour;
}

/* "Paris", of Europe/Paris; NULL of what is no place ("Etc/GMT+5"). */
static const char *
zone_place(void)
{
	const char *slash = strrchr(zone, '/');

	return slash == NULL || strncmp(zone, "Etc/", 4) == 0 ? NULL
							      : slash + 1;
}

/* The zone's name for people: the language's own ("heure de Londres"), else one
 * made of the place's. */
static void
put_zone(struct section *moment, const char *place)
{
	char name[sizeof(zone)];

	section_word(moment, VAR_ZONE, "zone-", place);
	moment->variable->instead = "zone-text";
	(void)text_copy(name, sizeof(name), place);
	for (char *c = name; *c != '\0'; c++) {
		*c = (char)(*c == '_' ? ' ' : *c);
	}
	section_copy(moment, VAR_PLACE, name);
}

/* `at` as `tm` has it; `place` is NULL where the zone's name in `tm` does. */
static void
put_moment(
    struct section *moment, int64_t at, const struct tm *tm, const char *place)
{
	static const char months[][3] = { "1", "2", "3", "4", "5", "6", "7",
		"8", "9", "10", "11", "12" };
	const char *month = months[tm->tm_mon];
	char iso[TIME_TEXT_SIZE];

	section_copy(moment, VAR_ISO, text_from_time(at, iso));
	section_digits(moment, VAR_DAY, tm->tm_mday, 0);
	section_yes(moment, VAR_FIRST, tm->tm_mday == 1);
	section_word(moment, VAR_MONTH, "month-", month);
	section_word(moment, VAR_SHORT, "month-short-", month);
	section_digits(moment, VAR_YEAR, tm->tm_year + INT64_C(1900), 0);
	section_digits(moment, VAR_HOUR, tm->tm_hour, 2);
	section_digits(moment, VAR_MINUTE, tm->tm_min, 2);
	section_digits(moment, VAR_SECONDS, tm->tm_sec, 2);
	if (place != NULL) {
		put_zone(moment, place);
	} else {
		/* Libc's or our own: it outlives the page. */
		section_text(moment, VAR_ZONE, tm->tm_zone);
	}
}

/* What the clock says at `told`, for the moment `at`. */
static void
put_utc(struct section *moment, int64_t at, int64_t told)
{
	time_t when = (time_t)told;
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&when, &tm);
	tm.tm_zone = "UTC"; /* which libc calls GMT */
	put_moment(moment, at, &tm, NULL);
}

static void
put_here(struct section *moment, int64_t at, int64_t told)
{
	time_t when = (time_t)told;
	struct tm tm;

	if (zone[0] != '\0' && localtime_r(&when, &tm) != NULL) {
		put_moment(moment, at, &tm, zone_place());
	} else {
		put_utc(moment, at, told);
	}
}

void
section_moment(struct section *section, enum variable_name name, int64_t at)
{
	put_utc(section_item(section, name), at, at);
}

void
section_here(struct section *section, enum variable_name name, int64_t at)
{
	put_here(section_item(section, name), at, at);
}

void
section_end(struct section *section, enum variable_name name, int64_t at)
{
	put_here(section_item(section, name), at,
	    at + (MINUTE - at % MINUTE) % MINUTE);
}
