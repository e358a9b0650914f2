/*
 * Tables of complaints, as Signal Spam and Validity send them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "feedback/feedback.h"

enum {
	FIELDS = 64,
	ROWS = 100000, /* addresses and days */
	NAME_SIZE = 32,
	DAY = 24 * 3600,
	AHEAD = 14 * 3600 /* s that the day begins earlier elsewhere */
};

enum field {
	COLUMN_ADDRESS,
	COLUMN_DAY,
	COLUMN_NUMBER,
	COLUMNS
};

/* Names of columns, without case and what is no letter. */
static const struct {
	enum field column;
	const char *name;
} names[] = {
	{ COLUMN_ADDRESS, "ip" },
	{ COLUMN_ADDRESS, "ipaddress" },
	{ COLUMN_ADDRESS, "ipaddr" },
	{ COLUMN_ADDRESS, "sourceip" },
	{ COLUMN_ADDRESS, "sendingip" },
	{ COLUMN_ADDRESS, "senderip" },
	{ COLUMN_ADDRESS, "clientip" },
	{ COLUMN_ADDRESS, "adresseip" },
	{ COLUMN_ADDRESS, "address" },
	{ COLUMN_ADDRESS, "client" },
	{ COLUMN_DAY, "day" },
	{ COLUMN_DAY, "date" },
	{ COLUMN_DAY, "jour" },
	{ COLUMN_DAY, "time" },
	{ COLUMN_DAY, "datetime" },
	{ COLUMN_DAY, "timestamp" },
	{ COLUMN_DAY, "reportdate" },
	{ COLUMN_DAY, "complaintdate" },
	{ COLUMN_DAY, "arrivaldate" },
	{ COLUMN_DAY, "datesignalement" },
	{ COLUMN_DAY, "datedesignalement" },
	{ COLUMN_NUMBER, "count" },
	{ COLUMN_NUMBER, "complaints" },
	{ COLUMN_NUMBER, "complaintcount" },
	{ COLUMN_NUMBER, "totalcomplaints" },
	{ COLUMN_NUMBER, "reports" },
	{ COLUMN_NUMBER, "number" },
	{ COLUMN_NUMBER, "total" },
	{ COLUMN_NUMBER, "nombre" },
	{ COLUMN_NUMBER, "plaintes" },
	{ COLUMN_NUMBER, "nbplaintes" },
	{ COLUMN_NUMBER, "nombredeplaintes" },
	{ COLUMN_NUMBER, "spamcomplaints" },
	{ COLUMN_NUMBER, "numberofcomplaints" },
	{ COLUMN_NUMBER, "signalements" },
	{ COLUMN_NUMBER, "nbsignalements" },
	{ COLUMN_NUMBER, "nombredesignalements" },
};

struct shape {
	char separator;
	size_t place[COLUMNS];   /* FIELDS: there is none */
	char id[HASH_TEXT_SIZE]; /* of the head: which provider's it is */
};

/* One address and day: bytes that are compared come first. */
struct row {
	struct addr address;
	int64_t day;
	int64_t number;
};

/* ---- the head ---- */

static void
take_name(struct shape *shape, const char *text, size_t place)
{
	char bare[NAME_SIZE];
	size_t len = 0;

	for (; *text != '\0' && len < sizeof(bare) - 1; text++) {
		if (isalpha((unsigned char)*text)) {
			bare[len++] = (char)tolower((unsigned char)*text);
		}
	}
	bare[len] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t *at = &shape->place[names[i].column];

		if (*at == FIELDS && strcmp(bare, names[i].name) == 0) {
			*at = place;
		}
	}
}

static const char *
read_head(char *line, struct shape *shape)
{
	static const unsigned char key[HASH_KEY_SIZE];
	char *field[FIELDS];
	const char *wrong;
	size_t fields;

	line += strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	*shape = (struct shape){ .separator = ',',
		.place = { FIELDS, FIELDS, FIELDS } };
	if (strchr(line, ';') != NULL) {
		shape->separator = ';';
	} else if (strchr(line, '\t') != NULL) {
		shape->separator = '\t';
	}
	(void)hash_text(key, line, strlen(line), shape->id);
	wrong = csv_split(line, shape->separator, field, FIELDS, &fields);
	if (wrong != NULL) {
		return wrong;
	}
	for (size_t i = 0; i < fields; i++) {
		take_name(shape, field[i], i);
	}
	return shape->place[COLUMN_ADDRESS] == FIELDS
		   ? "names no column of addresses (as \"ip\")"
	       : shape->place[COLUMN_DAY] == FIELDS
		   ? "names no column of days (as \"date\")"
		   : NULL;
}

/* ---- a row ---- */

/* The first second of the day in UTC: "2026-11-21" and "20261121", of which a
 * time may follow. */
static bool
read_day(const char *text, int64_t *day)
{
	char whole[TIME_TEXT_SIZE];
	const size_t dash = strcspn(text, "-") == 4;
	const size_t size = 8 + 2 * dash;
	struct text built;

	if (text_to_time(text, day)) {
		*day -= *day % DAY;
		return true;
	}
	if (strlen(text) < size) {
		return false;
	}
	if (text[size] != '\0' && text[size] != ' ' && text[size] != 'T') {
		return false;
	}
	text_init(&built, whole, sizeof(whole));
	text_add_bytes(&built, text, 4);
	text_add(&built, "-");
	text_add_bytes(&built, text + 4 + dash, 2);
	text_add(&built, "-");
	text_add_bytes(&built, text + size - 2, 2);
	text_add(&built, "T00:00:00Z");
	return text_to_time(whole, day);
}

static const char *
read_row(char *line, const struct shape *shape, int64_t now, struct row *row)
{
	char *field[FIELDS];
	const char *text[COLUMNS] = { "", "", "1" };
	const char *wrong;
	size_t fields;

	*row = (struct row){ .number = 0 };
	wrong = csv_split(line, shape->separator, field, FIELDS, &fields);
	if (wrong != NULL) {
		return wrong;
	}
	for (int i = 0; i < COLUMNS; i++) {
		if (shape->place[i] < fields) {
			text[i] = field[shape->place[i]];
		} else if (shape->place[i] != FIELDS) {
			return "has too few fields";
		}
	}
	return !addr_parse(text[COLUMN_ADDRESS], &row->address)
		   ? "has no address in its column"
	       : !read_day(text[COLUMN_DAY], &row->day)
		   ? "has no day in its column (as 2026-11-21)"
	       : row->day > now + AHEAD ? "is of a day to come"
	       : !text_to_int(
		     text[COLUMN_NUMBER], 0, FEEDBACK_DAY_MAX, &row->number)
		   ? "has no number from 0 to 100000 in its column"
		   : NULL;
}

/* ---- all of them ---- */

static const char *
add_row(struct table *table, const struct row *row)
{
	struct row *sum;

	if (row->number == 0) {
		return NULL;
	}
	sum = table_add(table, row, NULL);
	if (sum == NULL) {
		return "more than 100,000 addresses and days";
	}
	if (row->number > FEEDBACK_DAY_MAX - sum->number) {
		return "makes more than 100,000 of an address and day";
	}
	sum->number += row->number;
	return NULL;
}

/* Lines with nothing but blanks and separators are none. */
static bool
is_empty(const char *line)
{
	return line[strspn(line, " \t,;")] == '\0';
}

static const char *
read_table(FILE *from, int64_t now, struct shape *shape, struct table *table,
    int64_t *n)
{
	char line[FILE_LINE_SIZE];
	const char *wrong = NULL;
	bool head = true;
	bool end = false;
	struct row row;

	for (*n = 1; (wrong = file_line(from, line, &end)) == NULL && !end;
	     ++*n) {
		line[strcspn(line, "\r")] = '\0';
		if (is_empty(line)) {
			continue;
		}
		wrong = head ? read_head(line, shape)
			     : read_row(line, shape, now, &row);
		if (wrong == NULL && !head) {
			wrong = add_row(table, &row);
		}
		if (wrong != NULL) {
			break;
		}
		head = false;
	}
	return wrong == NULL && head ? "no head that names the columns" : wrong;
}

const char *
aggregate_read(FILE *from, int64_t now, struct complaint **out,
    size_t *complaints, int64_t *line)
{
	struct shape shape;
	struct table table;
	const char *wrong;

	*out = NULL;
	*complaints = 0;
	table_init(
	    &table, offsetof(struct row, number), sizeof(struct row), ROWS);
	wrong = read_table(from, now, &shape, &table, line);
	if (wrong == NULL && table.rows > 0) {
		*out = calloc(table.rows, sizeof(**out));
		wrong = *out == NULL ? "out of memory" : NULL;
	}
	for (size_t i = 0; wrong == NULL && i < table.rows; i++) {
		const struct row *row = table_row(&table, i);
		struct complaint *one = &(*out)[i];

		*one = (struct complaint){ .address = row->address,
			.at = row->day,
			.day = true,
			.number = row->number,
			.type = "csv" };
		(void)text_print(one->id, sizeof(one->id), "csv %s %lld",
		    shape.id, (long long)row->day);
		*complaints = i + 1;
	}
	table_clear(&table);
	return wrong;
}
