#include "bounce/bounce.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "conf/conf.h"
#include "conf/grammar.h"

/* providers.conf, by scripts/embed. */
extern const struct embedded bounce_files[];

const struct bounce_names bounce_providers[BOUNCE_PROVIDERS] = {
	[BOUNCE_FRANCESERV] = { "franceserv", "FranceServ" },
	[BOUNCE_FREE] = { "free", "Free" },
	[BOUNCE_SFR] = { "sfr", "SFR" },
	[BOUNCE_LAPOSTE] = { "laposte", "laposte.net" },
	[BOUNCE_ORANGE] = { "orange", "Orange" },
	[BOUNCE_VIDEUR] = { "videur", "a host that runs videur" },
};

static const char *const outcomes[] = {
	[BOUNCE_UNSAID] = "unsaid",
	[BOUNCE_TEMPORARY] = "temporary",
	[BOUNCE_FINAL] = "final",
};

static const char *const no_or_yes[] = { "no", "yes" };

static const struct words provider_words = WORDS_OF(bounce_providers);
static const struct words outcome_words = WORDS_OF(outcomes);
static const struct words no_or_yes_words = WORDS_OF(no_or_yes);

/* ---- the table: compiled in, so one is enough ---- */

/* A text that more than one reason has. */
struct advice {
	char title[BOUNCE_TITLE_SIZE];
	char text[BOUNCE_TEXT_SIZE];
};

static struct bounce_table table;
static struct advice advice[BOUNCE_ADVICE_MAX];
static size_t advices;

static const char *
set_code(const struct key *key, void *field, const char *value)
{
	return strlen(value) == 3 && strspn(value, "x0123456789") == 3 &&
		       text_copy(field, key->size, value)
		   ? NULL
		   : "must be three digits, x for any";
}

/* Plain text, perhaps over several lines: a blank for any white space. */
static const char *
set_text(const struct key *key, void *field, const char *value)
{
	struct text text;

	text_init(&text, field, key->size);
	for (; *value != '\0'; value++) {
		if (!isspace((unsigned char)*value)) {
			text_add_char(&text, *value);
		} else if (!isspace((unsigned char)value[1])) {
			text_add_char(&text, ' ');
		}
	}
	return text.cut || text.len == 0 || !text_is_plain(field)
		   ? "must be plain ASCII, neither empty nor too long"
		   : NULL;
}

/* Gets the reason itself. */
static const char *
set_phrase(const struct key *key, void *field, const char *value)
{
	struct bounce_phrase *phrase = &table.phrase[table.phrases];
	const struct key as_text = { .size = sizeof(phrase->text) };

	(void)key;
	if (value == NULL) {
		return NULL;
	}
	if (table.phrases == BOUNCE_PHRASES_MAX) {
		return "is one phrase too many";
	}
	phrase->meaning = field;
	table.phrases++;
	return set_text(&as_text, phrase->text, value);
}

static const char *
set_advice(const struct key *key, void *field, const char *value)
{
	for (size_t i = 0; i < advices; i++) {
		if (strcmp(advice[i].title, value) == 0) {
			return set_text(key, field, advice[i].text);
		}
	}
	return "is no advice that stands above";
}

#define REASON(member)                                                         \
	.section = "reason",                                                   \
	.offset = offsetof(struct bounce_meaning, member),                     \
	.size = sizeof(((struct bounce_meaning *)0)->member)

static const struct key keys[] = {
	{ REASON(providers), .name = "provider", .set = field_bits,
	    .words = &provider_words, .list = true, .required = true },
	{ REASON(code), .name = "code", .set = set_code },
	{ REASON(outcome), .name = "outcome", .def = "unsaid",
	    .set = field_word, .words = &outcome_words },
	{ REASON(old), .name = "old", .def = "no", .set = field_word,
	    .words = &no_or_yes_words },
	{ .section = "reason",
	    .name = "phrase",
	    .set = set_phrase,
	    .list = true },
	{ REASON(means), .name = "means", .set = set_text, .required = true },
	{ REASON(lasts), .name = "lasts", .set = set_text },
	{ REASON(remedy), .name = "do", .set = set_text },
	{ REASON(remedy), .name = "advice", .set = set_advice },
	{ .section = "advice",
	    .name = "do",
	    .set = set_text,
	    .offset = offsetof(struct advice, text),
	    .size = BOUNCE_TEXT_SIZE,
	    .required = true },
};

static void *
begin_advice(void *target, const char *title, const char **wrong)
{
	(void)target;
	if (advices == BOUNCE_ADVICE_MAX ||
	    !text_copy(advice[advices].title, BOUNCE_TITLE_SIZE, title)) {
		*wrong = "there are too many, or the title is too long";
		return NULL;
	}
	return &advice[advices++];
}

static void *
begin_reason(void *target, const char *title, const char **wrong)
{
	(void)target;
	(void)title;
	if (table.meanings == BOUNCE_MEANINGS_MAX) {
		*wrong = "there are too many reasons";
		return NULL;
	}
	return &table.meaning[table.meanings++];
}

static const char *
end_reason(void *section)
{
	struct bounce_meaning *meaning = section;

	/* "2h" is told as "2 h". */
	if (text_to_duration(meaning->lasts, &meaning->seconds)) {
		text_from_duration(meaning->seconds, meaning->lasts);
	}
	return meaning->remedy[0] == '\0' ? "it needs \"do\" or \"advice\""
					  : NULL;
}

static const struct grammar_section sections[] = {
	{ .name = "advice", .begin = begin_advice },
	{ .name = "reason", .begin = begin_reason, .end = end_reason },
};

static const struct grammar grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
};

const struct bounce_table *
bounce_table(void)
{
	char error[CONF_ERROR_SIZE];
	struct errors errors;

	if (table.meanings == 0) {
		errors_init(&errors, error, sizeof(error));
		if (!grammar_read(&grammar, &table, bounce_files[0].name,
			bounce_files[0].data, NULL, &errors)) {
			log_panic("%s", error);
		}
	}
	return &table;
}

const struct bounce_meaning *
bounce_meaning(uint32_t providers, const char *code)
{
	(void)bounce_table();
	for (size_t i = 0; i < table.meanings; i++) {
		const struct bounce_meaning *meaning = &table.meaning[i];
		bool same = (meaning->providers & providers) != 0 &&
			    strlen(code) == strlen(meaning->code);

		for (size_t at = 0; same && code[at] != '\0'; at++) {
			same = code[at] == meaning->code[at] ||
			       meaning->code[at] == 'x';
		}
		if (same) {
			return meaning;
		}
	}
	return NULL;
}
