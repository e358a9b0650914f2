/*
 * A grammar in libconfuse's form.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <confuse.h>
#include <stddef.h>

#include "conf/grammar.h"

enum {
	/* The top holds sections and include() too; each has an end mark. */
	OPTIONS_MAX = GRAMMAR_SECTION_MAX + GRAMMAR_SECTIONS_MAX + 2
};

/* The caller sets the three calls before options_build(). */
struct options {
	cfg_callback_t on_value;                /* each value, as text */
	cfg_validate_callback_t on_section_end; /* each section */
	cfg_func_t on_include; /* where the grammar has include() */
	cfg_opt_t top[OPTIONS_MAX];
	cfg_opt_t section[GRAMMAR_SECTIONS_MAX][OPTIONS_MAX];
	size_t tops;
	size_t sections;
};

/* Fill in the rest.  Names are borrowed; cfg_init() copies all of it. */
void options_build(struct options *options, const struct grammar *grammar);

#endif
