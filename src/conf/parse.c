#include "conf/parse.h"

#include <confuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/source.h"

/* One run over a text and what it includes. */
struct parse {
	const struct grammar *grammar;
	void *target;
	cfg_t *root;
	const char *file; /* being read; borrowed */
	int depth;
	int files;
	uint64_t seen;     /* keys given, a bit each, in the table's order */
	uint64_t closed;   /* sections that ended, by their first key's bit */
	cfg_t *titled_cfg; /* the titled section being read, and its struct */
	void *titled;
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

static void
complain(const cfg_t *cfg, const char *what)
{
	struct text text;

	if (running->error[0] != '\0') {
		return;
	}
	text_init(&text, running->error, CONF_ERROR_SIZE);
	text_addf(&text, "%s:%d: %s", running->file, cfg->line, what);
}

static void __attribute__((format(printf, 2, 0)))
complain_for_library(cfg_t *cfg, const char *format, va_list args)
{
	char what[CONF_ERROR_SIZE];

	(void)vsnprintf(what, sizeof(what), format, args);
	complain(cfg, what);
}

/* KEY = "VALUE": complaint.  The value as far as it is printable. */
static void
complain_of_value(const cfg_t *cfg, const struct key *key, const char *value,
    const char *complaint)
{
	char what[CONF_ERROR_SIZE];
	char shown[81];
	struct text text;

	if (!text_copy(shown, sizeof(shown), value)) {
		(void)memcpy(shown + sizeof(shown) - 4, "...", 4);
	}
	for (char *at = shown; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~') {
			*at = '?';
		}
	}
	text_init(&text, what, sizeof(what));
	text_addf(&text, "%s = \"%s\": %s", key->name, shown, complaint);
	complain(cfg, what);
}

static void
complain_of_name(
    const cfg_t *cfg, const char *before, const char *name, const char *after)
{
	char what[CONF_ERROR_SIZE];
	struct text text;

	text_init(&text, what, sizeof(what));
	text_addf(&text, "%s%s%s", before, name, after);
	complain(cfg, what);
}

/* ---- keys ---- */

static bool
same_section(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static uint64_t
key_bit(const struct grammar *grammar, const struct key *key)
{
	return UINT64_C(1) << (key - grammar->keys);
}

/* The key of that name, or where `name` is NULL the section's first. */
static const struct key *
find_key(const struct grammar *grammar, const char *section, const char *name)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		if (same_section(key->section, section) &&
		    (name == NULL || strcmp(key->name, name) == 0)) {
			return key;
		}
	}
	return NULL;
}

static const char *
section_of(const cfg_t *cfg)
{
	return cfg == running->root ? NULL : cfg->name;
}

static bool
is_titled(const char *section)
{
	return section != NULL &&
	       same_section(section, running->grammar->titled);
}

static void *
field_of(const struct key *key)
{
	char *base = is_titled(key->section) ? running->titled
					     : running->target;

	return base + key->offset;
}

static void
set_default(const struct key *key, void *field)
{
	char item[CONF_PATH_SIZE];
	const char *at = key->def;

	while (at != NULL) {
		size_t len = key->list ? strcspn(at, ",") : strlen(at);
		struct text text;

		text_init(&text, item, sizeof(item));
		text_add_bytes(&text, at, len);
		(void)key->set(key, field, item);
		at = at[len] == ',' ? at + len + 1 : NULL;
	}
}

void
parse_defaults(const struct grammar *grammar, const char *section, void *target)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		bool titled = key->section != NULL &&
			      same_section(key->section, grammar->titled);
		if (titled == (section != NULL)) {
			set_default(key, (char *)target + key->offset);
		}
	}
}

/* ---- sections ---- */

/* Make `cfg`, a titled section, the one whose keys are being read. */
static bool
begin_titled(cfg_t *cfg)
{
	const struct grammar *grammar = running->grammar;
	const char *wrong = NULL;

	if (running->titled_cfg == cfg) {
		return true;
	}
	for (size_t i = 0; i < grammar->count; i++) {
		if (is_titled(grammar->keys[i].section)) {
			running->seen &= ~key_bit(grammar, &grammar->keys[i]);
		}
	}
	running->titled_cfg = cfg;
	running->titled = grammar->begin(
	    running->target, cfg_title(cfg), &wrong);
	if (running->titled == NULL) {
		complain(cfg, wrong);
		return false;
	}
	return true;
}

static bool
enter_section(cfg_t *cfg)
{
	const char *section = section_of(cfg);

	if (section == NULL) {
		return true;
	}
	if (is_titled(section)) {
		return begin_titled(cfg);
	}
	if ((running->closed &
		key_bit(running->grammar,
		    find_key(running->grammar, section, NULL)))) {
		complain_of_name(cfg, "section ", section, " is given twice");
		return false;
	}
	return true;
}

/*
 * The library calls nobody for "key = {}".  It leaves the list marked as
 * modified and without values: look for those, note that they were given and
 * empty the field.
 */
static bool
note_empty_lists(cfg_t *cfg)
{
	for (unsigned i = 0; i < cfg_num(cfg); i++) {
		cfg_opt_t *opt = cfg_getnopt(cfg, i);
		const struct key *key = find_key(
		    running->grammar, section_of(cfg), cfg_opt_name(opt));
		bool modified = (opt->flags & CFGF_MODIFIED) != 0;

		if (key == NULL || !key->list || !modified) {
			continue;
		}
		opt->flags &= ~CFGF_MODIFIED;
		if (cfg_opt_size(opt) > 0) {
			continue;
		}
		if (running->seen & key_bit(running->grammar, key)) {
			complain_of_name(cfg, "", key->name, " is given twice");
			return false;
		}
		running->seen |= key_bit(running->grammar, key);
		(void)key->set(key, field_of(key), NULL);
	}
	return true;
}

static bool
check_titled(cfg_t *cfg)
{
	const struct grammar *grammar = running->grammar;
	const char *wrong;

	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		if (key->required && !(running->seen & key_bit(grammar, key))) {
			char what[CONF_ERROR_SIZE];
			struct text text;

			text_init(&text, what, sizeof(what));
			text_addf(&text, "%s \"%s\" has no %s", grammar->titled,
			    cfg_title(cfg), key->name);
			complain(cfg, what);
			return false;
		}
	}
	wrong = grammar->check(running->titled);
	if (wrong != NULL) {
		complain(cfg, wrong);
	}
	return wrong == NULL;
}

/* ---- what the library calls ---- */

/* Each value, as it is read and before the library keeps it. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct key *key = find_key(
	    running->grammar, section_of(cfg), cfg_opt_name(opt));
	const char *complaint;
	bool first;

	/* The library takes "section|key" for a key of another section. */
	if (key == NULL) {
		complain_of_name(
		    cfg, "", cfg_opt_name(opt), " must stand in its section");
		return -1;
	}
	if (!enter_section(cfg) || !note_empty_lists(cfg)) {
		return -1;
	}
	/* "=" begins a list anew, "+=" goes on with it. */
	first = !key->list || cfg_opt_size(opt) == 1;
	if (first && (running->seen & key_bit(running->grammar, key))) {
		complain_of_name(cfg, "", key->name, " is given twice");
		return -1;
	}
	running->seen |= key_bit(running->grammar, key);
	if (first && key->list) {
		(void)key->set(key, field_of(key), NULL);
	}
	complaint = key->set(key, field_of(key), value);
	if (complaint != NULL) {
		complain_of_value(cfg, key, value, complaint);
		return -1;
	}
	if (running->place != NULL && key->section == NULL &&
	    strcmp(key->name, running->place->key) == 0) {
		running->place->line = cfg->line;
		(void)text_copy(
		    running->place->file, CONF_PATH_SIZE, running->file);
	}
	*(const char **)result = value;
	return 0;
}

static int
on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);

	(void)cfg;
	if (!enter_section(section) || !note_empty_lists(section)) {
		return -1;
	}
	if (is_titled(section->name)) {
		return check_titled(section) ? 0 : -1;
	}
	running->closed |= key_bit(
	    running->grammar, find_key(running->grammar, section->name, NULL));
	return 0;
}

static int
parse_here(cfg_t *cfg, const char *file, char *text)
{
	int line = cfg->line;
	const char *outer = running->file;
	const char *wrong;
	int result = -1;
	FILE *stream;

	running->file = file;
	wrong = source_blank_comments(text, &cfg->line);
	if (wrong != NULL) {
		complain(cfg, wrong);
	} else if (text[0] == '\0') {
		result = 0;
	} else if ((stream = fmemopen(text, strlen(text), "r")) == NULL) {
		complain(cfg, "out of memory");
	} else {
		result = cfg_parse_fp(cfg, stream);
		(void)fclose(stream);
	}
	running->file = outer;
	cfg->line = line;
	return result;
}

/* include("file"): beside the file that says so. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	char path[CONF_PATH_SIZE];
	char error[CONF_ERROR_SIZE];
	char *text;
	bool missing;
	int result;

	(void)opt;
	if (argc != 1) {
		complain(cfg, "include takes one file name");
		return -1;
	}
	if (running->depth >= PARSE_DEPTH_MAX ||
	    running->files >= PARSE_FILES_MAX) {
		complain(cfg, running->depth >= PARSE_DEPTH_MAX
				  ? "files include one another too deeply"
				  : "too many files are included");
		return -1;
	}
	if (!source_beside(running->file, argv[0], path)) {
		complain(cfg, "the included file's name is too long");
		return -1;
	}
	text = source_read(path, &missing, error);
	if (text == NULL) {
		char what[2 * CONF_ERROR_SIZE];

		(void)snprintf(
		    what, sizeof(what), "include(\"%s\"): %s", path, error);
		complain(cfg, what);
		return -1;
	}
	running->depth++;
	running->files++;
	result = parse_here(cfg, path, text);
	running->depth--;
	free(text);
	return result;
}

/* ---- the grammar in the library's form ---- */

struct options {
	cfg_opt_t top[PARSE_SECTION_MAX];
	cfg_opt_t section[8][PARSE_SECTION_MAX];
	size_t tops;
	size_t sections;
};

static cfg_opt_t
option_of(const struct key *key)
{
	/* No default: ours are set before. */
	return (cfg_opt_t){
		.name = key->name,
		.type = CFGT_STR,
		.flags = key->list ? CFGF_LIST : CFGF_NODEFAULT,
		.parsecb = on_value,
	};
}

static size_t
add_section(struct options *options, const struct grammar *grammar, size_t i)
{
	const char *name = grammar->keys[i].section;
	cfg_opt_t *into = options->section[options->sections++];

	options->top[options->tops++] = (cfg_opt_t){
		.name = name,
		.type = CFGT_SEC,
		.flags = same_section(name, grammar->titled)
			     ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES
			     : CFGF_NONE,
		.subopts = into,
		.validcb = on_section_end,
	};
	while (i < grammar->count &&
	       same_section(grammar->keys[i].section, name)) {
		*into++ = option_of(&grammar->keys[i++]);
	}
	return i;
}

static void
build_options(struct options *options, const struct grammar *grammar)
{
	size_t i = 0;

	*options = (struct options){ 0 };
	while (i < grammar->count) {
		if (grammar->keys[i].section == NULL) {
			options->top[options->tops++] = option_of(
			    &grammar->keys[i++]);
		} else {
			i = add_section(options, grammar, i);
		}
	}
	if (grammar->include) {
		options->top[options->tops++] = (cfg_opt_t){
			.name = "include", .type = CFGT_FUNC, .func = on_include
		};
	}
}

/* Give each list with a default one value, so that the first item of "+="
 * is not the list's first and goes on with the default. */
static bool
seed_lists(cfg_t *cfg)
{
	for (unsigned i = 0; i < cfg_num(cfg); i++) {
		cfg_opt_t *opt = cfg_getnopt(cfg, i);
		const struct key *key = find_key(
		    running->grammar, section_of(cfg), cfg_opt_name(opt));

		if (key != NULL && key->list && key->def != NULL) {
			(void)cfg_opt_setnstr(opt, key->def, 0);
			opt->flags &= ~CFGF_MODIFIED;
		}
	}
	return true;
}

/* Do `what` for the top and all sections that have no title. */
static bool
each_part(cfg_t *root, bool (*what)(cfg_t *cfg))
{
	for (unsigned i = 0; i < cfg_num(root); i++) {
		cfg_opt_t *opt = cfg_getnopt(root, i);
		if (opt->type == CFGT_SEC && !is_titled(opt->name) &&
		    !what(cfg_opt_getnsec(opt, 0))) {
			return false;
		}
	}
	return what(root);
}

static bool
parse_locked(const char *file, char *text)
{
	struct options options;
	bool fine = false;
	cfg_t *root;

	build_options(&options, running->grammar);
	root = cfg_init(options.top, CFGF_NONE);
	if (root != NULL) {
		running->root = root;
		(void)cfg_set_error_function(root, complain_for_library);
		fine = each_part(root, seed_lists) &&
		       parse_here(root, file, text) == CFG_SUCCESS &&
		       each_part(root, note_empty_lists);
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
    char *text, struct parse_place *place, char error[static CONF_ERROR_SIZE])
{
	struct parse parse = {
		.grammar = grammar,
		.target = target,
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
