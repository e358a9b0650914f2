#include "conf/grammar.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/file.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/language.h"

enum {
	MANY = 1000000
};

/* Where videur-milter listens on a host with Postfix, which may be in a chroot
 * there: below its queue. */
#define POSTFIX_QUEUE  "/var/spool/postfix"
#define POSTFIX_LISTEN "unix:" POSTFIX_QUEUE "/videur/milter.sock"

/* Where the system keeps its time zones. */
#define ZONE_FOLDER "/usr/share/zoneinfo"

/* ---- words ---- */

#define WORDS(name, ...)                                                       \
	static const char *const name[] = { __VA_ARGS__ };                     \
	static const struct words name##_words = WORDS_OF(name)

/* In the order of their enums. */
WORDS(mode, "enforce", "observe");
WORDS(on_error, "accept", "tempfail");
WORDS(start, "now", "backfill");
WORDS(source, "milter", "watch", "none");
WORDS(off, "no"); /* of a duration: none */
WORDS(heuristics, "spam", "virus");

#undef WORDS

/* ---- setters ---- */

static const char *
set_name(const struct key *key, void *field, const char *value)
{
	if (!conf_is_policy_name(value)) {
		return "must be 1 to 32 of a-z, 0-9 and '-'";
	}
	(void)text_copy(field, key->size, value);
	return NULL;
}

static const char *
set_journal(const struct key *key, void *field, const char *value)
{
	if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0) {
		return field_text(key, field, value);
	}
	return value[0] == '/' ? field_path(key, field, value)
			       : "must be yes, no or a path that begins with "
				 "/";
}

/* What it shows is for nobody else, and there is no login. */
static const char *
set_operator(const struct key *key, void *field, const char *value)
{
	struct endpoint endpoint;
	const char *wrong = endpoint_parse(value, ENDPOINT_SERVER, &endpoint);

	if (wrong == NULL && !endpoint_is_local(&endpoint)) {
		wrong = "must be unix:PATH, or HOST:PORT with a loopback "
			"address: anybody who can reach it sees everything";
	}
	return wrong != NULL ? wrong : field_text(key, field, value);
}

/* Whoever reaches it can ask who may log in, as often as he likes. */
static const char *
set_auth_policy(const struct key *key, void *field, const char *value)
{
	/* RFC 1918, 6598 and 4193. */
	static const char *const private[] = { "10.0.0.0/8", "172.16.0.0/12",
		"192.168.0.0/16", "100.64.0.0/10", "fc00::/7" };
	struct endpoint endpoint;
	const char *wrong = endpoint_parse(value, ENDPOINT_SERVER, &endpoint);
	struct addr host;
	struct net net;
	bool fine;

	if (wrong != NULL) {
		return wrong;
	}
	fine = endpoint_is_local(&endpoint);
	for (size_t i = 0; !fine && i < sizeof(private) / sizeof(private[0]);
	     i++) {
		fine = addr_parse(endpoint.host, &host) &&
		       net_parse(private[i], &net) &&
		       net_contains_addr(&net, &host);
	}
	return fine ? field_text(key, field, value)
		    : "must be HOST:PORT with a loopback or a private address, "
		      "or unix:PATH: only Dovecot is to ask there";
}

/* "NAME: VALUE", or the value of X-API-Key alone, as Dovecot takes it. */
static const char *
set_auth_header(const struct key *key, void *field, const char *value)
{
	static const char token[] = TEXT_ALNUM "!#$%&'*+-.^_`|~"; /* RFC 9110 */
	const char *colon = strchr(value, ':');
	const char *secret = colon != NULL ? colon + 1 : value;

	if (value[0] != '\0' &&
	    ((colon != NULL &&
		 (colon == value ||
		     strspn(value, token) != (size_t)(colon - value))) ||
		secret[strspn(secret, " ")] == '\0')) {
		return "must be \"NAME: VALUE\", or the value of X-API-Key";
	}
	return field_text(key, field, value);
}

/* glibc's resolver is told no other kind of address. */
static const char *
set_nameserver(const struct key *key, void *field, const char *value)
{
	struct endpoint endpoint;
	struct addr host;

	return value[0] == '\0' || (endpoint_parse(value, ENDPOINT_SERVER,
					&endpoint) == NULL &&
				       addr_parse(endpoint.host, &host) &&
				       addr_is_v4(&host) && endpoint.port != 0)
		   ? field_text(key, field, value)
		   : "must be an IPv4 address and a port, such as "
		     "127.0.0.1:53";
}

static const char *
set_colour(const struct key *key, void *field, const char *value)
{
	size_t digits = value[0] == '#'
			    ? strspn(value + 1, "0123456789abcdefABCDEF")
			    : 0;

	if (value[0] != '\0' && (digits != 6 || value[7] != '\0')) {
		return "must be a colour such as \"#0b5c8a\", in quotes";
	}
	return field_text(key, field, value);
}

static const char *
set_language(const struct key *key, void *field, const char *value)
{
	return language_is_tag(value)
		   ? field_text(key, field, value)
		   : "must be a language's tag, such as de or pt-BR";
}

/* "paragraph-de": the name says the language. */
static const char *
set_paragraph(const struct key *key, void *field, const char *value)
{
	struct conf_paragraph *paragraph = field;

	(void)text_copy(paragraph->tag, sizeof(paragraph->tag),
	    text_after(key->name, "paragraph-"));
	return field_prose(key, paragraph->text, value);
}

/* ---- time zones ---- */

const char *
keys_check_zone(const char *folder, const char *name)
{
	/* A compiled zone begins so (RFC 8536 3.1); the folder holds tables
	 * in plain text too. */
	static const char magic[] = "TZif";
	const size_t len = strspn(name, TEXT_ALNUM "_+-/");
	char path[CONF_PATH_SIZE];
	char head[sizeof(magic)];
	struct stat status;
	bool whole;

	/* Words parted by single slashes: no way out of the folder. */
	if (len == 0 || name[len] != '\0' || name[0] == '/' ||
	    name[len - 1] == '/' || strstr(name, "//") != NULL) {
		return "must be the name of a time zone, such as Europe/Paris";
	}
	whole = text_print(path, sizeof(path), "%s/%s", folder, name);
	(void)file_read_head(path, head, sizeof(head));
	return stat(folder, &status) == 0 &&
		       (!whole || strcmp(head, magic) != 0)
		   ? "is no time zone that this system knows"
		   : NULL;
}

static const char *
set_zone(const struct key *key, void *field, const char *value)
{
	const char *wrong = value[0] == '\0'
				? NULL
				: keys_check_zone(ZONE_FOLDER, value);

	return wrong != NULL ? wrong : field_text(key, field, value);
}

/* Also "+02:00". */
static const char *
set_log_zone(const struct key *key, void *field, const char *value)
{
	const bool offset = (value[0] == '+' || value[0] == '-') &&
			    strlen(value) == 6 && value[3] == ':' &&
			    strspn(value + 1, "0123456789") == 2 &&
			    strspn(value + 4, "0123456789") == 2 &&
			    strcmp(value + 1, "14:00") <= 0 && value[4] < '6';

	return offset ? field_text(key, field, value)
		      : set_zone(key, field, value);
}

/* Text for whoever reads the file. */
static const char *
check_about(const struct key *key, void *field, const char *value)
{
	(void)key;
	(void)field;
	return text_is_plain(value) ? NULL : "must be printable ASCII";
}

/* In a URL "user:password@", in both forms "password=": the file is read by
 * more than the service, and `config show` prints it. */
static const char *
set_connection(const struct key *key, void *field, const char *value)
{
	const char *user = strstr(value, "://");
	const size_t host = user != NULL ? strcspn(user + 3, "@/?") + 3 : 0;

	if (strcasestr(value, "password") != NULL ||
	    (user != NULL && user[host] == '@' &&
		memchr(user + 3, ':', host - 3) != NULL)) {
		return "must not hold a password: put it in a file and say "
		       "passfile=FILE";
	}
	return field_text(key, field, value);
}

static const char *
set_host_name(const struct key *key, void *field, const char *value)
{
	const size_t len = strlen(value);

	if (strspn(value, TEXT_ALNUM ".-") != len ||
	    (len > 0 && (strchr(".-", value[0]) != NULL ||
			    strchr(".-", value[len - 1]) != NULL))) {
		return "must be the name of a host";
	}
	return field_text(key, field, value);
}

/* ---- the keys ---- */

#define MEMBER(member) (((struct conf *)NULL)->member)
#define KEY(of, is, member, setter)                                            \
	.section = (of), .name = (is), .set = (setter),                        \
	.offset = offsetof(struct conf, member),                               \
	.size = sizeof(MEMBER(member))
#define LIST(of, is, member, counter, number, setter)                          \
	.section = (of), .name = (is), .set = (setter), .list = true,          \
	.most = (number), .offset = offsetof(struct conf, member),             \
	.size = sizeof(MEMBER(member)[0]),                                     \
	.count = offsetof(struct conf, counter)
#define MILTER(is, member, setter) KEY("milter", is, milter.member, setter)
#define WEB(is, member, setter)    KEY("web", is, web.member, setter)
#define WATCH(is, member, setter)  KEY("watch", is, watch.member, setter)
#define LISTEN(is, member, setter)                                             \
	LIST("web", is, web.member.item, web.member.items, CONF_LISTEN_MAX,    \
	    setter)
/* NOLINTBEGIN(bugprone-macro-parentheses): a member's name */
#define TEXTS(of, is, member, setter)                                          \
	LIST(of, is, member.item, member.items, CONF_LIST_MAX, setter), .min = 1
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct key rows[] = {
	{ KEY(NULL, "database", database, field_path), .min = 1,
	    .def = "/var/lib/videur/videur.db" },
	{ KEY(NULL, "policy", policy.name, set_name), .def = "franceserv" },
	{ KEY(NULL, "mode", mode, field_word), .words = &mode_words,
	    .def = "enforce" },
	{ LIST(NULL, "allow", allow, allows, CONF_ALLOW_MAX, field_net) },
	{ LIST(NULL, "forwarders", forwarder, forwarders, CONF_LIST_MAX,
	    field_net) },
	{ KEY(NULL, "user", user, field_account) },
	{ KEY(NULL, "contact", contact, field_mail) },
	{ TEXTS(NULL, "always-open", always_open, field_mail) },
	{ KEY(NULL, "lookup-url", lookup_url, field_url) },
	{ LIST(NULL, "submission-ports", submission_port, submission_ports,
	      CONF_PORTS_MAX, field_port),
	    .def = "465,587" },
	{ KEY(NULL, "client-ipv4", client_ipv4, field_int), .min = 8, .max = 32,
	    .def = "32" },
	{ KEY(NULL, "client-ipv6", client_ipv6, field_int), .min = 16,
	    .max = 128, .def = "64" },

	{ KEY(NULL, "correspondents", correspondents, field_duration),
	    .words = &off_words, .def = "no" },
	{ TEXTS(NULL, "notify", notify, field_text) },
	{ KEY(NULL, "digest", digest, field_mail) },
	{ KEY(NULL, "nameserver", nameserver, set_nameserver) },

	{ KEY("brake", "bans", brake_bans, field_int), .max = MANY,
	    .def = "5" },
	{ KEY("brake", "within", brake_within, field_duration), .def = "10m" },
	{ KEY("brake", "accepted", brake_accepted, field_int), .min = 1,
	    .max = MANY, .def = "3" },
	{ KEY("brake", "days", brake_days, field_int), .min = 1, .max = 30,
	    .def = "3" },
	{ KEY("brake", "span", brake_span, field_duration), .def = "7d" },
	{ KEY("brake", "recipients", brake_recipients, field_int), .min = 1,
	    .max = MANY, .def = "3" },
	{ KEY("brake", "quiet", brake_quiet, field_duration), .def = "1h" },

	{ KEY("share", "database", share_database, set_connection) },
	{ KEY("share", "name", share_name, set_host_name) },

	{ KEY("keep", "events", keep_events, field_duration), .def = "30d" },
	{ KEY("keep", "tallies", keep_tallies, field_duration), .def = "35d" },
	{ KEY("keep", "bans", keep_bans, field_duration), .def = "30d" },
	{ KEY("keep", "audit", keep_audit, field_duration), .def = "365d" },
	{ KEY("keep", "daily", keep_daily, field_duration), .def = "400d" },

	{ MILTER("listen", listen, field_milter_listen),
	    .def = "unix:/run/videur/milter.sock" },
	{ MILTER("socket-mode", socket_mode, field_mode), .def = "0660" },
	{ MILTER("socket-group", socket_group, field_account),
	    .def = "postfix" },
	{ MILTER("on-error", on_error, field_word), .words = &on_error_words,
	    .def = "accept" },
	{ LIST("milter", "scanner", scanner, scanners, CONF_SCANNERS_MAX,
	    set_name) },
	{ TEXTS("milter", "spam-header", milter.spam_header, field_header) },
	{ TEXTS("milter", "virus-header", milter.virus_header, field_header) },
	{ MILTER("heuristics", heuristics, field_word),
	    .words = &heuristics_words, .def = "spam" },

	{ LISTEN("listen", listen, field_web_listen), .def = "127.0.0.1:8025" },
	{ LISTEN("metrics-listen", metrics_listen, field_web_listen) },
	{ LISTEN("operator", operator_listen, set_operator) },
	{ LISTEN("auth-policy", auth_policy_listen, set_auth_policy) },
	{ WEB("auth-policy-header", auth_policy_header, set_auth_header) },
	{ LIST("web", "trusted-proxies", web.trusted_proxy, web.trusted_proxies,
	    CONF_LIST_MAX, field_net) },
	{ WEB("rate", rate, field_int), .max = MANY, .def = "60" },
	{ WEB("certificate", certificate, field_path) },
	{ WEB("key", key, field_path) },
	{ WEB("templates", templates, field_path) },
	{ WEB("site-name", site_name, field_words) },
	{ WEB("logo", logo, field_path) },
	{ WEB("zone", zone, set_zone) },
	{ WEB("accent", accent, set_colour) },
	{ WEB("abuse", abuse, field_mail) },
	{ TEXTS("web", "languages", web.languages, set_language) },
	{ WEB("paragraph", paragraph, field_prose) },

	{ WATCH("journal", journal, set_journal), .def = "yes" },
	{ TEXTS("watch", "units", watch.units, field_text), .def = CONF_UNITS },
	{ TEXTS("watch", "files", watch.files, field_path) },
	{ WATCH("start", start, field_word), .words = &start_words,
	    .def = "now" },
	{ WATCH("rules", rules, field_path), .min = 1,
	    .def = "/etc/videur/rules.d" },
	{ WATCH("zone", zone, set_log_zone) },
};

/* Of all places where the web server listens no two may be one. */
static const char *
check_listens(const struct conf *conf)
{
	static _Thread_local char complaint[2 * CONF_PATH_SIZE + 64];
	const struct {
		const char *name;
		const struct conf_list *list;
	} keys[] = {
		{ "listen", &conf->web.listen },
		{ "metrics-listen", &conf->web.metrics_listen },
		{ "operator", &conf->web.operator_listen },
		{ "auth-policy", &conf->web.auth_policy_listen },
	};
	enum {
		KEYS = sizeof(keys) / sizeof(keys[0])
	};
	struct {
		const char *name, *where;
		struct endpoint endpoint;
	} all[KEYS * CONF_LISTEN_MAX];
	size_t count = 0;
	struct text text;

	text_init(&text, complaint, sizeof(complaint));
	for (size_t i = 0; i < KEYS; i++) {
		for (size_t j = 0; j < keys[i].list->items; j++, count++) {
			all[count].name = keys[i].name;
			all[count].where = keys[i].list->item[j];
			(void)endpoint_parse(all[count].where, ENDPOINT_SERVER,
			    &all[count].endpoint);
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i && text.len == 0; j++) {
			if (endpoint_overlaps(
				&all[i].endpoint, &all[j].endpoint) ||
			    (all[i].name == all[j].name &&
				strcmp(all[i].where, all[j].where) == 0)) {
				text_addf(&text,
				    "%s = \"%s\" is the same place as "
				    "%s = \"%s\", or part of it",
				    all[i].name, all[i].where, all[j].name,
				    all[j].where);
			}
		}
	}
	return text.len > 0 ? complaint : NULL;
}

/* TLS needs both, and half of it must not pass for none. */
static const char *
end_web(void *section)
{
	const struct conf *conf = section;
	const struct conf_list *languages = &conf->web.languages;

	if (conf->web.listen.items == 0) {
		return "listen names no address";
	}
	if (conf->web.certificate[0] != '\0' && conf->web.key[0] == '\0') {
		return "certificate stands without its key";
	}
	if (conf->web.certificate[0] == '\0' && conf->web.key[0] != '\0') {
		return "key stands without its certificate";
	}
	for (size_t i = 1; i < languages->items; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(languages->item[i], languages->item[j]) ==
			    0) {
				return "languages names one twice";
			}
		}
	}
	return check_listens(conf);
}

static const char *
end_share(void *section)
{
	const struct conf *conf = section;

	if (conf->share_database[0] == '\0' && conf->share_name[0] != '\0') {
		return "name stands without a database";
	}
	if (conf->share_database[0] != '\0' && conf->share_name[0] == '\0') {
		return "database stands without the name of this host";
	}
	return NULL;
}

static const struct grammar_section sections[] = {
	{ .name = "share", .end = end_share },
	{ .name = "web", .end = end_web },
};

enum {
	ROWS = sizeof(rows) / sizeof(rows[0]),
	/* Those of each language stand behind those of each kind. */
	PARAGRAPHS = ROWS + KIND_COUNT
};
static struct key keys[PARAGRAPHS + LANGUAGES_MAX];

/* That of a language's paragraph: one more where it is new. */
static const struct key *
paragraph_key(const char *section, const char *name)
{
	static char names[LANGUAGES_MAX][32];
	const char *tag = text_after(name, "paragraph-");

	if (tag == NULL || !language_is_tag(tag) ||
	    strcmp(section, "web") != 0) {
		return NULL;
	}
	for (size_t i = 0; i < LANGUAGES_MAX; i++) {
		struct key *key = &keys[PARAGRAPHS + i];

		if (key->name == NULL) {
			(void)text_copy(names[i], sizeof(names[i]), name);
			*key = (struct key){ .section = "web",
				.name = names[i],
				.set = set_paragraph,
				.offset = offsetof(
				    struct conf, web.paragraph_in[i]),
				.size = CONF_PROSE_SIZE };
		}
		if (strcmp(key->name, name) == 0) {
			return key;
		}
	}
	return NULL;
}

const struct grammar *
keys_of_conf(void)
{
	static const struct grammar grammar = { .keys = keys,
		.count = PARAGRAPHS,
		.sections = sections,
		.section_count = sizeof(sections) / sizeof(sections[0]),
		.include = true,
		.more = paragraph_key };

	static_assert(
	    PARAGRAPHS + LANGUAGES_MAX <= GRAMMAR_KEYS_MAX, "room for all");
	memset(keys, 0, sizeof(keys));
	memcpy(keys, rows, sizeof(rows));
	if (access(POSTFIX_QUEUE, F_OK) == 0) {
		const struct key *listen = grammar_find(
		    &grammar, "milter", "listen");

		keys[listen - keys].def = POSTFIX_LISTEN;
	}
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		keys[ROWS + kind] = (struct key){
			.section = "sources",
			.name = kind_name((enum kind)kind),
			.set = field_word,
			.words = &source_words,
			.offset = offsetof(struct conf, source) +
				  (size_t)kind * sizeof(enum conf_source),
		};
	}
	return &grammar;
}

static const struct key scanner_rows[] = {
	{ .name = "about", .set = check_about },
	{ TEXTS(NULL, "spam-header", milter.spam_header, field_header) },
	{ TEXTS(NULL, "virus-header", milter.virus_header, field_header) },
	{ TEXTS(NULL, "log", scanner_log, set_name) },
};

const struct grammar keys_of_scanner = {
	.keys = scanner_rows,
	.count = sizeof(scanner_rows) / sizeof(scanner_rows[0]),
	.adds = true,
};
