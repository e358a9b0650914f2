#include "conf/options.h"

#include <string.h>

static cfg_opt_t
option_of(const struct options *options, const struct key *key)
{
	/* No default: ours are set before. */
	return (cfg_opt_t){
		.name = key->name,
		.type = CFGT_STR,
		.flags = key->list ? CFGF_LIST : CFGF_NODEFAULT,
		.parsecb = options->on_value,
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
		.flags = grammar_is_titled(grammar, name)
			     ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES
			     : CFGF_NONE,
		.subopts = into,
		.validcb = options->on_section_end,
	};
	while (i < grammar->count && grammar->keys[i].section != NULL &&
	       strcmp(grammar->keys[i].section, name) == 0) {
		*into++ = option_of(options, &grammar->keys[i++]);
	}
	return i;
}

void
options_build(struct options *options, const struct grammar *grammar)
{
	size_t i = 0;

	options->tops = 0;
	options->sections = 0;
	while (i < grammar->count) {
		if (grammar->keys[i].section == NULL) {
			options->top[options->tops++] = option_of(
			    options, &grammar->keys[i++]);
		} else {
			i = add_section(options, grammar, i);
		}
	}
	if (grammar->include) {
		options->top[options->tops++] = (cfg_opt_t){ .name = "include",
			.type = CFGT_FUNC,
			.func = options->on_include };
	}
}
