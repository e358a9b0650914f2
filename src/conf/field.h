/*
 * Setters: how the value of a key is read into its field (see struct key).
 *
 * Each takes the key's row, the field and the text, and gives back NULL or a
 * complaint, with the field left as it was.
 */
#ifndef CONF_FIELD_H
#define CONF_FIELD_H

struct key;

/* char[key->size]: printable ASCII; an empty one only where key->min is 0. */
const char *field_text(const struct key *key, void *field, const char *value);

/* char[key->size]: UTF-8 that may be shown, in one line; in any number. */
const char *field_words(const struct key *key, void *field, const char *value);
const char *field_prose(const struct key *key, void *field, const char *value);

/* char[key->size]: the name of a file or folder, empty only where key->min is
 * 0; of a user or group. */
const char *field_path(const struct key *key, void *field, const char *value);
const char *field_account(
    const struct key *key, void *field, const char *value);

/* char[key->size]: a mail address; an http(s) URL that a reply can carry. */
const char *field_mail(const struct key *key, void *field, const char *value);
const char *field_url(const struct key *key, void *field, const char *value);

/* unsigned and int64_t, from key->min to key->max. */
const char *field_unsigned(
    const struct key *key, void *field, const char *value);
const char *field_int(const struct key *key, void *field, const char *value);

/* int64_t: a duration, in seconds. */
const char *field_duration(
    const struct key *key, void *field, const char *value);

/* unsigned: a file's mode in octal, "0660". */
const char *field_mode(const struct key *key, void *field, const char *value);

/* char[key->size]: where a filter listens, in libmilter's words; where a web
 * server does, HOST:PORT, [v6]:PORT or unix:PATH. */
const char *field_milter_listen(
    const struct key *key, void *field, const char *value);
const char *field_web_listen(
    const struct key *key, void *field, const char *value);

/* struct net; an enum by the place of its word in key->words. */
const char *field_net(const struct key *key, void *field, const char *value);
const char *field_word(const struct key *key, void *field, const char *value);

/* char[key->size]: a path from the root; a header, "Name: value". */
const char *field_root_path(
    const struct key *key, void *field, const char *value);
const char *field_header(const struct key *key, void *field, const char *value);

#endif
