#include "web/site.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/language.h"
#include "web/template.h"

extern const struct embedded web_files[];

enum {
	ACCENT_SIZE = 512,
	LACKS_SIZE = 256 /* names of phrases in one line of the log */
};

#define PAGE_VARIABLE(name, word) [VAR_##name] = (word),
const char *const variable_names[VAR_NAMES] = { PAGE_VARIABLES(PAGE_VARIABLE) };
#undef PAGE_VARIABLE

/* What is served as it is, and what a logo may be. */
static const struct {
	const char *end;
	const char *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" },
	{ ".gif", "image/gif" },
	{ ".webp", "image/webp" },
};

static bool
ends_in(const char *name, const char *end)
{
	const size_t len = strlen(name);

	return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

static const char *
type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (ends_in(name, types[i].end)) {
			return types[i].type;
		}
	}
	return NULL;
}

/* ---- the owner's colour, made fit to be read in light and dark ---- */

/* Red, green and blue, 0 to 255: the page's darkest light paper and lightest
 * dark one (style.css), and inks. */
static const double light_paper[3] = { 0xee, 0xec, 0xe6 };
static const double dark_paper[3] = { 0x2a, 0x2f, 0x34 };
static const double white[3] = { 255, 255, 255 };
static const double black[3] = { 0, 0, 0 };

/* Contrast of relative luminances.  The curve of sRGB is near to 0.8 x^2 +
 * 0.2 x^3, a little above it where it is dark; the contrast asked for makes up
 * for it. */
static double
contrast(const double a[static 3], const double b[static 3])
{
	static const double weight[3] = { 0.2126, 0.7152, 0.0722 };
	double one = 0.05;
	double other = 0.05;

	for (size_t i = 0; i < 3; i++) {
		const double x = a[i] / 255;
		const double y = b[i] / 255;

		one += weight[i] * x * x * (0.8 + 0.2 * x);
		other += weight[i] * y * y * (0.8 + 0.2 * y);
	}
	return one > other ? one / other : other / one;
}

/* Add the rules of a colour: drawn towards `end` until it can be read on
 * `paper`, and what is written on it in white or black. */
static void
add_rules(unsigned long rgb, const double paper[static 3],
    const double end[static 3], struct text *out)
{
	const double enough = 5.0;
	double colour[3] = { (double)(rgb >> 16 & 255),
		(double)(rgb >> 8 & 255), (double)(rgb & 255) };

	for (int step = 0; step < 40 && contrast(colour, paper) < enough;
	     step++) {
		for (size_t i = 0; i < 3; i++) {
			colour[i] += (end[i] - colour[i]) / 16;
		}
	}
	text_addf(out, ":root{--accent:#%02x%02x%02x;--on-accent:#%s}",
	    (unsigned)colour[0], (unsigned)colour[1], (unsigned)colour[2],
	    contrast(colour, white) > contrast(colour, black) ? "ffffff"
							      : "000000");
}

/* ---- files ---- */

static const struct embedded *
built_in_of(const char *name)
{
	const struct embedded *file = embedded_find(web_files, name);

	return file != NULL ? file : embedded_find(phrase_files, name);
}

/* Put the owner's file, or another made from it, in place of what is
 * compiled in; NULL takes it away again. */
static void
use(struct site_file *file, char *own, size_t size)
{
	const struct embedded *built_in = built_in_of(file->name);

	free(file->own);
	file->own = own;
	if (own == NULL && built_in != NULL) {
		file->data = built_in->data;
		file->size = built_in->size;
	} else {
		file->data = own;
		file->size = size;
	}
}

/* Read the owner's file at `path`; a line in the log where that cannot be
 * done, unless it is not there and `optional`. */
static void
use_path(struct site_file *file, bool optional)
{
	char why[FILE_WHY_SIZE];
	size_t size;
	char *own = file_read(file->path, SITE_FILE_MAX, &size, why);

	if (own != NULL) {
		use(file, own, size);
	} else if (!optional || errno != ENOENT) {
		log_warn("%s is not used: %s", file->path, why);
	}
}

/* Name files that would be there for nothing. */
static void
warn_of_strangers(const char *folder)
{
	char tag[LANGUAGE_TAG_SIZE];
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char why[FILE_WHY_SIZE];

	if (dir == NULL) {
		log_warn("templates of %s are not used: %s", folder,
		    strerror_r(errno, why, sizeof(why)));
		return;
	}
	/* The stream is this thread's alone. */
	while ((entry = readdir(dir)) != /* NOLINT(concurrency-mt-unsafe) */
	       NULL) {
		if (entry->d_name[0] != '.' &&
		    embedded_find(web_files, entry->d_name) == NULL &&
		    !language_of_file(entry->d_name, tag)) {
			log_warn("%s/%s is not used: no file of the pages has "
				 "that name%s",
			    folder, entry->d_name,
			    ends_in(entry->d_name, ".phrases")
				? ", and it is no language's tag, such as de "
				  "or pt-BR"
				: "");
		}
	}
	(void)closedir(dir);
}

/* Add the file of that name, which lives as long as the site. */
static void
add_file(struct site *site, const char *folder, const char *name)
{
	struct site_file *file = &site->file[site->files++];
	struct text path;

	file->name = name;
	file->type = type_of(name);
	use(file, NULL, 0);
	text_init(&path, file->path, sizeof(file->path));
	text_addf(&path, "%s/%s", folder, name);
	if (folder[0] != '\0' && !path.cut) {
		use_path(file, true);
	}
}

/* Those compiled in, and of languages those that only the owner has. */
static void
add_files(struct site *site, const char *folder)
{
	struct language_list list;

	for (size_t i = 0; web_files[i].name != NULL; i++) {
		add_file(site, folder, web_files[i].name);
	}
	language_list(folder, &list);
	for (size_t i = 0; i < list.count && site->files < SITE_FILES_MAX - 1;
	     i++) {
		add_file(
		    site, folder, language_file(list.tag[i], site->phrases[i]));
	}
	if (list.more) {
		log_warn("%s: of its languages %d are used", folder,
		    (int)LANGUAGES_MAX);
	}
	if (folder[0] != '\0') {
		warn_of_strangers(folder);
	}
}

static void
add_logo(struct site *site)
{
	const char *path = site->conf->web.logo;
	struct site_file *file = &site->file[site->files];
	const char *type = type_of(path);

	site->logo = "icon.svg";
	if (path[0] == '\0') {
		return;
	}
	if (type == NULL || strncmp(type, "image/", 6) != 0) {
		log_warn("%s is not used: a logo is an SVG, PNG, JPEG, GIF or "
			 "WebP file, and so its name ends",
		    path);
		return;
	}
	file->name = "logo";
	file->type = type;
	(void)text_copy(file->path, sizeof(file->path), path);
	use_path(file, false);
	if (file->data != NULL) {
		site->files++;
		site->logo = file->name;
	}
}

/* Write the rules that the owner's colour, "#rrggbb", makes behind a style
 * sheet; none for "".  What is written in it on the page's paper has a contrast
 * of at least 4.5 (WCAG 2.1, 1.4.3), and so has what is written on it.  False
 * where there is no memory. */
static bool
colour(struct site_file *file, const char *accent)
{
	const unsigned long rgb = strtoul(
	    accent[0] == '#' ? accent + 1 : "", NULL, 16);
	const size_t room = file->size + ACCENT_SIZE;
	char *style = malloc(room);
	struct text out;

	if (style == NULL) {
		return false;
	}
	text_init(&out, style, room);
	text_add_bytes(&out, file->data, file->size);
	if (accent[0] != '\0') {
		text_add(&out, "\n/* The owner's colour. */\n");
		add_rules(rgb, light_paper, black, &out);
		text_add(
		    &out, "\n@media screen and (prefers-color-scheme: dark){");
		add_rules(rgb, dark_paper, white, &out);
		text_add(&out, "}\n");
	}
	use(file, style, out.len);
	return true;
}

const struct site_file *
site_file(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->files; i++) {
		if (site->file[i].type != NULL &&
		    strcmp(site->file[i].name, name) == 0) {
			return &site->file[i];
		}
	}
	return NULL;
}

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
			   : ends_in(file->name, ".html") ||
				 ends_in(file->name, ".txt");
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
		const struct embedded *built_in = built_in_of(file->name);
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
	    built_in_of(sources.owned[error.source]->name) != NULL
		? "the one compiled in is used"
		: "the language is not shown");
	use(sources.owned[error.source], NULL, 0);
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

/* Each file is hashed with the hash of those before it. */
static void
set_version(struct site *site)
{
	unsigned char key[HASH_KEY_SIZE] = { 0 };
	struct text version;

	for (size_t i = 0; i < site->files; i++) {
		const struct site_file *file = &site->file[i];
		uint64_t hash;

		if (file->type != NULL) {
			hash = hash_bytes(key, file->data, file->size);
			memcpy(key, &hash, sizeof(hash));
		}
	}
	text_init(&version, site->version, sizeof(site->version));
	for (size_t i = 0; i < sizeof(site->version) / 2; i++) {
		text_addf(&version, "%02x", key[i]);
	}
}

struct site *
site_new(struct conf *conf)
{
	struct site *site = calloc(1, sizeof(*site));
	bool fine = true;

	if (site == NULL) {
		return NULL;
	}
	site->references = 1;
	site->conf = conf_hold(conf);
	add_files(site, conf->web.templates);
	name_host(site);
	for (size_t i = 0; i < site->files && fine; i++) {
		if (ends_in(site->file[i].name, ".css")) {
			fine = colour(&site->file[i], conf->web.accent);
		}
	}
	add_logo(site);
	set_version(site);
	if (!fine || !read_languages(site)) {
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
