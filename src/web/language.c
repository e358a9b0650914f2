#include "web/language.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "web/weight.h"

static const struct {
	const char *tag;
	const char *name;
	const char *file;
	char day;
} languages[LANGUAGE_COUNT] = {
	[LANGUAGE_EN] = { "en", "English", "en.phrases", 'd' },
	[LANGUAGE_FR] = { "fr", "Français", "fr.phrases", 'j' },
};

enum {
	NOT_NAMED = -1
};

/* What one header says: of each language, and of all it does not name. */
struct wishes {
	int weight[LANGUAGE_COUNT];
	size_t place[LANGUAGE_COUNT]; /* how early it was named */
	int others;
};

const char *
language_tag(enum language language)
{
	return languages[language].tag;
}

const char *
language_name(enum language language)
{
	return languages[language].name;
}

char
language_day(enum language language)
{
	return languages[language].day;
}

const char *
language_phrases_file(enum language language)
{
	return languages[language].file;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Note what one item, "fr-CH;q=0.8" or "*", wishes for. */
static void
note_item(struct wishes *wishes, const char *at, const char *end, size_t place)
{
	size_t range = strcspn(at, " \t;,");
	size_t primary = strcspn(at, " \t;,-");
	const char *after = skip_blanks(at + range);
	int weight = weight_read(after, end);

	if (weight < 0) {
		return;
	}
	if (range == 1 && *at == '*') {
		wishes->others = weight;
		return;
	}
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		if (strlen(languages[i].tag) == primary &&
		    strncasecmp(at, languages[i].tag, primary) == 0 &&
		    weight > wishes->weight[i]) {
			wishes->weight[i] = weight;
			wishes->place[i] = place;
		}
	}
}

static struct wishes
read_wishes(const char *accept)
{
	struct wishes wishes = { .others = 0 };
	size_t place = 0;

	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		wishes.weight[i] = NOT_NAMED;
	}
	while (*accept != '\0') {
		const char *end;

		accept = skip_blanks(accept);
		end = accept + strcspn(accept, ",");
		note_item(&wishes, accept, end, place++);
		accept = end + (*end == ',');
	}
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		if (wishes.weight[i] == NOT_NAMED) {
			wishes.weight[i] = wishes.others;
			wishes.place[i] = place;
		}
	}
	return wishes;
}

/* The language of that tag, or LANGUAGE_COUNT. */
static enum language
find_tag(const char *tag)
{
	int i = 0;

	while (i < LANGUAGE_COUNT &&
	       (tag == NULL || strcasecmp(tag, languages[i].tag) != 0)) {
		i++;
	}
	return (enum language)i;
}

struct languages
languages_of(const char *const *tags, size_t count)
{
	struct languages spoken = { .count = 0 };

	for (size_t i = 0; i < count; i++) {
		const enum language found = find_tag(tags[i]);

		if (found != LANGUAGE_COUNT &&
		    !languages_hold(&spoken, tags[i])) {
			spoken.language[spoken.count++] = found;
		}
	}
	count = spoken.count;
	for (int i = 0; count == 0 && i < LANGUAGE_COUNT; i++) {
		spoken.language[spoken.count++] = (enum language)i;
	}
	return spoken;
}

bool
languages_hold(const struct languages *spoken, const char *tag)
{
	const enum language found = find_tag(tag);
	size_t i = 0;

	while (i < spoken->count && spoken->language[i] != found) {
		i++;
	}
	return i < spoken->count;
}

enum language
language_pick(
    const struct languages *spoken, const char *asked, const char *accept)
{
	enum language best = spoken->language[0];
	struct wishes wishes;

	if (languages_hold(spoken, asked)) {
		return find_tag(asked);
	}
	if (accept == NULL) {
		return best;
	}
	wishes = read_wishes(accept);
	for (size_t n = 1; n < spoken->count; n++) {
		const enum language i = spoken->language[n];

		if (wishes.weight[i] > wishes.weight[best] ||
		    (wishes.weight[i] == wishes.weight[best] &&
			wishes.weight[i] > 0 &&
			wishes.place[i] < wishes.place[best])) {
			best = i;
		}
	}
	return best;
}
