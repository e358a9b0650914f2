#include "web/site.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"
#include "web/accent.h"
#include "web/overlay.h"
#include "web/slots.h"
#include "web/template.h"

enum {
	FILES_MAX = 8,
	ACCENT_SIZE = 512,
	VERSION_SIZE = 9
};

struct site {
	struct conf *conf;
	struct overlay overlay;
	struct languages languages;
	struct book *book[LANGUAGE_COUNT];
	struct site_file file[FILES_MAX];
	size_t files;
	char *style; /* owned, as is the logo */
	char *logo;
	char version[VERSION_SIZE];
	unsigned references;
};

static bool
ends_in(const char *name, const char *end)
{
	const size_t len = strlen(name);

	return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

/* ---- books ---- */

/* What a book is made of, and the file each source is of. */
struct ingredients {
	struct book_source source[2 * OVERLAY_FILES_MAX];
	struct overlay_file *file[2 * OVERLAY_FILES_MAX];
	size_t count;
};

static void
add_source(struct ingredients *all, struct overlay_file *file, bool theirs)
{
	all->source[all->count] = (struct book_source){ .name = file->name,
		.shown = theirs ? file->path : file->name,
		.text = theirs ? file->theirs : file->ours,
		.size = theirs ? file->theirs_size : file->ours_size,
		.phrases = ends_in(file->name, ".phrases") };
	all->file[all->count++] = theirs ? file : NULL;
}

/* Templates, and the phrases of one language; the owner's come last. */
static void
gather(struct site *site, enum language language, struct ingredients *all)
{
	all->count = 0;
	for (int theirs = 0; theirs < 2; theirs++) {
		for (size_t i = 0; i < site->overlay.files; i++) {
			struct overlay_file *file = &site->overlay.file[i];
			const bool fits = ends_in(file->name, ".html") ||
					  ends_in(file->name, ".txt") ||
					  strcmp(
					      file->name, language_phrases_file(
							      language)) == 0;

			if (fits && (theirs == 0 || file->theirs != NULL)) {
				add_source(all, file, theirs != 0);
			}
		}
	}
}

/* Make the book of a language; a file that is wrong is refused, and then
 * another try is worth it: `again`. */
static bool
make_book(struct site *site, enum language language, bool *again)
{
	struct ingredients all;
	struct book_error error;

	gather(site, language, &all);
	book_free(site->book[language]);
	site->book[language] = book_new(
	    all.source, all.count, slot_names, SLOT_NAMES, &error);
	if (site->book[language] != NULL) {
		return true;
	}
	if (all.file[error.source] == NULL) {
		log_warn("%s", error.what);
		return false;
	}
	log_warn("%s; the one compiled in is used", error.what);
	overlay_refuse(all.file[error.source]);
	*again = true;
	return true;
}

/* All books, of the same files: what is refused for one is for all. */
static bool
make_books(struct site *site)
{
	bool again = true;

	while (again) {
		again = false;
		for (int i = 0; i < LANGUAGE_COUNT && !again; i++) {
			if (!make_book(site, (enum language)i, &again)) {
				return false;
			}
		}
	}
	return true;
}

/* ---- files ---- */

static void
add_file(struct site *site, const char *name, const char *type,
    const char *data, size_t size)
{
	site->file[site->files++] = (struct site_file){
		.name = name, .type = type, .data = data, .size = size
	};
}

/* The style sheet and the owner's colour behind it. */
static bool
add_style(struct site *site, const char *text, size_t size)
{
	const size_t room = size + ACCENT_SIZE;
	struct text out;

	site->style = malloc(room);
	if (site->style == NULL) {
		return false;
	}
	text_init(&out, site->style, room);
	text_add_bytes(&out, text, size);
	accent_style(site->conf->web.accent, &out);
	add_file(
	    site, "style.css", "text/css; charset=utf-8", out.buf, out.len);
	return true;
}

/* What is served of the files that are no templates. */
static bool
add_files(struct site *site)
{
	static const struct {
		const char *end;
		const char *type;
	} served[] = {
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
	};

	for (size_t i = 0; i < site->overlay.files; i++) {
		const struct overlay_file *file = &site->overlay.file[i];
		const char *data = file->theirs != NULL ? file->theirs
							: file->ours;
		const size_t size = file->theirs != NULL ? file->theirs_size
							 : file->ours_size;

		if (ends_in(file->name, ".css") &&
		    !add_style(site, data, size)) {
			return false;
		}
		for (size_t n = 0; n < sizeof(served) / sizeof(served[0]);
		     n++) {
			if (ends_in(file->name, served[n].end)) {
				add_file(site, file->name, served[n].type, data,
				    size);
			}
		}
	}
	return true;
}

static void
add_logo(struct site *site)
{
	static const struct {
		const char *end;
		const char *type;
	} known[] = {
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
		{ ".jpeg", "image/jpeg" },
		{ ".gif", "image/gif" },
		{ ".webp", "image/webp" },
	};
	const char *path = site->conf->web.logo;
	size_t size;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!ends_in(path, known[i].end)) {
			continue;
		}
		site->logo = overlay_read(path, false, &size);
		if (site->logo != NULL) {
			add_file(site, "logo", known[i].type, site->logo, size);
		}
		return;
	}
	if (path[0] != '\0') {
		log_warn("%s is not used: a logo is an SVG, PNG, JPEG, GIF or "
			 "WebP file, and so its name ends",
		    path);
	}
}

/* FNV-1a: enough to tell one version of the files from the next. */
static void
set_version(struct site *site)
{
	uint32_t hash = UINT32_C(2166136261);
	struct text out;

	for (size_t i = 0; i < site->files; i++) {
		for (size_t n = 0; n < site->file[i].size; n++) {
			hash ^= (unsigned char)site->file[i].data[n];
			hash *= UINT32_C(16777619);
		}
	}
	text_init(&out, site->version, sizeof(site->version));
	text_addf(&out, "%08x", hash);
}

/* ---- the whole ---- */

static void
choose_languages(struct site *site)
{
	const struct conf_list *list = &site->conf->web.languages;
	const char *tags[CONF_LIST_MAX];

	for (size_t i = 0; i < list->items; i++) {
		tags[i] = list->item[i];
	}
	site->languages = languages_of(tags, list->items);
}

static void
site_free(struct site *site)
{
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		book_free(site->book[i]);
	}
	overlay_clear(&site->overlay);
	free(site->style);
	free(site->logo);
	conf_drop(site->conf);
	free(site);
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
	choose_languages(site);
	overlay_load(&site->overlay, conf->web.templates);
	if (!make_books(site) || !add_files(site)) {
		site_free(site);
		return NULL;
	}
	add_logo(site);
	set_version(site);
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
	if (__atomic_sub_fetch(&site->references, 1, __ATOMIC_ACQ_REL) == 0) {
		site_free(site);
	}
}

const struct conf *
site_conf(const struct site *site)
{
	return site->conf;
}

const struct languages *
site_languages(const struct site *site)
{
	return &site->languages;
}

const struct book *
site_book(const struct site *site, enum language language)
{
	return site->book[language];
}

const struct site_file *
site_file(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->files; i++) {
		if (strcmp(site->file[i].name, name) == 0) {
			return &site->file[i];
		}
	}
	return NULL;
}

const char *
site_version(const struct site *site)
{
	return site->version;
}

const char *
site_logo(const struct site *site)
{
	return site->logo != NULL ? "logo" : "icon.svg";
}
