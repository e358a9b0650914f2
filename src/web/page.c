#include "web/page.h"

#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/lookup.h"
#include "web/site.h"

enum {
	INPUT_MAX = 4000, /* what the field takes; longer is not repeated */
	QUERY_SIZE = 12 * 1024, /* a request may be somewhat longer */
	ROOT_SIZE = 65,
	LABEL_SIZE = 96 /* of a column */
};

/* What each page is: its template, the word its phrases begin with, its path
 * and what fills in the rest. */
static const struct page_shape {
	const char *template;
	const char *word;
	const char *path; /* below the root; NULL: of no page of its own */
	void (*fill)(struct page *page);
} shapes[PAGE_KIND_COUNT] = {
	[PAGE_FORM] = { "form.html", "form", "", page_form_fill },
	[PAGE_LOOKUP] = { "answer.html", NULL, NULL, page_lookup_fill },
	[PAGE_SEVERAL] = { "several.html", "several", NULL, page_several_fill },
	[PAGE_TOO_LONG] = { "problem.html", "too-long", NULL, NULL },
	[PAGE_NO_ADDRESS] = { "problem.html", "no-address", NULL, NULL },
	[PAGE_NETWORK] = { "problem.html", "network", NULL, NULL },
	[PAGE_NEVER] = { "problem.html", "never", NULL, NULL },
	[PAGE_US] = { "problem.html", "us", NULL, NULL },
	[PAGE_NOT_FOUND] = { "problem.html", "not-found", NULL, NULL },
	[PAGE_NOT_ALLOWED] = { "problem.html", "not-allowed", NULL, NULL },
	[PAGE_UNAVAILABLE] = { "problem.html", "unavailable", NULL, NULL },
	[PAGE_TOO_MANY] = { "problem.html", "too-many", NULL, NULL },
	[PAGE_CODES] = { "codes.html", "codes", "codes", page_codes_fill },
	[PAGE_DURATIONS] = { "durations.html", "durations", "durations",
	    page_durations_fill },
	[PAGE_WHY] = { "why.html", "why", "why", page_why_fill },
	[PAGE_FAQ] = { "faq.html", "faq", "faq", page_faq_fill },
	[PAGE_STATS] = { "stats.html", "stats", "stats", page_stats_fill },
	[PAGE_CALENDAR] = { "answer.html", NULL, NULL, page_calendar_fill },
	[PAGE_OPERATOR] = { "operator.html", NULL, NULL, page_operator_fill },
	[PAGE_OPERATOR_ADDRESS] = { "operator-address.html", NULL, NULL,
	    page_operator_fill },
};

enum page_kind
page_of_path(const char *path)
{
	for (int i = 0; path[0] == '/' && i < PAGE_KIND_COUNT; i++) {
		const char *rest = shapes[i].path != NULL
				       ? text_after(path + 1, shapes[i].path)
				       : NULL;

		if (rest != NULL &&
		    (rest[0] == '\0' ||
			(rest > path + 1 && strcmp(rest, "/") == 0))) {
			return (enum page_kind)i;
		}
	}
	return PAGE_NOT_FOUND;
}

/* ---- what several parts show ---- */

void
page_set_put(struct section *section, enum variable_name list,
    enum variable_name name, const char *prefix, const struct words *words,
    uint32_t set)
{
	for (size_t i = 0; i < words->count; i++) {
		if ((set & UINT32_C(1) << i) != 0) {
			section_word(section_item(section, list), name, prefix,
			    words_at(words, i));
		}
	}
}

void
page_counts_put(struct section *section, const int64_t count[static KIND_COUNT])
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct section *item;

		if (count[kind] > 0) {
			item = section_item(section, VAR_OFFENCES);
			section_word(item, VAR_OFFENCE, "offence-",
			    kind_name((enum kind)kind));
			section_number(item, VAR_COUNT, count[kind]);
		}
	}
}

void
page_blocked_put(const struct page *page, const struct stats *stats)
{
	const struct {
		const char *label;
		int64_t count;
		bool always; /* even if there are none */
	} rows[] = {
		{ "blocked-v4", stats->addresses[STATS_V4], true },
		{ "blocked-net4", stats->networks[STATS_V4], false },
		{ "blocked-v6", stats->addresses[STATS_V6], false },
		{ "blocked-net6", stats->networks[STATS_V6], true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct section *item;

		if (rows[i].always || rows[i].count > 0) {
			item = section_item(page->root, VAR_BLOCKED);
			section_word(item, VAR_LABEL, rows[i].label, "");
			section_number(item, VAR_COUNT, rows[i].count);
			section_yes(item, VAR_LAST,
			    i + 1 == sizeof(rows) / sizeof(rows[0]));
		}
	}
}

static void
write_bar(const void *what, struct text *out)
{
	const int64_t *bar = what;

	chart_bar(bar[0], bar[1], out);
}

void
page_bar_put(struct section *section, enum variable_name name, int64_t value,
    int64_t most)
{
	int64_t *bar = page_data_room(section->data, 2 * sizeof(*bar));

	if (bar != NULL) {
		bar[0] = value;
		bar[1] = most;
		section_write(section, name, write_bar, bar);
	}
}

/* A phrase about a time, as text; what it takes to write it is given back. */
static const char *
label_of(struct page *page, const char *phrase, int64_t at)
{
	struct page_data *data = page->data;
	struct section scratch = { .data = data };
	const size_t used = data->used;
	char words[LABEL_SIZE] = "";
	struct text out;
	char *label;

	text_init(&out, words, sizeof(words));
	section_here(&scratch, VAR_SINCE, at);
	data->full |= !template_render(
	    page->language->templates, phrase, TEMPLATE_PLAIN, &scratch, &out);
	data->used = used;
	label = page_data_room(data, out.len + 1);
	return label != NULL ? memcpy(label, words, out.len + 1) : "";
}

/* What a column stands for. */
struct axis_column {
	int64_t at;
	size_t behind; /* how many follow it */
	size_t columns;
	bool days;
	int hour; /* of the day, here */
	bool
	    marked; /* Mondays (1970 began with a Thursday); midnight and noon */
};

/* What stands below it: the last one always is named, of the others some. */
static void
put_mark(struct section *item, const struct axis_column *column)
{
	const bool days = column->days;

	if (column->behind == 0) {
		section_word(
		    item, VAR_LABEL, days ? "today-label" : "now-label", "");
		section_yes(item, VAR_LAST, true);
	} else if (column->marked && column->behind >= column->columns / 3) {
		(days ? section_moment : section_here)(
		    item, VAR_AT, column->at);
		section_word(item, VAR_LABEL,
		    column->hour == 0 ? "moment-day" : "moment-clock", "");
		/* Where there is little room the first one stands alone. */
		section_yes(item, VAR_LESS,
		    column->behind + (days ? 7 : 12) < column->columns);
	}
}

struct page_axis *
page_axis_put(struct page *page, int64_t from, int64_t step, size_t columns)
{
	const bool days = step == STORE_DAY;
	struct page_axis *axis = page_data_room(page->data, sizeof(*axis));

	if (axis == NULL) {
		axis = &page->data->spare_axis;
	}
	axis->columns = columns;
	axis->marks = 0;
	for (size_t i = 0; i < columns; i++) {
		const int64_t at = from + (int64_t)i * step;
		const int hour = days ? 0 : page_hour(at);
		const struct axis_column column = { .at = at,
			.behind = columns - 1 - i,
			.columns = columns,
			.days = days,
			.hour = hour,
			.marked = days ? (at / STORE_DAY + 3) % 7 == 0
				       : hour % 12 == 0 };

		put_mark(section_item(page->root, VAR_MARKS), &column);
		axis->label[i] = label_of(page,
		    column.behind > 0 ? (days ? "column-day" : "column-hour")
		    : days            ? "column-today"
				      : "column-now",
		    at);
		axis->marks |= column.marked ? UINT64_C(1) << i : 0;
	}
	return axis;
}

struct page_chart *
page_chart_new(struct page *page, size_t series, const struct page_axis *axis)
{
	struct page_chart *chart = page_data_room(page->data, sizeof(*chart));

	if (chart == NULL) {
		chart = &page->data->spare_chart;
	}
	chart->columns = (struct chart_columns){
		.series = { chart->value[0], chart->value[1] },
		.label = axis->label,
		.group = page->data->language->group,
		.marks = axis->marks,
		.unfinished = true,
		.count = series,
		.columns = axis->columns,
	};
	return chart;
}

static void
write_chart(const void *chart, struct text *out)
{
	chart_columns(chart, out);
}

void
page_chart_put(struct page *page, struct section *section,
    struct page_chart *chart, const struct chart_words *phrases)
{
	const int64_t highest = chart_highest(&chart->columns);
	const int64_t top = chart_top(&chart->columns);

	if (highest > 0) {
		section_number(section, VAR_MOST, highest);
	} else if (phrases == NULL) {
		chart->columns.label = NULL; /* a row's sum says it */
	}
	if (phrases != NULL) {
		chart->columns.words = (struct chart_words){
			.id = phrases->id,
			.title = page_words(page, phrases->title),
			.description = page_words(page, phrases->description),
		};
		section_word(section, VAR_UNIT, "unit-", phrases->id);
	}
	section_number(section, VAR_TOP, top);
	section_number(section, VAR_HALF, top / 2);
	section_write(section, VAR_CHART, write_chart, &chart->columns);
}

const char *
page_words(struct page *page, const char *name)
{
	char *words = page_data_room(page->data, PAGE_WORDS_SIZE);
	struct text out;

	if (words == NULL) {
		return NULL;
	}
	text_init(&out, words, PAGE_WORDS_SIZE);
	return template_render(page->language->templates, name, TEMPLATE_PLAIN,
		   page->root, &out)
		   ? words
		   : NULL;
}

void
page_encode(struct text *out, const char *text, const char *newline)
{
	static const char hex[] = "0123456789ABCDEF";
	/* Unreserved by RFC 3986, section 2.3, each at its place behind '-'. */
	static const char
	    kept[256] = "-. 0123456789       ABCDEFGHIJKLMNOPQRSTUVWXYZ    _ "
			"abcdefghijklmnopqrstuvwxyz   ~";
	const unsigned char *at = (const unsigned char *)text;
	char piece[256]; /* a report is long, and its words are short */
	const char *const full = piece + sizeof(piece) - 3;
	char *to = piece;

	while (*at != '\0') {
		while (kept[(unsigned char)(*at - '-')] > ' ' && to < full) {
			*to++ = (char)*at++;
		}
		if (*at == '\n' || to >= full) {
			text_add_bytes(out, piece, (size_t)(to - piece));
			text_add(out, *at == '\n' ? newline : "");
			to = piece;
			at += *at == '\n';
		} else if (*at != '\0') {
			*to++ = '%';
			*to++ = hex[*at >> 4];
			*to++ = hex[*at++ & 15];
		}
	}
	text_add_bytes(out, piece, (size_t)(to - piece));
}

/* ---- what every page has ---- */

/* Links to the other pages, and to this one in the other languages. */
static void
put_links(const struct page *page)
{
	const struct languages *spoken = &page->site->languages;

	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		struct section *item;

		if (shapes[i].path == NULL || page->view != NULL) {
			continue;
		}
		item = section_item(page->root, VAR_PAGES);
		section_text(item, VAR_HREF, shapes[i].path);
		section_word(item, VAR_LABEL, "nav-", shapes[i].word);
		section_yes(item, VAR_CURRENT,
		    page->kind == (enum page_kind)i ||
			(i == PAGE_FORM && page->kind == PAGE_LOOKUP));
	}
	for (size_t i = 0; i < spoken->count; i++) {
		const struct language *language = &spoken->language[i];
		struct section *item = section_item(page->root, VAR_LANGUAGES);

		section_text(item, VAR_TAG, language->tag);
		section_text(item, VAR_NAME, language->name);
		section_yes(item, VAR_CURRENT, language == page->language);
	}
}

/* What was asked for, "ip=192.0.2.7&ref=7K2M9Q&", for the same page in another
 * language; nothing where it is too long to be asked for again. */
static void
put_query(const struct page *page)
{
	char query[QUERY_SIZE];
	struct text out;

	text_init(&out, query, sizeof(query));
	for (size_t i = 0; i < page->asks; i++) {
		text_add(&out, page->view != NULL ? "q=" : "ip=");
		page_encode(&out, page->asked[i], "%0A");
		text_add_char(&out, '&');
	}
	if (page->ref != NULL) {
		text_add(&out, "ref=");
		page_encode(&out, page->ref, "%0A");
		text_add_char(&out, '&');
	}
	section_copy(page->root, VAR_QUERY, out.cut ? "" : query);
}

/* What was asked for, and how. */
static void
put_request(const struct page *page)
{
	const struct page_shape *shape = &shapes[page->kind];
	const char *tag = page->language->tag;
	const char *path = strchr(page->path, '/');
	struct section *root = page->root;
	char way[ROOT_SIZE];
	struct text out;

	/* The way to the look-up page, relative so that a proxy may put us
	 * below any path of its own. */
	text_init(&out, way, sizeof(way));
	text_add(&out, "./");
	while (path != NULL && (path = strchr(path + 1, '/')) != NULL &&
	       out.len + 3 < ROOT_SIZE) {
		text_add(&out, "../");
	}
	section_copy(root, VAR_ROOT, way);
	section_yes(root, VAR_RTL, page->language->direction[0] == 'r');
	section_text(root, VAR_KEEP, page->language_asked ? tag : NULL);
	section_text(
	    root, VAR_HERE, page->view != NULL ? page->path + 1 : shape->path);
	section_word(root, VAR_PAGE, shape->template, "");
	if (shape->word != NULL) {
		section_word(root, VAR_HEADING, shape->word, "-heading");
	}
	if (shape->path == NULL && shape->fill == NULL) {
		section_word(root, VAR_PROBLEM, shape->word, "-text");
	}
	/* The field shows again what was typed, unless it would do harm
	 * there. */
	if (page->input != NULL && strlen(page->input) <= INPUT_MAX &&
	    text_is_plain(page->input)) {
		section_text(root, VAR_INPUT, page->input);
	}
	if (page->kind == PAGE_FORM && page->stats != NULL) {
		section_here(root, VAR_STATS_TIME, page->stats->at);
		page_blocked_put(page, page->stats);
	}
}

bool
page_render(const struct page *asked, struct text *out)
{
	const struct site *site = asked->site;
	const struct conf *conf = site->conf;
	const char *owner;
	struct page_data data;
	struct page page = *asked;
	struct section *root = page_data_init(&data, page.language);

	page.policy = &conf->policy;
	page.data = &data;
	page.root = root;
	owner = conf_paragraph(conf, page.language->tag);
	if (owner[0] != '\0') {
		section_lines(root, VAR_OWNER, owner);
	}
	section_text(root, VAR_ZONE_NAME, page_zone());
	put_request(&page);
	put_query(&page);
	put_links(&page);
	if (shapes[page.kind].fill != NULL) {
		shapes[page.kind].fill(&page);
	}
	if (page.kind == PAGE_CALENDAR) {
		return page_calendar_write(&page, out) && !data.full;
	}
	return !data.full && template_render(page.language->templates,
				 "layout.html", TEMPLATE_HTML, root, out);
}
