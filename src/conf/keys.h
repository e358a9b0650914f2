/*
 * The keys of videur.conf, over struct conf; those of policy files, over struct
 * policy, its rules and its limits; and those of scanner files, over struct
 * conf.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "conf/grammar.h"

/* The keys of videur.conf, one for each kind of event among them.  For one
 * thread at a time. */
const struct grammar *keys_of_conf(void);

extern const struct grammar keys_of_policy;

/* Over struct conf: what a scanner's file adds to the lists. */
extern const struct grammar keys_of_scanner;

/*
 * Whether `name` ("Europe/Paris") is a time zone of the database in `folder`:
 * NULL, or a complaint that goes on from key and value.  Where there is no
 * such folder only the name's form is looked at.
 */
const char *keys_check_zone(const char *folder, const char *name);

#endif
