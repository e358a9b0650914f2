#include "web/page.h"

#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/numbers.h"
#include "web/page_part.h"
#include "web/site.h"
#include "web/zone.h"

enum {
	INPUT_MAX = 100, /* longer input is not repeated */
	ROOT_SIZE = 65,
	WORDS_SIZE = 512
};

/* What each page is: its template, its heading and text (phrases), its path,
 * its name in the navigation and what tells the rest. */
static const struct page_shape {
	const char *template;
	const char *heading;
	const char *text;
	const char *path; /* below the root; NULL: of no page of its own */
	const char *label;
	void (*tell)(struct page_part *part);
} shapes[PAGE_KIND_COUNT] = {
	[PAGE_FORM] = { "form.html", "form-heading", NULL, "", "nav-form",
	    NULL },
	[PAGE_ANSWER] = { "answer.html", NULL, NULL, NULL, NULL,
	    page_answer_tell },
	[PAGE_NO_ADDRESS] = { "problem.html", "no-address-heading",
	    "no-address-text", NULL, NULL, NULL },
	[PAGE_NETWORK] = { "problem.html", "network-heading", "network-text",
	    NULL, NULL, NULL },
	[PAGE_NEVER] = { "problem.html", "never-heading", "never-text", NULL,
	    NULL, NULL },
	[PAGE_NOT_FOUND] = { "problem.html", "not-found-heading",
	    "not-found-text", NULL, NULL, NULL },
	[PAGE_NOT_ALLOWED] = { "problem.html", "not-allowed-heading",
	    "not-allowed-text", NULL, NULL, NULL },
	[PAGE_UNAVAILABLE] = { "problem.html", "unavailable-heading",
	    "unavailable-text", NULL, NULL, NULL },
	[PAGE_CODES] = { "codes.html", "codes-heading", NULL, "codes",
	    "nav-codes", page_codes_tell },
	[PAGE_DURATIONS] = { "durations.html", "durations-heading", NULL,
	    "durations", "nav-durations", page_durations_tell },
	[PAGE_WHY] = { "why.html", "why-heading", NULL, "why", "nav-why",
	    page_why_tell },
	[PAGE_FAQ] = { "faq.html", "faq-heading", NULL, "faq", "nav-faq",
	    NULL },
	[PAGE_STATS] = { "stats.html", "stats-heading", NULL, "stats",
	    "nav-stats", page_stats_tell },
};

enum page_kind
page_of_path(const char *path)
{
	for (int i = 0; path[0] == '/' && i < PAGE_KIND_COUNT; i++) {
		if (shapes[i].path != NULL &&
		    strcmp(shapes[i].path, path + 1) == 0) {
			return (enum page_kind)i;
		}
	}
	return PAGE_NOT_FOUND;
}

/* The way from `path` to the look-up page, relative so that a proxy may put
 * us below any path of its own. */
static const char *
root(const char *path, char text[static ROOT_SIZE])
{
	struct text out;

	text_init(&out, text, ROOT_SIZE);
	text_add(&out, "./");
	path = strchr(path, '/');
	while (path != NULL && (path = strchr(path + 1, '/')) != NULL &&
	       out.len + 3 < ROOT_SIZE) {
		text_add(&out, "../");
	}
	return text;
}

/* What was typed stands in the field again, unless it would do harm there. */
static const char *
repeat_input(const char *input)
{
	return input != NULL && strlen(input) <= INPUT_MAX &&
		       text_is_plain(input)
		   ? input
		   : NULL;
}

const char *
page_ref(const char *ref, char out[static BAN_REF_SIZE])
{
	static const char from[] = "abcdefghijklmnopqrstuvwxyzILO";
	static const char into[] = "ABCDEFGH1JK1MN0PQRSTUVWXYZ110";

	if (ref == NULL || strlen(ref) != BAN_REF_SIZE - 1) {
		return NULL;
	}
	for (size_t i = 0; i < BAN_REF_SIZE; i++) {
		const char *at = strchr(from, ref[i]);

		out[i] = ref[i];
		if (at != NULL) {
			out[i] = into[at - from]; /* NUL stays NUL */
		}
	}
	return strspn(out, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") ==
		       BAN_REF_SIZE - 1
		   ? out
		   : NULL;
}

const struct ban *
page_ref_ban(const struct standing *standing, const char *ref)
{
	char text[BAN_REF_SIZE];

	ref = page_ref(ref, text);
	for (size_t i = 0; ref != NULL && i < standing->bans; i++) {
		if (strcmp(ref, standing->ban[i].ref) == 0) {
			return &standing->ban[i];
		}
	}
	return NULL;
}

const char *
page_words(
    struct page_part *part, const char *phrase, const struct scope *scope)
{
	char *words = told_room(part->told, WORDS_SIZE);
	struct text out;

	if (words == NULL) {
		return NULL;
	}
	text_init(&out, words, WORDS_SIZE);
	if (!book_render_plain(
		site_book(part->view->site, part->view->language), phrase,
		scope, &out)) {
		return NULL;
	}
	return words;
}

/* ---- what every page has ---- */

static void
tell_navigation(struct page_part *part)
{
	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		const bool current = part->view->kind == (enum page_kind)i ||
				     (i == PAGE_FORM &&
					 part->view->kind == PAGE_ANSWER);
		struct scope *item;

		if (shapes[i].path == NULL) {
			continue;
		}
		item = told_item(part->told, part->scope, SLOT_PAGES);
		told_text(part->told, item, SLOT_HREF, shapes[i].path);
		told_phrase(part->told, item, SLOT_LABEL, shapes[i].label);
		told_yes(part->told, item, SLOT_CURRENT, current);
	}
}

/* The languages the page can be had in, and whether there is a choice. */
static void
tell_languages(struct page_part *part, const struct languages *spoken)
{
	told_yes(part->told, part->scope, SLOT_CHOICE, spoken->count > 1);
	for (size_t i = 0; i < spoken->count; i++) {
		const enum language language = spoken->language[i];
		struct scope *item = told_item(
		    part->told, part->scope, SLOT_LANGUAGES);

		told_text(part->told, item, SLOT_TAG, language_tag(language));
		told_text(part->told, item, SLOT_NAME, language_name(language));
		told_yes(part->told, item, SLOT_CURRENT,
		    language == part->view->language);
	}
}

/* What the configuration says of the site. */
static void
tell_site(struct page_part *part, const struct conf *conf)
{
	const struct page_view *view = part->view;
	struct told *told = part->told;
	struct scope *scope = part->scope;
	const bool french = view->language == LANGUAGE_FR;
	const char *owner = french && conf->web.paragraph_fr[0] != '\0'
				? conf->web.paragraph_fr
				: conf->web.paragraph;

	told_text(told, scope, SLOT_SITE_NAME, conf->web.site_name);
	told_text(told, scope, SLOT_LOGO, site_logo(view->site));
	told_text(told, scope, SLOT_VERSION, site_version(view->site));
	told_text(told, scope, SLOT_CONTACT, conf->contact);
	told_text(told, scope, SLOT_ABUSE,
	    conf->web.abuse[0] != '\0' ? conf->web.abuse : conf->contact);
	if (owner[0] != '\0') {
		told_lines(told, scope, SLOT_OWNER, owner);
	}
	told_text(told, scope, SLOT_ZONE_NAME, zone_name());
}

static void
tell_view(struct page_part *part)
{
	const struct page_view *view = part->view;
	const struct page_shape *shape = &shapes[view->kind];
	const char *tag = language_tag(view->language);
	struct told *told = part->told;
	struct scope *scope = part->scope;

	told_text(told, scope, SLOT_LANG, tag);
	told_text(told, scope, SLOT_KEEP, view->language_asked ? tag : NULL);
	told_text(told, scope, SLOT_HERE, shape->path);
	told_phrase(told, scope, SLOT_PAGE, shape->template);
	if (shape->heading != NULL) {
		told_phrase(told, scope, SLOT_HEADING, shape->heading);
	}
	told_phrase(told, scope, SLOT_PROBLEM, shape->text);
	told_text(told, scope, SLOT_INPUT, repeat_input(view->input));
	if (view->numbers != NULL) {
		told_yes(told, scope, SLOT_COUNTED, true);
		told_number(told, scope, SLOT_V4, view->numbers->v4);
		told_number(told, scope, SLOT_V6, view->numbers->v6);
	}
}

static void
tell(struct page_part *part)
{
	tell_site(part, site_conf(part->view->site));
	tell_view(part);
	tell_navigation(part);
	tell_languages(part, site_languages(part->view->site));
	if (shapes[part->view->kind].tell != NULL) {
		shapes[part->view->kind].tell(part);
	}
}

bool
page_render(const struct page_view *view, struct text *out)
{
	char way[ROOT_SIZE];
	struct told told;
	struct page_part part = { .told = &told, .view = view };
	bool fine;

	told_init(&told, view->language);
	part.scope = told_scope(&told);
	told_text(&told, part.scope, SLOT_ROOT, root(view->path, way));
	tell(&part);
	fine = !told.full && book_render(site_book(view->site, view->language),
				 "layout.html", part.scope, out);
	told_clear(&told);
	return fine;
}
