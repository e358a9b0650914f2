#include "bounce/bounce.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"

extern const struct embedded bounce_files[];

static const struct {
	const char *name;
	const char *title;
} provider_row[BOUNCE_PROVIDERS] = {
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

static const struct words provider_words = WORDS_OF(provider_row);
static const struct words outcome_words = WORDS_OF(outcomes);

const char *
bounce_provider_name(enum bounce_provider provider)
{
	return provider_row[provider].name;
}

const char *
bounce_provider_title(enum bounce_provider provider)
{
	return provider_row[provider].title;
}

/* ---- reading ---- */

static const char *
check_last(const struct bounce_table *table)
{
	const struct bounce_meaning *last = &table->meaning[table->meanings];

	return table->meanings > 0 &&
		       (last[-1].means == NULL || last[-1].remedy == NULL)
		   ? "the reason above this says not what it means or what to do"
		   : NULL;
}

/* "laposte orange 102 temporary old": a new reason begins. */
static const char *
read_head(const char *word, char *rest, struct bounce_table *out)
{
	struct bounce_meaning *meaning = &out->meaning[out->meanings];
	const char *wrong = check_last(out);

	if (wrong != NULL) {
		return wrong;
	}
	if (out->meanings == BOUNCE_MEANINGS_MAX) {
		return "too many reasons";
	}
	*meaning = (struct bounce_meaning){ .code = "" };
	for (; word != NULL; word = strsep(&rest, " ")) {
		enum bounce_provider provider;

		if (words_parse(&provider_words, word, &provider)) {
			meaning->providers |= bounce_bit(provider);
		} else if (strlen(word) == 3 &&
			   strspn(word, "x0123456789") == 3) {
			memcpy(meaning->code, word, 3);
		} else if (strcmp(word, "old") == 0) {
			meaning->old = true;
		} else if (!words_parse(
			       &outcome_words, word, &meaning->outcome)) {
			return "must be providers, the last three digits of a "
			       "code, temporary, final or old";
		}
	}
	if (meaning->providers == 0) {
		return "a provider is missing";
	}
	out->meanings++;
	return NULL;
}

/* A text, or "$NAME" of one that stands above. */
static const char *
read_text(const char *value, const struct bounce_table *table, const char **out)
{
	*out = value;
	if (value == NULL || value[0] == '\0') {
		return "a text is missing";
	}
	*out += strspn(value, " ");
	if (**out != '$') {
		return NULL;
	}
	for (size_t i = 0; i < table->shareds; i++) {
		if (strcmp(table->shared[i].name, *out + 1) == 0) {
			*out = table->shared[i].text;
			return NULL;
		}
	}
	return "no such text stands above";
}

/* One line with those that continue it, in memory of the table. */
static const char *
read_line(char *line, struct bounce_table *out)
{
	enum {
		PHRASE,
		MEANS,
		LASTS,
		DO
	};
	static const char *const fields[] = { [PHRASE] = "phrase",
		[MEANS] = "means",
		[LASTS] = "lasts",
		[DO] = "do" };
	static const struct words field_words = WORDS_OF(fields);
	struct bounce_meaning *last;
	char *value = line;
	const char *field = strsep(&value, " ");
	size_t which = words_find(&field_words, field);

	if (field[0] == '$') {
		if (out->shareds == BOUNCE_SHARED_MAX) {
			return "too many texts";
		}
		out->shared[out->shareds].name = field + 1;
		return read_text(value, out, &out->shared[out->shareds++].text);
	}
	if (which == field_words.count) {
		return read_head(field, value, out);
	}
	if (out->meanings == 0) {
		return "a reason must come first";
	}
	last = &out->meaning[out->meanings - 1];
	if (which == PHRASE) {
		if (out->phrases == BOUNCE_PHRASES_MAX) {
			return "too many phrases";
		}
		out->phrase[out->phrases].meaning = last;
		return read_text(value, out, &out->phrase[out->phrases++].text);
	}
	if (which == LASTS && value != NULL &&
	    text_to_duration(value + strspn(value, " "), &last->seconds)) {
		/* "2h" is told as "2 h". */
		last->lasts = text_from_duration(
		    last->seconds, last->lasts_text);
		return NULL;
	}
	return read_text(value, out,
	    which == MEANS   ? &last->means
	    : which == LASTS ? &last->lasts
			     : &last->remedy);
}

bool
bounce_table_read(const char *text, struct bounce_table *out,
    char error[static BOUNCE_ERROR_SIZE])
{
	const char *wrong = NULL;
	int number = 0; /* of lines */
	int first = 0;  /* of the line and those that continue it */
	struct text message;

	*out = (struct bounce_table){ .meanings = 0 };
	while (*text != '\0' && wrong == NULL) {
		size_t len = strcspn(text, "\n");
		struct text line;

		first = ++number;
		text_init(&line, out->texts + out->used,
		    sizeof(out->texts) - out->used);
		text_add_bytes(&line, text, len);
		text += len + (text[len] == '\n');
		while (*text == ' ' || *text == '\t') {
			number++;
			text += strspn(text, " \t");
			len = strcspn(text, "\n");
			text_add_char(&line, ' ');
			text_add_bytes(&line, text, len);
			text += len + (text[len] == '\n');
		}
		if (line.len == 0 || line.buf[0] == '#') {
			continue;
		}
		out->used += line.len + 1;
		wrong = line.cut || out->used == sizeof(out->texts)
			    ? "the table is too long"
			: !text_is_plain(line.buf) ? "it must be plain ASCII"
						   : read_line(line.buf, out);
	}
	if (wrong == NULL) {
		wrong = check_last(out);
	}
	text_init(&message, error, BOUNCE_ERROR_SIZE);
	if (wrong != NULL) {
		text_addf(&message, "%d: %s", first, wrong);
	}
	return wrong == NULL;
}

/* ---- the compiled-in table ---- */

const struct bounce_table *
bounce_table(void)
{
	static struct bounce_table table;
	char error[BOUNCE_ERROR_SIZE];

	if (table.meanings == 0 &&
	    !bounce_table_read(bounce_files[0].data, &table, error)) {
		log_panic("%s: %s", bounce_files[0].name, error);
	}
	return &table;
}

const struct bounce_meaning *
bounce_meaning(uint32_t providers, const char *code)
{
	const struct bounce_table *table = bounce_table();

	for (size_t i = 0; i < table->meanings; i++) {
		const struct bounce_meaning *meaning = &table->meaning[i];
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
