/*
 * The files of a site: compiled in, or the owner's in their place, and his
 * colour and logo.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/language.h"
#include "web/site.h"

extern const struct embedded web_files[];

enum {
	ACCENT_SIZE = 512
};

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

bool
site_name_ends(const char *name, const char *end)
{
	const size_t len = strlen(name);

	return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

static const char *
type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (site_name_ends(name, types[i].end)) {
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

const struct embedded *
site_built_in(const char *name)
{
	const struct embedded *file = embedded_find(web_files, name);

	return file != NULL ? file : embedded_find(phrase_files, name);
}

void
site_use(struct site_file *file, char *own, size_t size)
{
	const struct embedded *built_in = site_built_in(file->name);

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
		site_use(file, own, size);
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
			    site_name_ends(entry->d_name, ".phrases")
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
	bool whole;

	file->name = name;
	file->type = type_of(name);
	site_use(file, NULL, 0);
	whole = text_print(
	    file->path, sizeof(file->path), "%s/%s", folder, name);
	if (folder[0] != '\0' && whole) {
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
	site_use(file, style, out.len);
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
	text_add_hex(&version, key, sizeof(site->version) / 2);
}

bool
site_add_files(struct site *site)
{
	const struct conf *conf = site->conf;

	add_files(site, conf->web.templates);
	for (size_t i = 0; i < site->files; i++) {
		if (site_name_ends(site->file[i].name, ".css") &&
		    !colour(&site->file[i], conf->web.accent)) {
			return false;
		}
	}
	add_logo(site);
	set_version(site);
	return true;
}
