#include "web/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/embedded.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/template.h"
#include "web/told.h"

extern const struct embedded web_files[];

enum {
	INPUT_MAX = 100, /* longer input is not repeated */
	ROOT_SIZE = 65,
	PAGE_SLOTS = 24
};

/* What the template is told; its slots borrow from it and from the view. */
struct told_page {
	char ip[ADDR_TEXT_SIZE];
	char ref[BAN_REF_SIZE];
	char root[ROOT_SIZE];
	char v4[TOLD_NUMBER_SIZE];
	char v6[TOLD_NUMBER_SIZE];
	struct slot language_slot[LANGUAGE_COUNT][3];
	struct scope language[LANGUAGE_COUNT];
	struct told_ban ban[STANDING_BANS_MAX];
	struct scope bans[STANDING_BANS_MAX];
	struct slot slot[PAGE_SLOTS];
};

/* Phrases of the pages that give no answer. */
static const struct {
	const char *heading;
	const char *text;
} problem[PAGE_KIND_COUNT] = {
	[PAGE_NO_ADDRESS] = { "no-address-heading", "no-address-text" },
	[PAGE_NETWORK] = { "network-heading", "network-text" },
	[PAGE_NEVER] = { "never-heading", "never-text" },
	[PAGE_NOT_FOUND] = { "not-found-heading", "not-found-text" },
	[PAGE_NOT_ALLOWED] = { "not-allowed-heading", "not-allowed-text" },
	[PAGE_UNAVAILABLE] = { "unavailable-heading", "unavailable-text" },
};

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

/*
 * The ref as it is written, upper case and without the letters that are
 * mistaken for digits; NULL where it cannot be one.
 */
static const char *
clean_ref(const char *ref, char out[static BAN_REF_SIZE])
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

/* The other languages the page can be had in. */
static struct slot
languages_slot(struct told_page *told, enum language spoken)
{
	size_t n = 0;

	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		struct slot *slot = told->language_slot[i];

		if ((enum language)i == spoken) {
			continue;
		}
		slot[0] = (struct slot){ .name = "tag",
			.text = language_tag((enum language)i) };
		slot[1] = (struct slot){ .name = "name",
			.text = language_name((enum language)i) };
		slot[2] = (struct slot){ .name = NULL };
		told->language[n++].slot = slot;
	}
	return (struct slot){
		.name = "languages", .list = told->language, .items = n
	};
}

/* The bans, and whether one of them has the ref that was asked for. */
static struct slot
bans_slot(struct told_page *told, const struct page_view *view, const char *ref,
    bool *found)
{
	const struct standing *standing = view->standing;
	const struct told_to to = { .language = view->language,
		.policy = &view->conf->policy,
		.lookup_url = view->conf->lookup_url,
		.ip = told->ip,
		.ref = ref,
		.now = standing != NULL ? standing->checked_at : 0 };
	size_t bans = standing != NULL ? standing->bans : 0;

	*found = false;
	for (size_t i = 0; i < bans; i++) {
		told_ban_fill(&told->ban[i], &standing->ban[i], &to);
		told->bans[i].slot = told->ban[i].slot;
		*found = *found || (ref != NULL &&
				       strcmp(ref, standing->ban[i].ref) == 0);
	}
	return (
	    struct slot){ .name = "bans", .list = told->bans, .items = bans };
}

/* Whether one of the bans was made by a rule: those end by themselves; what
 * the administrator did by hand is his to explain. */
static bool
any_automatic(const struct page_view *view)
{
	const struct standing *standing = view->standing;

	for (size_t i = 0; standing != NULL && i < standing->bans; i++) {
		if (strcmp(standing->ban[i].rule, BAN_RULE_MANUAL) != 0) {
			return true;
		}
	}
	return false;
}

static const char *
heading(const struct page_view *view)
{
	if (view->standing != NULL) {
		return view->standing->bans > 0 ? "listed-heading"
						: "clear-heading";
	}
	return problem[view->kind].heading;
}

static struct scope
tell(struct told_page *told, const struct page_view *view)
{
	const bool answered = view->standing != NULL;
	const char *ip = answered
			     ? addr_format(&view->standing->address, told->ip)
			     : NULL;
	const char *ref = clean_ref(view->ref, told->ref);
	bool found;
	const struct slot bans = bans_slot(told, view, ref, &found);
	const struct slot slots[] = {
		{ .name = "lang", .text = language_tag(view->language) },
		{ .name = "keep",
		    .text = view->language_asked ? language_tag(view->language)
						 : NULL },
		{ .name = "root", .text = root(view->path, told->root) },
		{ .name = "heading", .phrase = heading(view) },
		{ .name = "problem", .phrase = problem[view->kind].text },
		{ .name = "ip", .text = ip },
		{ .name = "ref", .text = ref },
		{ .name = "own", .text = told_yes(answered && view->own) },
		{ .name = "clear",
		    .text = told_yes(answered && bans.items == 0) },
		{ .name = "listed", .text = told_yes(bans.items > 0) },
		{ .name = "automatic", .text = told_yes(any_automatic(view)) },
		{ .name = "gone",
		    .text = told_yes(answered && view->ref != NULL && !found) },
		{ .name = "input", .text = repeat_input(view->input) },
		{ .name = "contact", .text = view->conf->contact },
		{ .name = "counted", .text = told_yes(view->counted) },
		{ .name = "v4", .text = told_number(told->v4, view->v4) },
		{ .name = "v6", .text = told_number(told->v6, view->v6) },
		languages_slot(told, view->language),
		bans,
		{ .name = NULL },
	};
	_Static_assert(sizeof(slots) <= sizeof(told->slot), "room for all");

	memcpy(told->slot, slots, sizeof(slots));
	return (struct scope){ .slot = told->slot };
}

bool
page_render(const struct page_view *view, struct text *out)
{
	const struct embedded *file = embedded_find(web_files, "page.html");
	struct told_page *told = calloc(1, sizeof(*told));
	struct scope scope;
	bool fine;

	if (told == NULL) {
		return false;
	}
	scope = tell(told, view);
	fine = template_render(
	    file->data, language_phrases(view->language), &scope, out);
	free(told);
	return fine;
}
