#include "conf/setting.h"

#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/field.h"
#include "conf/grammar.h"
#include "conf/policy_file.h"
#include "conf/zone.h"

enum {
	/* Of CONF_NETS_MAX: the rest is for the host's own addresses. */
	ALLOW_MAX = 192
};

const char *
setting_policy(const struct key *key, void *field, const char *value)
{
	struct policy *policy = field;

	(void)key;
	if (!policy_file_name(value)) {
		return "must be 1 to 32 of a-z, 0-9 and '-'";
	}
	(void)text_copy(policy->name, sizeof(policy->name), value);
	return NULL;
}

const char *
setting_mode(const struct key *key, void *field, const char *value)
{
	enum conf_mode *mode = field;
	bool observe = strcmp(value, "observe") == 0;

	(void)key;
	if (!observe && strcmp(value, "enforce") != 0) {
		return "must be enforce or observe";
	}
	*mode = observe ? CONF_OBSERVE : CONF_ENFORCE;
	return NULL;
}

const char *
setting_on_error(const struct key *key, void *field, const char *value)
{
	enum conf_on_error *on_error = field;
	bool tempfail = strcmp(value, "tempfail") == 0;

	(void)key;
	if (!tempfail && strcmp(value, "accept") != 0) {
		return "must be accept or tempfail";
	}
	*on_error = tempfail ? CONF_TEMPFAIL : CONF_ACCEPT;
	return NULL;
}

const char *
setting_start(const struct key *key, void *field, const char *value)
{
	enum conf_start *start = field;
	bool backfill = strcmp(value, "backfill") == 0;

	(void)key;
	if (!backfill && strcmp(value, "now") != 0) {
		return "must be now or backfill";
	}
	*start = backfill ? CONF_BACKFILL : CONF_NOW;
	return NULL;
}

const char *
setting_source(const struct key *key, void *field, const char *value)
{
	static const char *const words[] = {
		[CONF_MILTER] = "milter",
		[CONF_WATCH] = "watch",
		[CONF_NOBODY] = "none",
	};
	enum conf_source *source = field;

	(void)key;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			*source = (enum conf_source)i;
			return NULL;
		}
	}
	return "must be milter, watch or none";
}

static const char *
add_net(struct net *nets, size_t *count, size_t max, const char *value)
{
	if (value == NULL) {
		*count = 0;
		return NULL;
	}
	if (*count == max) {
		return "is one network too many";
	}
	if (!net_parse(value, &nets[*count])) {
		return "must be an address or a network such as "
		       "192.0.2.0/24";
	}
	(*count)++;
	return NULL;
}

/* Here and below `field` is the whole struct: the list and its length. */
const char *
setting_allow(const struct key *key, void *field, const char *value)
{
	struct conf *conf = field;

	(void)key;
	return add_net(conf->allow, &conf->allows, ALLOW_MAX, value);
}

const char *
setting_forwarders(const struct key *key, void *field, const char *value)
{
	struct conf *conf = field;

	(void)key;
	return add_net(
	    conf->forwarder, &conf->forwarders, CONF_LIST_MAX, value);
}

const char *
setting_trusted_proxies(const struct key *key, void *field, const char *value)
{
	struct conf *conf = field;

	(void)key;
	return add_net(conf->web.trusted_proxy, &conf->web.trusted_proxies,
	    CONF_LIST_MAX, value);
}

const char *
setting_submission_ports(const struct key *key, void *field, const char *value)
{
	struct conf *conf = field;
	int64_t port;

	(void)key;
	if (value == NULL) {
		conf->submission_ports = 0;
		return NULL;
	}
	if (conf->submission_ports == CONF_PORTS_MAX) {
		return "is one too many: 16 are the most";
	}
	if (!text_to_int(value, 1, 65535, &port)) {
		return "must be a port from 1 to 65535";
	}
	conf->submission_port[conf->submission_ports++] = (uint16_t)port;
	return NULL;
}

const char *
setting_journal(const struct key *key, void *field, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0 &&
	    value[0] != '/') {
		return "must be yes, no or a path that begins with /";
	}
	return field_path(key, field, value);
}

const char *
setting_zone(const struct key *key, void *field, const char *value)
{
	const char *wrong = value[0] == '\0' ? NULL
					     : zone_check(ZONE_FOLDER, value);

	return wrong != NULL ? wrong : field_text(key, field, value);
}

const char *
setting_colour(const struct key *key, void *field, const char *value)
{
	size_t digits = value[0] == '#'
			    ? strspn(value + 1, "0123456789abcdefABCDEF")
			    : 0;

	if (value[0] != '\0' && (digits != 6 || value[7] != '\0')) {
		return "must be a colour such as \"#0b5c8a\", in quotes";
	}
	return field_text(key, field, value);
}

const char *
setting_languages(const struct key *key, void *field, const char *value)
{
	static const char *const known[] = { "en", "fr" };
	const struct conf_list *list = field;
	bool is_known = value == NULL;

	for (size_t i = 0; !is_known && i < sizeof(known) / sizeof(known[0]);
	     i++) {
		is_known = strcmp(value, known[i]) == 0;
	}
	if (!is_known) {
		return "must be en or fr";
	}
	for (size_t i = 0; value != NULL && i < list->items; i++) {
		if (strcmp(value, list->item[i]) == 0) {
			return "is named twice";
		}
	}
	return field_texts(key, field, value);
}
