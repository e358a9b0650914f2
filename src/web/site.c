#include "web/site.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/language.h"
#include "web/template.h"

enum {
	LACKS_SIZE = 256 /* names of phrases in one line of the log */
};

#define PAGE_VARIABLE(name, word) [VAR_##name] = (word),
const char *const variable_names[VAR_NAMES] = { PAGE_VARIABLES(PAGE_VARIABLE) };
#undef PAGE_VARIABLE

/* ---- templates ---- */

/* What the templates of one language are read from. */
struct page_files {
	struct template_source source[4 * SITE_FILES_MAX];
	struct site_file *owned[4 * SITE_FILES_MAX]; /* or NULL */
	size_t count;
};

/* Whether the file holds templates, or where there is a `tag` the phrases of
 * that language. */
static bool
is_source(const struct site_file *file, const char *tag)
{
	char name[LANGUAGE_FILE_SIZE];

	return tag != NULL ? strcmp(file->name, language_file(tag, name)) == 0
			   : site_name_ends(file->name, ".html") ||
				 site_name_ends(file->name, ".txt");
}

/* Add what is compiled in and then what is the owner's: the templates where
 * `tag` is NULL, else the phrases of that language. */
static void
add_sources(
    struct site *site, const char *tag, bool fallback, struct page_files *to)
{
	for (size_t i = 0; i < 2 * site->files; i++) {
		const bool own = i >= site->files;
		struct site_file *file = &site->file[own ? i - site->files : i];
		const struct embedded *built_in = site_built_in(file->name);
		struct template_source source = { .name = tag,
			.shown = file->name,
			.phrases = tag != NULL,
			.fallback = fallback };

		if (!is_source(file, tag)) {
			continue;
		}
		if (tag == NULL) {
			source.name = file->name;
		}
		if (own && file->own != NULL) {
			source.shown = file->path;
			source.text = file->own;
			source.size = file->size;
		} else if (!own && built_in != NULL) {
			source.text = built_in->data;
			source.size = built_in->size;
		} else {
			continue;
		}
		to->owned[to->count] = own ? file : NULL;
		to->source[to->count++] = source;
	}
}

static void
sources_of(
    struct site *site, const struct language *language, struct page_files *out)
{
	out->count = 0;
	add_sources(site, NULL, false, out);
	if (strcmp(language->tag, LANGUAGE_FALLBACK) != 0) {
		add_sources(site, LANGUAGE_FALLBACK, true, out);
	}
	add_sources(site, language->tag, false, out);
}

/* What does not change from page to page. */
static const struct section *
fix_variables(struct site *site, const struct language *language)
{
	const struct conf *conf = site->conf;
	const struct {
		enum variable_name name;
		const char *text;
	} fixed[SITE_FIXED] = {
		{ VAR_LANG, language->tag },
		{ VAR_CHOICE, site->languages.count > 1 ? "yes" : NULL },
		{ VAR_SITE_NAME, conf->web.site_name },
		{ VAR_HOST, site->host },
		{ VAR_URL, conf->lookup_url },
		{ VAR_LOGO, site->logo },
		{ VAR_VERSION, site->version },
		{ VAR_CONTACT, conf->contact },
		{ VAR_ABUSE, conf->web.abuse[0] != '\0' ? conf->web.abuse
							: conf->contact },
		{ VAR_OBSERVE, conf->mode == CONF_OBSERVE ? "yes" : NULL },
	};
	const ptrdiff_t place = language - site->languages.language;
	struct variable *variable = site->fixed[place];

	for (size_t i = 0; i < SITE_FIXED; i++) {
		variable[i] = (struct variable){
			.name = (uint16_t)fixed[i].name,
			.text = fixed[i].text,
			.next = i + 1 < SITE_FIXED ? &variable[i + 1] : NULL
		};
	}
	site->fixed_in[place] = (struct section){ .variable = variable };
	return &site->fixed_in[place];
}

/* Read the templates of a language.  False where that cannot be done; where an
 * owner's file is to blame it is given up, and all languages are to be read
 * again: *again. */
static bool
read_templates(struct site *site, struct language *language, bool *again)
{
	struct page_files sources;
	struct template_error error;

	sources_of(site, language, &sources);
	templates_free(language->templates);
	language->templates = templates_new(sources.source, sources.count,
	    &(struct template_names){
		variable_names, VAR_NAMES, fix_variables(site, language) },
	    &error);
	if (language->templates != NULL) {
		return true;
	}
	if (sources.owned[error.source] == NULL) {
		log_warn("%s", error.what);
		return false;
	}
	log_warn("%s; %s", error.what,
	    site_built_in(sources.owned[error.source]->name) != NULL
		? "the one compiled in is used"
		: "the language is not shown");
	site_use(sources.owned[error.source], NULL, 0);
	*again = true;
	return true;
}

static void
tell(const char *line)
{
	log_warn("%s", line);
}

/* Say what is wrong with the owner's phrases, and what is missing. */
static void
tell_of_phrases(struct site *site, const struct language *language)
{
	struct page_files sources;
	char buf[LACKS_SIZE];
	struct text names;
	size_t of;
	size_t lacks;

	sources_of(site, language, &sources);
	for (size_t i = 0; i < sources.count; i++) {
		if (sources.source[i].phrases && !sources.source[i].fallback &&
		    sources.owned[i] != NULL) {
			templates_tell(
			    language->templates, sources.source, i, tell);
		}
	}
	text_init(&names, buf, sizeof(buf));
	lacks = templates_lacks(language->templates, &names, &of);
	if (lacks > 0) {
		log_info("%s.phrases lacks %zu of %zu phrases, which are shown "
			 "in English: %s%s",
		    language->tag, lacks, of, buf, names.cut ? " ..." : "");
	}
}

/* What a language says of itself, and what numbers are written with. */
static void
describe(struct language *language)
{
	static const char *const words[] = { "unit-day", "unit-hour",
		"unit-minute", "unit-second", "number-group" };
	char *const to[] = { language->unit[0], language->unit[1],
		language->unit[2], language->unit[3], language->group };
	const struct section none = { .variable = NULL };
	struct text out;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		text_init(&out, to[i], LANGUAGE_WORD_SIZE);
		(void)template_render(
		    language->templates, words[i], TEMPLATE_PLAIN, &none, &out);
	}
	text_init(&out, language->name, sizeof(language->name));
	templates_fact(language->templates, TEMPLATE_NAME, &out);
	if (out.len == 0) {
		text_add(&out, language->tag);
	}
	text_init(&out, language->also, sizeof(language->also));
	templates_fact(language->templates, TEMPLATE_ALSO, &out);
	text_init(&out, language->direction, sizeof(language->direction));
	templates_fact(language->templates, TEMPLATE_DIRECTION, &out);
}

/* Those the site is to speak, as far as their files are there: the owner's,
 * else all, else the one to fall back on. */
static void
choose_languages(struct site *site)
{
	const struct conf_list *wished = &site->conf->web.languages;
	struct languages *spoken = &site->languages;
	struct language_list list = { .count = 0 };

	for (size_t i = 0; i < site->files; i++) {
		if (site->file[i].data != NULL &&
		    language_of_file(
			site->file[i].name, list.tag[list.count])) {
			list.count++;
		}
	}
	spoken->count = 0;
	for (size_t i = 0;
	     i < (wished->items > 0 ? wished->items : list.count) &&
	     spoken->count < LANGUAGES_MAX;
	     i++) {
		const char *tag = wished->items > 0 ? wished->item[i]
						    : list.tag[i];

		if (language_list_has(&list, tag)) {
			(void)text_copy(spoken->language[spoken->count++].tag,
			    LANGUAGE_TAG_SIZE, tag);
		}
	}
	if (spoken->count == 0) {
		(void)text_copy(spoken->language[spoken->count++].tag,
		    LANGUAGE_TAG_SIZE, LANGUAGE_FALLBACK);
	}
}

static void
free_templates(struct site *site)
{
	for (size_t i = 0; i < LANGUAGES_MAX; i++) {
		templates_free(site->languages.language[i].templates);
		site->languages.language[i].templates = NULL;
	}
}

/* Read all languages; false where that cannot be done. */
static bool
read_languages(struct site *site)
{
	struct languages *spoken = &site->languages;
	bool again = true;
	bool fine = true;

	while (again && fine) {
		again = false;
		free_templates(site);
		choose_languages(site);
		for (size_t i = 0; i < spoken->count && fine && !again; i++) {
			fine = read_templates(
			    site, &spoken->language[i], &again);
		}
	}
	for (size_t i = 0; i < spoken->count && fine; i++) {
		describe(&spoken->language[i]);
		tell_of_phrases(site, &spoken->language[i]);
	}
	return fine;
}

/* ---- all of it ---- */

/* Its name as senders meet it: in the link of each refusal, else in the
 * contact's address, else the machine's own. */
static void
name_host(struct site *site)
{
	const struct conf *conf = site->conf;
	const char *name = conf->web.site_name;
	const char *url = strstr(conf->lookup_url, "://");
	const char *at = strchr(conf->contact, '@');
	struct text out;

	text_init(&out, site->host, sizeof(site->host));
	if (name[0] != '\0') {
		text_add(&out, name);
	} else if (url != NULL) {
		text_add_bytes(&out, url + 3,
		    strcspn(url + 3, url[3] == '[' ? "/?#" : "/:?#"));
	} else if (at != NULL) {
		text_add(&out, at + 1);
	} else if (gethostname(site->host, sizeof(site->host) - 1) != 0) {
		text_add(&out, "videur");
	}
}

struct site *
site_new(struct conf *conf)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL) {
		return NULL;
	}
	site->references = 1;
	site->conf = conf_hold(conf);
	name_host(site);
	if (!site_add_files(site) || !read_languages(site)) {
		site_drop(site);
		return NULL;
	}
	return site;
}

struct site *
site_hold(struct site *site)
{
	(void)__atomic_add_fetch(&site->references, 1, __ATOMIC_RELAXED);
	return site;
}

void
site_drop(struct site *site)
{
	if (__atomic_sub_fetch(&site->references, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	free_templates(site);
	for (size_t i = 0; i < site->files; i++) {
		free(site->file[i].own);
	}
	conf_drop(site->conf);
	free(site);
}
