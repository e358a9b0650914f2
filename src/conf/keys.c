#include "conf/keys.h"

#include <assert.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/field.h"
#include "conf/grammar.h"
#include "conf/setting.h"

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
	.section = "sources", .set = setting_source,                           \
	.offset = offsetof(struct conf, source[KIND_##kind])
#define WEB(field) .section = "web", AT(web.field)

static const struct key keys[] = {
	{ .name = "database",
	    .def = "/var/lib/videur/videur.db",
	    .set = field_path,
	    .min = 1,
	    AT(database) },
	{ .name = "policy",
	    .def = "franceserv",
	    .set = setting_policy,
	    AT(policy) },
	{ .name = "mode", .def = "enforce", .set = setting_mode, AT(mode) },
	{ .name = "allow", .set = setting_allow, .list = true },
	{ .name = "forwarders", .set = setting_forwarders, .list = true },
	{ .name = "user", .set = field_account, AT(user) },
	{ .name = "contact", .set = field_mail, AT(contact) },
	{ .name = "lookup-url", .set = field_url, AT(lookup_url) },
	{ .name = "submission-ports",
	    .def = "465,587",
	    .set = setting_submission_ports,
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

	{ .section = "brake",
	    .name = "bans",
	    .def = "5",
	    .set = field_int,
	    .max = 1000000,
	    AT(brake_bans) },
	{ .section = "brake",
	    .name = "within",
	    .def = "10m",
	    .set = field_duration,
	    AT(brake_within) },
	{ .section = "brake",
	    .name = "accepted",
	    .def = "3",
	    .set = field_int,
	    .min = 1,
	    .max = 1000000,
	    AT(brake_accepted) },

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
	    .set = setting_on_error,
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

	{ WEB(listen), .name = "listen", .def = "127.0.0.1:8025",
	    .set = field_web_listen },
	{ WEB(metrics_listen), .name = "metrics-listen",
	    .set = field_web_listen },
	{ .section = "web",
	    .name = "trusted-proxies",
	    .set = setting_trusted_proxies,
	    .list = true },
	{ WEB(rate), .name = "rate", .def = "60", .set = field_unsigned,
	    .max = 1000000 },
	{ WEB(certificate), .name = "certificate", .set = field_path },
	{ WEB(key), .name = "key", .set = field_path },
	{ WEB(templates), .name = "templates", .set = field_path },
	{ WEB(site_name), .name = "site-name", .set = field_words },
	{ WEB(logo), .name = "logo", .set = field_path },
	{ WEB(zone), .name = "zone", .set = setting_zone },
	{ WEB(accent), .name = "accent", .set = setting_colour },
	{ WEB(abuse), .name = "abuse", .set = field_mail },
	{ WEB(languages), .name = "languages", .set = setting_languages,
	    .list = true },
	{ WEB(paragraph), .name = "paragraph", .set = field_prose },
	{ WEB(paragraph_fr), .name = "paragraph-fr", .set = field_prose },

	{ .section = "watch",
	    .name = "journal",
	    .def = "yes",
	    .set = setting_journal,
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
	    .set = setting_start,
	    AT(watch.start) },
	{ .section = "watch",
	    .name = "rules",
	    .def = "/etc/videur/rules.d",
	    .set = field_path,
	    .min = 1,
	    AT(watch.rules) },
};

#undef AT
#undef WEB
#undef MAIL_UNITS
#undef SOURCE

/* TLS needs both, and half of it must not pass for none. */
static const char *
end_web(void *section)
{
	const struct conf *conf = section;

	if (conf->web.certificate[0] != '\0' && conf->web.key[0] == '\0') {
		return "certificate stands without its key";
	}
	if (conf->web.certificate[0] == '\0' && conf->web.key[0] != '\0') {
		return "key stands without its certificate";
	}
	return NULL;
}

static const struct section sections[] = {
	{ .name = "web", .end = end_web },
};

const struct grammar conf_grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
	.include = true,
};

static_assert(
    sizeof(keys) / sizeof(keys[0]) <= GRAMMAR_KEYS_MAX, "a bit for each key");
