#include "conf/grammar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/text.h"
#include "core/standing.h"

enum {
	DEFAULT_SIZE = 128 /* of one item */
};

/* ---- values ---- */

static const char letters_and_digits[] = TEXT_ALNUM "._-";

static const char *
copy(const struct key *key, void *field, const char *value)
{
	if (value[0] == '\0' && key->min > 0) {
		return "must not be empty";
	}
	return text_copy(field, key->size, value) ? NULL : "is too long";
}

const char *
field_text(const struct key *key, void *field, const char *value)
{
	return text_is_plain(value) ? copy(key, field, value)
				    : "must be printable ASCII";
}

const char *
field_words(const struct key *key, void *field, const char *value)
{
	return utf8_is_plain(value)
		   ? copy(key, field, value)
		   : "must be UTF-8 without control characters";
}

const char *
field_prose(const struct key *key, void *field, const char *value)
{
	for (const char *at = value; *at != '\0';) {
		const size_t len = *at == '\n' ? 1 : utf8_printable(at);

		if (len == 0) {
			return "must be UTF-8 without control characters but "
			       "ends of lines";
		}
		at += len;
	}
	return copy(key, field, value);
}

const char *
field_path(const struct key *key, void *field, const char *value)
{
	/* Programs that are started in different folders mean the same. */
	if (value[0] != '/' && (value[0] != '\0' || key->min > 0)) {
		return "must be a path that begins with /";
	}
	for (const char *at = value; *at != '\0'; at++) {
		if (iscntrl((unsigned char)*at)) {
			return "must not hold control characters";
		}
	}
	return copy(key, field, value);
}

const char *
field_account(const struct key *key, void *field, const char *value)
{
	return value[0] != '-' &&
		       value[strspn(value, letters_and_digits)] == '\0'
		   ? copy(key, field, value)
		   : "must be the name of an account";
}

/* Whether every character can stand in a URL or an address that is pasted
 * into a reply and a page: graphic ASCII, none of `without`. */
static bool
is_graphic_without(const char *value, const char *without)
{
	return text_is_plain(value) && strchr(value, ' ') == NULL &&
	       strpbrk(value, without) == NULL;
}

const char *
field_mail(const struct key *key, void *field, const char *value)
{
	const char *at = strchr(value, '@');

	if (value[0] != '\0' &&
	    (at == NULL || at == value || at[1] == '\0' ||
		strchr(at + 1, '@') != NULL ||
		!is_graphic_without(value, "<>\"'\\%()[],;:&?"))) {
		return "must be a mail address";
	}
	return copy(key, field, value);
}

const char *
field_url(const struct key *key, void *field, const char *value)
{
	const char *rest = text_after(value, "https://");

	if (rest == NULL) {
		rest = text_after(value, "http://");
	}
	if (value[0] != '\0' &&
	    (rest == NULL ||
		(!isalnum((unsigned char)*rest) && *rest != '['))) {
		return "must be an http:// or https:// URL";
	}
	if (!is_graphic_without(value, "%?#\"'<>\\`")) {
		return "must be plain ASCII without blanks, quotes and any "
		       "of % ? # < >";
	}
	return copy(key, field, value);
}

const char *
field_bits(const struct key *key, void *field, const char *value)
{
	unsigned place;

	if (value == NULL) {
		*(uint32_t *)field = 0;
	} else if (words_parse(key->words, value, &place)) {
		*(uint32_t *)field |= UINT32_C(1) << place;
	}
	return NULL;
}

const char *
field_word(const struct key *key, void *field, const char *value)
{
	return words_parse(key->words, value, field) ? NULL : grammar_no_word;
}

const char *
field_int(const struct key *key, void *field, const char *value)
{
	int64_t number;

	if (!text_to_int(value, INT64_MIN, INT64_MAX, &number)) {
		return "must be a whole number";
	}
	if (number < key->min || number > key->max) {
		return number < key->min ? "is too small" : "is too large";
	}
	if (key->size == sizeof(unsigned)) {
		*(unsigned *)field = (unsigned)number;
	} else {
		*(int64_t *)field = number;
	}
	return NULL;
}

const char *
field_duration(const struct key *key, void *field, const char *value)
{
	if (key->words != NULL && words_find(key->words, value) == 0) {
		*(int64_t *)field = 0;
		return NULL;
	}
	return text_to_duration(value, field)
		   ? NULL
		   : "must be a duration such as 90s, 10m, 2h or 7d";
}

const char *
field_mode(const struct key *key, void *field, const char *value)
{
	const unsigned long mode = strtoul(value, NULL, 8);

	(void)key;
	if (value[strspn(value, "01234567")] != '\0') {
		return "must be octal, such as 0660";
	}
	if (mode > 0777 || (mode & 0600) != 0600) {
		return "must be from 0600 to 0777, open to the owner";
	}
	*(unsigned *)field = (unsigned)mode;
	return (mode & 0002) == 0 ? NULL
				  : GRAMMAR_WARNING
		   "lets every user of this host have others banned: 0660 "
		   "and the MTA's group as socket-group let the MTA alone";
}

const char *
field_milter_listen(const struct key *key, void *field, const char *value)
{
	struct endpoint endpoint;
	const char *wrong = endpoint_parse(value, ENDPOINT_MILTER, &endpoint);

	if (wrong == NULL) {
		wrong = copy(key, field, value);
	}
	if (wrong == NULL && !endpoint.is_unix &&
	    (endpoint.host[0] == '\0' || strcmp(endpoint.host, "::") == 0 ||
		strcmp(endpoint.host, "0.0.0.0") == 0)) {
		return GRAMMAR_WARNING "takes connections on all addresses, so "
				       "that anybody can have others banned: "
				       "name one, as inet:8890@127.0.0.1";
	}
	return wrong;
}

const char *
field_web_listen(const struct key *key, void *field, const char *value)
{
	struct endpoint endpoint;
	const bool none = value[0] == '\0' && key->def == NULL;
	const char *wrong = none ? NULL
				 : endpoint_parse(
				       value, ENDPOINT_SERVER, &endpoint);

	return wrong != NULL ? wrong : copy(key, field, value);
}

const char *
field_net(const struct key *key, void *field, const char *value)
{
	/* Local addresses of IPv6 are wide by nature: fc00::/7, fe80::/10. */
	static const struct net local = { { { 0xfc } }, 6 };
	static _Thread_local char complaint[NET_COMPLAINT_SIZE];

	(void)key;
	if (!net_parse(value, field)) {
		return net_complaint(value, complaint);
	}
	return net_is_wider(field, BAN_WIDEST_V4, BAN_WIDEST_V6) &&
		       !net_contains(&local, field)
		   ? GRAMMAR_WARNING "is very wide: more than a /8, of IPv6 "
				     "a /16"
		   : NULL;
}

const char *
field_header(const struct key *key, void *field, const char *value)
{
	/* RFC 5322 2.2: a name is printable, without blank and ':'. */
	const char *colon = value + strcspn(value, ": ");

	if (colon == value || *colon != ':' ||
	    colon[1 + strspn(colon + 1, " ")] == '\0') {
		return "must be a header and the beginning of its value: "
		       "\"Name: value\"";
	}
	return field_text(key, field, value);
}

const char *
field_port(const struct key *key, void *field, const char *value)
{
	int64_t port;

	(void)key;
	if (!text_to_int(value, 1, UINT16_MAX, &port)) {
		return "must be a port from 1 to 65535";
	}
	*(uint16_t *)field = (uint16_t)port;
	return NULL;
}

/* ---- and back ---- */

typedef void value_writer(
    const struct key *key, const void *field, struct text *out);

static void
write_int(const struct key *key, const void *field, struct text *out)
{
	text_add_int(out,
	    key->size == sizeof(unsigned) ? (int64_t) * (const unsigned *)field
					  : *(const int64_t *)field,
	    0);
}

static void
write_port(const struct key *key, const void *field, struct text *out)
{
	(void)key;
	text_add_int(out, *(const uint16_t *)field, 0);
}

static void
write_duration(const struct key *key, const void *field, struct text *out)
{
	const int64_t seconds = *(const int64_t *)field;
	char duration[DURATION_TEXT_SIZE];

	text_add(out, seconds == 0 && key->words != NULL
			  ? words_at(key->words, 0)
			  : text_from_setting(seconds, duration));
}

static void
write_mode(const struct key *key, const void *field, struct text *out)
{
	(void)key;
	text_addf(out, "%04o", *(const unsigned *)field);
}

static void
write_net(const struct key *key, const void *field, struct text *out)
{
	char net[NET_TEXT_SIZE];

	(void)key;
	text_addf(out, "\"%s\"", net_format(field, net));
}

static void
write_word(const struct key *key, const void *field, struct text *out)
{
	text_add(out, words_at(key->words, *(const unsigned *)field));
}

/* In quotes, but for a single plain word. */
static void
write_text(const struct key *key, const void *field, struct text *out)
{
	const char *value = field;

	(void)key;
	if (value[0] != '\0' &&
	    value[strspn(value, letters_and_digits)] == '\0') {
		text_add(out, value);
		return;
	}
	text_add_char(out, '"');
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			text_add(out, "\\n");
			continue;
		}
		if (strchr("\"\\$", *value) != NULL) {
			text_add_char(out, '\\');
		}
		text_add_char(out, *value);
	}
	text_add_char(out, '"');
}

static value_writer *
writer_of(const struct key *key)
{
	static const struct {
		key_setter *set;
		value_writer *write;
	} writers[] = {
		{ field_int, write_int },
		{ field_port, write_port },
		{ field_duration, write_duration },
		{ field_mode, write_mode },
		{ field_net, write_net },
		{ field_word, write_word },
	};

	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		if (writers[i].set == key->set) {
			return writers[i].write;
		}
	}
	return write_text;
}

void
grammar_write(const struct key *key, const void *base, struct text *out)
{
	const char *field = (const char *)base + key->offset;
	const size_t items = key->most == 0
				 ? 1
				 : *(const size_t *)(const void
					   *)((const char *)base + key->count);

	text_add(out, key->list ? "{" : "");
	for (size_t i = 0; i < items; i++) {
		text_add(out, i > 0 ? ", " : "");
		writer_of(key)(key, field + i * key->size, out);
	}
	text_add(out, key->list ? "}" : "");
}

/* ---- keys and sections ---- */

bool
key_is_of(const struct key *key, const char *section)
{
	return key->section == section ||
	       (key->section != NULL && section != NULL &&
		   strcmp(key->section, section) == 0);
}

const struct key *
grammar_find(
    const struct grammar *grammar, const char *section, const char *name)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];

		if (key_is_of(key, section) &&
		    (name == NULL || strcmp(key->name, name) == 0)) {
			return key;
		}
	}
	return name != NULL && section != NULL && grammar->more != NULL
		   ? grammar->more(section, name)
		   : NULL;
}

const struct grammar_section *
grammar_section(const struct grammar *grammar, const char *section)
{
	for (size_t i = 0; section != NULL && i < grammar->section_count; i++) {
		if (strcmp(grammar->sections[i].name, section) == 0) {
			return &grammar->sections[i];
		}
	}
	return NULL;
}

const char grammar_full[] = "is one too many";
const char grammar_no_word[] = "is none of the words";

const char *
grammar_set(const struct key *key, void *base, const char *value)
{
	char *field = (char *)base + key->offset;
	size_t *items = (size_t *)(void *)((char *)base + key->count);
	const char *wrong;

	if (key->words != NULL && key->set != field_duration &&
	    words_find(key->words, value) == key->words->count) {
		return grammar_no_word;
	}
	if (key->most == 0) {
		return key->set(key, field, value);
	}
	if (*items == key->most) {
		return grammar_full;
	}
	wrong = key->set(key, field + *items * key->size, value);
	*items += wrong == NULL || text_after(wrong, GRAMMAR_WARNING) != NULL;
	return wrong;
}

void
grammar_empty(const struct key *key, void *base)
{
	if (key->most > 0) {
		*(size_t *)(void *)((char *)base + key->count) = 0;
	} else {
		(void)key->set(key, (char *)base + key->offset, NULL);
	}
}

void
grammar_defaults(
    const struct grammar *grammar, const char *titled, void *target)
{
	for (size_t i = 0; i < grammar->count; i++) {
		const struct key *key = &grammar->keys[i];
		const struct grammar_section *section = grammar_section(
		    grammar, key->section);
		const char *at = key->def;

		if (titled == NULL ? section != NULL && section->begin != NULL
				   : !key_is_of(key, titled)) {
			continue;
		}
		while (at != NULL) {
			char item[DEFAULT_SIZE];
			char *comma;

			(void)text_copy(item, sizeof(item), at);
			comma = key->list ? strchr(item, ',') : NULL;
			if (comma != NULL) {
				*comma = '\0';
			}
			(void)grammar_set(key, target, item);
			at = comma != NULL ? at + (comma - item) + 1 : NULL;
		}
	}
}
