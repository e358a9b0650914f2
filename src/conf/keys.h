/*
 * The keys of videur.conf: one table with each key's place, default and
 * limits, over struct conf.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

struct grammar;

extern const struct grammar conf_grammar;

#endif
