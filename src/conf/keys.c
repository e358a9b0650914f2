#include "conf/keys.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/field.h"
#include "conf/grammar.h"
#include "conf/policy_file.h"

enum {
	/* Of CONF_NETS_MAX: the rest is for the host's own addresses. */
	ALLOW_MAX = 192
};

/* ---- setters of fields that only struct conf has ---- */

static const char *
set_policy(const struct key *key, void *field, const char *value)
{
	struct policy *policy = field;

	(void)key;
	if (!policy_file_name(value)) {
		return "must be 1 to 32 of a-z, 0-9 and '-'";
	}
	(void)text_copy(policy->name, sizeof(policy->name), value);
	return NULL;
}

static const char *
set_mode(const struct key *key, void *field, const char *value)
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

static const char *
set_on_error(const struct key *key, void *field, const char *value)
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

static const char *
set_start(const struct key *key, void *field, const char *value)
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

static const char *
set_source(const struct key *key, void *field, const char *value)
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
static const char *
set_allow(const struct key *key, void *field, const char *value)
{
	struct conf *conf = field;

	(void)key;
	return add_net(conf->allow, &conf->allows, ALLOW_MAX, value);
}

static const char *
set_trusted_proxies(const struct key *key, void *field, const char *value)
{
	struct conf *conf = field;

	(void)key;
	return add_net(conf->web.trusted_proxy, &conf->web.trusted_proxies,
	    CONF_LIST_MAX, value);
}

static const char *
set_submission_ports(const struct key *key, void *field, const char *value)
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

static const char *
set_journal(const struct key *key, void *field, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0 &&
	    value[0] != '/') {
		return "must be yes, no or a path that begins with /";
	}
	return field_path(key, field, value);
}

/* ---- the keys ---- */

/* Units whose lines the shipped rules read; Debian runs Postfix as the unit
 * postfix@-. */
#define MAIL_UNITS                                                             \
	"postfix.service,postfix@-.service,dovecot.service,amavis.service,"    \
	"amavisd.service,rspamd.service,exim4.service,exim.service,"           \
	"sendmail.service,spamass-milter.service,clamav-milter.service"

#define AT(field)                                                              \
	.offset = offsetof(struct conf, field),                                \
	.size = sizeof(((struct conf *)NULL)->field)
#define SOURCE(kind)                                                           \
	.section = "sources", .set = set_source,                               \
	.offset = offsetof(struct conf, source[KIND_##kind])

static const struct key keys[] = {
	{ .name = "database",
	    .def = "/var/lib/videur/videur.db",
	    .set = field_path,
	    AT(database) },
	{ .name = "policy",
	    .def = "franceserv",
	    .set = set_policy,
	    AT(policy) },
	{ .name = "mode", .def = "enforce", .set = set_mode, AT(mode) },
	{ .name = "allow", .set = set_allow, .list = true },
	{ .name = "user", .set = field_account, AT(user) },
	{ .name = "contact", .set = field_mail, AT(contact) },
	{ .name = "lookup-url", .set = field_url, AT(lookup_url) },
	{ .name = "submission-ports",
	    .def = "465,587",
	    .set = set_submission_ports,
	    .list = true },
	{ .name = "client-ipv4",
	    .def = "32",
	    .set = field_unsigned,
	    .min = 8,
	    .max = 32,
	    AT(client_ipv4) },
	{ .name = "client-ipv6",
	    .def = "64",
	    .set = field_unsigned,
	    .min = 16,
	    .max = 128,
	    AT(client_ipv6) },

	{ SOURCE(SPAM), .name = "spam", .def = "milter" },
	{ SOURCE(VIRUS), .name = "virus", .def = "milter" },
	{ SOURCE(COMPLAINT), .name = "complaint", .def = "none" },
	{ SOURCE(AUTH), .name = "auth", .def = "watch" },
	{ SOURCE(RECIPIENT), .name = "recipient", .def = "milter" },
	{ SOURCE(SENDER), .name = "sender", .def = "milter" },
	{ SOURCE(HELO), .name = "helo", .def = "milter" },
	{ SOURCE(COMMAND), .name = "command", .def = "milter" },
	{ SOURCE(DISCONNECT), .name = "disconnect", .def = "watch" },
	{ SOURCE(PROBE), .name = "probe", .def = "milter" },
	{ SOURCE(GREYLIST), .name = "greylist", .def = "milter" },
	{ SOURCE(RELAY), .name = "relay", .def = "milter" },
	{ SOURCE(VOLUME), .name = "volume", .def = "milter" },

	{ .section = "keep",
	    .name = "events",
	    .def = "30d",
	    .set = field_duration,
	    AT(keep_events) },
	{ .section = "keep",
	    .name = "tallies",
	    .def = "35d",
	    .set = field_duration,
	    AT(keep_tallies) },
	{ .section = "keep",
	    .name = "bans",
	    .def = "30d",
	    .set = field_duration,
	    AT(keep_bans) },
	{ .section = "keep",
	    .name = "audit",
	    .def = "365d",
	    .set = field_duration,
	    AT(keep_audit) },
	{ .section = "keep",
	    .name = "daily",
	    .def = "400d",
	    .set = field_duration,
	    AT(keep_daily) },

	{ .section = "milter",
	    .name = "listen",
	    .def = "unix:/var/spool/postfix/videur/milter.sock",
	    .set = field_milter_listen,
	    AT(milter.listen) },
	{ .section = "milter",
	    .name = "socket-mode",
	    .def = "0660",
	    .set = field_mode,
	    AT(milter.socket_mode) },
	{ .section = "milter",
	    .name = "socket-group",
	    .def = "postfix",
	    .set = field_account,
	    AT(milter.socket_group) },
	{ .section = "milter",
	    .name = "on-error",
	    .def = "accept",
	    .set = set_on_error,
	    AT(milter.on_error) },
	{ .section = "milter",
	    .name = "spam-header",
	    .def = "X-Spam-Flag: YES",
	    .set = field_headers,
	    .list = true,
	    AT(milter.spam_header) },
	{ .section = "milter",
	    .name = "virus-header",
	    .def = "X-Virus-Status: Infected",
	    .set = field_headers,
	    .list = true,
	    AT(milter.virus_header) },

	{ .section = "web",
	    .name = "listen",
	    .def = "127.0.0.1:8025",
	    .set = field_web_listen,
	    AT(web.listen) },
	{ .section = "web",
	    .name = "metrics-listen",
	    .set = field_web_listen,
	    AT(web.metrics_listen) },
	{ .section = "web",
	    .name = "trusted-proxies",
	    .set = set_trusted_proxies,
	    .list = true },

	{ .section = "watch",
	    .name = "journal",
	    .def = "yes",
	    .set = set_journal,
	    AT(watch.journal) },
	{ .section = "watch",
	    .name = "units",
	    .def = MAIL_UNITS,
	    .set = field_texts,
	    .list = true,
	    AT(watch.units) },
	{ .section = "watch",
	    .name = "files",
	    .set = field_paths,
	    .list = true,
	    AT(watch.files) },
	{ .section = "watch",
	    .name = "start",
	    .def = "now",
	    .set = set_start,
	    AT(watch.start) },
	{ .section = "watch",
	    .name = "rules",
	    .def = "/etc/videur/rules.d",
	    .set = field_path,
	    AT(watch.rules) },
};

#undef AT
#undef MAIL_UNITS
#undef SOURCE

const struct grammar conf_grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.include = true,
};

static_assert(
    sizeof(keys) / sizeof(keys[0]) <= GRAMMAR_KEYS_MAX, "a bit for each key");
