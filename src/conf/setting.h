/*
 * Setters of what only struct conf has (see struct key); those that any file
 * may use are in conf/field.h.
 */
#ifndef CONF_SETTING_H
#define CONF_SETTING_H

struct key;

/* struct policy: its name alone. */
const char *setting_policy(
    const struct key *key, void *field, const char *value);

/* enum conf_mode, conf_on_error, conf_start and conf_source. */
const char *setting_mode(const struct key *key, void *field, const char *value);
const char *setting_on_error(
    const struct key *key, void *field, const char *value);
const char *setting_start(
    const struct key *key, void *field, const char *value);
const char *setting_source(
    const struct key *key, void *field, const char *value);

/* Lists that are an array and its length: `field` is the struct conf. */
const char *setting_allow(
    const struct key *key, void *field, const char *value);
const char *setting_forwarders(
    const struct key *key, void *field, const char *value);
const char *setting_trusted_proxies(
    const struct key *key, void *field, const char *value);
const char *setting_submission_ports(
    const struct key *key, void *field, const char *value);

/* char[key->size]: yes, no or a path from the root; a time zone; a colour
 * "#0b5c8a".  The two last may be empty. */
const char *setting_journal(
    const struct key *key, void *field, const char *value);
const char *setting_zone(const struct key *key, void *field, const char *value);
const char *setting_colour(
    const struct key *key, void *field, const char *value);

/* struct conf_list: languages that the page speaks, each once. */
const char *setting_languages(
    const struct key *key, void *field, const char *value);

#endif
