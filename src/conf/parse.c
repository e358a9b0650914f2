#include "conf/parse.h"

#include <confuse.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "conf/given.h"
#include "conf/grammar.h"
#include "conf/options.h"
#include "conf/source.h"

/* One run over a text and what it includes. */
struct parse {
	struct given given;
	cfg_t *root;
	const char *file; /* being read; borrowed */
	int depth;
	int files;
	struct parse_place *place;
	char *error;
};

/*
 * libconfuse's scanner is global and its callbacks carry no pointer of ours,
 * so one text is read at a time, and this is whose.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct parse *running;

/* ---- complaints ---- */

/* "FILE:LINE: what", the first time only.  What was read and cannot be shown,
 * as control characters and halves of letters, is '?'. */
static void __attribute__((format(printf, 2, 0)))
complain_list(cfg_t *cfg, const char *format, va_list args)
{
	char what[CONF_ERROR_SIZE];
	struct text text;

	if (running->error[0] != '\0') {
		return;
	}
	(void)vsnprintf(what, sizeof(what), format, args);
	for (char *at = what; *at != '\0';) {
		size_t len = utf8_printable(at);
		if (len == 0) {
			*at = '?';
			len = 1;
		}
		at += len;
	}
	text_init(&text, running->error, CONF_ERROR_SIZE);
	text_addf(&text, "%s:%d: %s", running->file, cfg->line, what);
}

static void __attribute__((format(printf, 2, 3)))
complain(cfg_t *cfg, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_list(cfg, format, args);
	va_end(args);
}

static void
complain_of_value(
    cfg_t *cfg, const struct key *key, const char *value, const char *complaint)
{
	bool longer = strlen(value) > 80;

	complain(cfg, "%s = \"%.*s%s\": %s", key->name, longer ? 77 : 80, value,
	    longer ? "..." : "", complaint);
}

/* ---- what the library calls ---- */

static struct given_place
place_of(const cfg_t *cfg)
{
	return (struct given_place){
		.section = cfg == running->root ? NULL : cfg->name,
		.title = cfg->title,
		.mark = cfg,
	};
}

/* A key is given, and its section goes on; where a list begins, "=" begins it
 * anew and "+=" goes on.  False where that is refused. */
static bool
note_given(cfg_t *cfg, cfg_opt_t *opt, const struct key *key)
{
	const struct given_place place = place_of(cfg);
	bool first = !key->list || cfg_opt_size(opt) == 1;
	char buf[CONF_ERROR_SIZE];
	struct text wrong;

	text_init(&wrong, buf, sizeof(buf));
	if (given_enter(&running->given, &place, &wrong) &&
	    given_note(&running->given, key, first, &wrong)) {
		return true;
	}
	complain(cfg, "%s", buf);
	return false;
}

static void
note_place(const cfg_t *cfg, const struct key *key)
{
	struct parse_place *place = running->place;

	if (place != NULL && key->section == NULL &&
	    strcmp(key->name, place->key) == 0) {
		place->line = cfg->line;
		(void)text_copy(place->file, CONF_PATH_SIZE, running->file);
	}
}

/* Each value, as it is read and before the library keeps it. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct key *key = grammar_find(
	    running->given.grammar, place_of(cfg).section, cfg_opt_name(opt));
	const char *complaint = NULL;

	/* The library takes "section|key" for a key of another section. */
	if (key == NULL) {
		complain(
		    cfg, "%s must stand in its section", cfg_opt_name(opt));
		return -1;
	}
	if (!note_given(cfg, opt, key)) {
		return -1;
	}
	if (!key->list || strcmp(value, SOURCE_EMPTY_LIST) != 0) {
		complaint = given_set(&running->given, key, value);
	}
	if (complaint != NULL) {
		complain_of_value(cfg, key, value, complaint);
		return -1;
	}
	note_place(cfg, key);
	*(const char **)result = value;
	return 0;
}

static int
on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	const struct given_place place = place_of(section);
	char buf[CONF_ERROR_SIZE];
	struct text wrong;

	(void)cfg;
	text_init(&wrong, buf, sizeof(buf));
	/* An empty one was not entered yet. */
	if (given_enter(&running->given, &place, &wrong) &&
	    given_end(&running->given, &place, &wrong)) {
		return 0;
	}
	complain(section, "%s", buf);
	return -1;
}

/* ---- files ---- */

/* Read a text with the library, inside another one where it is included.
 * Its own cfg_include() would open the file by itself. */
static int
parse_here(cfg_t *cfg, const char *file, const char *text)
{
	const char *outer = running->file;
	int line = cfg->line;
	const char *wrong;
	char *clean = source_clean(text, &wrong, &cfg->line);
	int result = -1;
	FILE *stream;

	running->file = file;
	if (clean == NULL) {
		complain(cfg, "%s", wrong);
	} else if (clean[0] == '\0') {
		result = CFG_SUCCESS; /* fmemopen() dislikes no bytes */
	} else if ((stream = fmemopen(clean, strlen(clean), "r")) == NULL) {
		complain(cfg, "out of memory");
	} else {
		result = cfg_parse_fp(cfg, stream);
		(void)fclose(stream);
	}
	free(clean);
	running->file = outer;
	cfg->line = line;
	return result;
}

static int
include_file(cfg_t *cfg, const char *name)
{
	char path[CONF_PATH_SIZE];
	char error[CONF_ERROR_SIZE];
	bool missing;
	char *text;
	int result;

	if (!source_beside(running->file, name, path)) {
		complain(cfg, "the included file's name is too long");
		return -1;
	}
	text = source_read(path, &missing, error);
	if (text == NULL) {
		complain(cfg, "include(\"%s\"): %s", path, error);
		return -1;
	}
	running->depth++;
	running->files++;
	result = parse_here(cfg, path, text);
	running->depth--;
	free(text);
	return result;
}

static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	(void)opt;
	if (argc != 1 || argv[0][0] == '\0') {
		complain(cfg, "include takes the name of one file");
	} else if (running->depth >= PARSE_DEPTH_MAX) {
		complain(cfg, "files include one another too deeply");
	} else if (running->files >= PARSE_FILES_MAX) {
		complain(cfg, "too many files are included");
	} else {
		return include_file(cfg, argv[0]);
	}
	return -1;
}

/* ---- runs ---- */

/* Give each list with a default one value, so that the first item of "+="
 * is not the list's first and goes on with the default. */
static void
seed_lists(cfg_t *cfg)
{
	for (unsigned i = 0; i < cfg_num(cfg); i++) {
		cfg_opt_t *opt = cfg_getnopt(cfg, i);
		const struct key *key = grammar_find(running->given.grammar,
		    place_of(cfg).section, cfg_opt_name(opt));

		if (key != NULL && key->list && key->def != NULL) {
			(void)cfg_opt_setnstr(opt, key->def, 0);
		}
	}
}

static void
seed_all_lists(cfg_t *root)
{
	seed_lists(root);
	for (unsigned i = 0; i < cfg_num(root); i++) {
		cfg_opt_t *opt = cfg_getnopt(root, i);
		if (opt->type == CFGT_SEC &&
		    !grammar_is_titled(running->given.grammar, opt->name)) {
			seed_lists(cfg_opt_getnsec(opt, 0));
		}
	}
}

static bool
parse_locked(const char *file, const char *text)
{
	struct options options = {
		.on_value = on_value,
		.on_section_end = on_section_end,
		.on_include = on_include,
	};
	bool fine = false;
	cfg_t *root;

	options_build(&options, running->given.grammar);
	root = cfg_init(options.top, CFGF_NONE);
	if (root != NULL) {
		running->root = root;
		(void)cfg_set_error_function(root, complain_list);
		seed_all_lists(root);
		fine = parse_here(root, file, text) == CFG_SUCCESS;
		(void)cfg_free(root);
	}
	if (!fine && running->error[0] == '\0') {
		(void)text_copy(
		    running->error, CONF_ERROR_SIZE, "out of memory");
	}
	return fine;
}

bool
parse_text(const struct grammar *grammar, void *target, const char *file,
    const char *text, struct parse_place *place,
    char error[static CONF_ERROR_SIZE])
{
	struct parse parse = {
		.given = { .grammar = grammar, .target = target },
		.file = file,
		.place = place,
		.error = error,
	};
	bool fine;

	error[0] = '\0';
	(void)pthread_mutex_lock(&lock);
	running = &parse;
	fine = parse_locked(file, text);
	running = NULL;
	(void)pthread_mutex_unlock(&lock);
	return fine;
}
