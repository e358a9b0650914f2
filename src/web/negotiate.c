#include "web/negotiate.h"

#include <string.h>
#include <strings.h>

enum {
	WEIGHT_ONE = 1000,
	NOT_NAMED = -1
};

const struct language_facts language_facts[LANGUAGE_COUNT] = {
	[LANGUAGE_EN] = { "en", "English", "en.phrases", 'd' },
	[LANGUAGE_FR] = { "fr", "Français", "fr.phrases", 'j' },
};

/* ---- items and their weights: "fr-CH;q=0.8, en" ---- */

struct item {
	const char *word;
	size_t len;
	int weight; /* in thousandths; -1 where it is none */
};

/* Read "0.8" or "1" as thousandths; -1 where it is neither. */
static int
read_weight(const char *at, size_t len)
{
	int weight = at[0] == '1' ? WEIGHT_ONE : 0;
	int unit = WEIGHT_ONE / 10;

	if (len == 0 || len > 5 || (at[0] != '0' && at[0] != '1') ||
	    (len > 1 && at[1] != '.')) {
		return -1;
	}
	for (size_t i = 2; i < len; i++, unit /= 10) {
		if (at[i] < '0' || at[i] > '9') {
			return -1;
		}
		weight += (at[i] - '0') * unit;
	}
	return weight <= WEIGHT_ONE ? weight : -1;
}

/* Take the next item of a header; false at its end. */
static bool
next_item(const char **header, struct item *item)
{
	const char *at = *header + strspn(*header, " \t");
	const char *end = at + strcspn(at, ",");

	if (**header == '\0') {
		return false;
	}
	*item = (struct item){
		.word = at, .len = strcspn(at, " \t;,"), .weight = WEIGHT_ONE
	};
	at += item->len;
	at += strspn(at, " \t");
	while (at < end && *at == ';') {
		at = at + 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=", 2) == 0) {
			item->weight = read_weight(
			    at + 2, strcspn(at + 2, " \t;,"));
			break;
		}
		at += strcspn(at, ";,");
	}
	*header = end + (*end == ',');
	return true;
}

static bool
is_word(const struct item *item, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(item->word, word, len) == 0;
}

bool
negotiate_json(const char *accept)
{
	int for_json = 0;
	int for_html = 0;
	struct item item;

	while (accept != NULL && next_item(&accept, &item)) {
		if (is_word(&item, item.len, "application/json") &&
		    item.weight > for_json) {
			for_json = item.weight;
		} else if (is_word(&item, item.len, "text/html") &&
			   item.weight > for_html) {
			for_html = item.weight;
		}
	}
	return for_json > for_html;
}

/* ---- languages ---- */

/* The language of that tag, or LANGUAGE_COUNT. */
static enum language
find_tag(const char *tag)
{
	int i = 0;

	while (i < LANGUAGE_COUNT &&
	       (tag == NULL || strcasecmp(tag, language_facts[i].tag) != 0)) {
		i++;
	}
	return (enum language)i;
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
	if (spoken.count == 0) {
		for (int i = 0; i < LANGUAGE_COUNT; i++) {
			spoken.language[spoken.count++] = (enum language)i;
		}
	}
	return spoken;
}

/* What a header says of one language: its weight, and how early it stands. */
struct wish {
	int weight;
	size_t place;
};

static struct wish
wish_for(enum language language, const char *accept)
{
	struct wish wish = { .weight = NOT_NAMED };
	struct item item;
	int others = 0; /* what is not named */
	size_t place = 0;

	for (; next_item(&accept, &item); place++) {
		const size_t primary = strcspn(item.word, " \t;,-");

		if (is_word(&item, item.len, "*") && item.weight >= 0) {
			others = item.weight;
		} else if (is_word(
			       &item, primary, language_facts[language].tag) &&
			   item.weight > wish.weight) {
			wish = (struct wish){ item.weight, place };
		}
	}
	return wish.weight != NOT_NAMED ? wish : (struct wish){ others, place };
}

enum language
negotiate_language(
    const struct languages *spoken, const char *asked, const char *accept)
{
	enum language best = spoken->language[0];
	struct wish most;

	if (languages_hold(spoken, asked)) {
		return find_tag(asked);
	}
	if (accept == NULL) {
		return best;
	}
	most = wish_for(best, accept);
	for (size_t i = 1; i < spoken->count; i++) {
		const enum language other = spoken->language[i];
		const struct wish wish = wish_for(other, accept);

		if (wish.weight > most.weight ||
		    (wish.weight == most.weight && wish.weight > 0 &&
			wish.place < most.place)) {
			best = other;
			most = wish;
		}
	}
	return best;
}
