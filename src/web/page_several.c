/*
 * The page about several addresses: each with its verdict, and a way to its
 * own page.
 */
#include <string.h>

#include "base/text.h"
#include "web/page.h"
#include "web/site.h"

enum {
	SEVERAL_INPUT_SIZE = 4001 /* what the field takes */
};

/* What the page says instead of a verdict. */
static const char *const problems[PAGE_KIND_COUNT] = {
	[PAGE_NO_ADDRESS] = "no-address",
	[PAGE_NETWORK] = "network",
	[PAGE_NEVER] = "never",
	[PAGE_US] = "us",
};

static void
put_one(const struct page *page, const struct page_one *one)
{
	struct section *item = section_item(page->root, VAR_SEVERAL);
	char query[sizeof("ip=&ref=&") + ADDR_TEXT_SIZE + BAN_REF_SIZE];
	struct text out;

	if (one->kind != PAGE_LOOKUP) {
		section_text(
		    item, VAR_IP, text_is_plain(one->text) ? one->text : NULL);
		section_word(
		    item, VAR_PROBLEM, problems[one->kind], "-heading");
		return;
	}
	text_init(&out, query, sizeof(query));
	text_addf(&out, "ip=%s&", one->ip);
	if (one->ref[0] != '\0') {
		text_addf(&out, "ref=%s&", one->ref);
	}
	section_text(item, VAR_IP, one->ip);
	section_write(section_item(item, VAR_SHOWN), VAR_IP,
	    page_write_breakable, one->ip);
	section_copy(item, VAR_HREF, query);
	section_yes(item, VAR_CLEAR, one->ends == 0);
	if (one->ends != 0) {
		section_yes(item, VAR_LISTED, true);
		section_moment(item, VAR_UNTIL, one->ends);
		section_end(item, VAR_UNTIL_LOCAL, one->ends);
		page_set_put(item, VAR_REASONS, VAR_REASON, "reason-",
		    &cause_words, one->causes);
	}
}

void
page_several_fill(struct page *page)
{
	const struct page_several *several = page->several;
	/* As long as the field takes: the addresses, to be asked again. */
	char *input = page_data_room(page->data, SEVERAL_INPUT_SIZE);
	struct text out;

	section_here(page->root, VAR_LOOKED_UP, several->checked_at);
	for (size_t i = 0; i < several->count; i++) {
		put_one(page, &several->one[i]);
	}
	if (input == NULL) {
		return;
	}
	text_init(&out, input, SEVERAL_INPUT_SIZE);
	for (size_t i = 0; i < several->count; i++) {
		const struct page_one *one = &several->one[i];

		text_addf(&out, "%s%s", i > 0 ? " " : "",
		    one->kind == PAGE_LOOKUP ? one->ip : one->text);
	}
	if (!out.cut && text_is_plain(input)) {
		section_text(page->root, VAR_INPUT, input);
	}
}
