#include "conf_dir.h"

#include "conf/keys.h"

/*
 * The keys by which an owner makes the page, its limits and the brake his
 * own, and the list of forwarders.
 */

#define LONG_50    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BYTES_250  LONG_50 LONG_50 LONG_50 LONG_50 LONG_50
#define BYTES_1000 BYTES_250 BYTES_250 BYTES_250 BYTES_250

static void
every_key_of_the_page_is_read(void **state)
{
	const char *who = "all of the page";
	struct conf *conf = conf_dir_load(who,
	    "web { rate = 0 certificate = /etc/v.pem key = \"/etc/v.key\"\n"
	    " templates = /etc/videur/page site-name = \"Société Été\"\n"
	    " logo = /srv/logo.svg zone = Europe/Paris accent = '#0B5c8a'\n"
	    " abuse = abuse@example.org languages = {fr, en}\n"
	    " paragraph = \"One line.\\nAnother \xe2\x80\x93 with a dash.\"\n"
	    " paragraph-fr = \"Écrivez-nous,\ns'il vous plaît.\" }");

	(void)state;
	check_int(who, conf->web.rate, 0);
	check_text(who, conf->web.certificate, "/etc/v.pem");
	check_text(who, conf->web.key, "/etc/v.key");
	check_text(who, conf->web.templates, "/etc/videur/page");
	check_text(who, conf->web.site_name, "Société Été");
	check_text(who, conf->web.logo, "/srv/logo.svg");
	check_text(who, conf->web.zone, "Europe/Paris");
	check_text(who, conf->web.accent, "#0B5c8a");
	check_text(who, conf->web.abuse, "abuse@example.org");
	check_int(who, (int64_t)conf->web.languages.items, 2);
	check_text(who, conf->web.languages.item[0], "fr");
	check_text(who, conf->web.languages.item[1], "en");
	check_text(who, conf->web.paragraph,
	    "One line.\nAnother \xe2\x80\x93 with a dash.");
	check_text(
	    who, conf->web.paragraph_fr, "Écrivez-nous,\ns'il vous plaît.");
	conf_drop(conf);
}

static void
brake_and_forwarders_are_read(void **state)
{
	const char *who = "brake and forwarders";
	struct conf *conf = conf_dir_load(who,
	    "forwarders = {192.0.2.25}\nforwarders += {2001:db8:f::/48}\n"
	    "brake { bans = 0 within = 1h accepted = 1 }\n"
	    "keep { daily = 2d }");
	char net[NET_TEXT_SIZE];

	(void)state;
	check_int(who, conf->brake_bans, 0);
	check_int(who, conf->brake_within, 3600);
	check_int(who, conf->brake_accepted, 1);
	check_int(who, conf->keep_daily, 2 * INT64_C(86400));
	check_int(who, (int64_t)conf->forwarders, 2);
	check_text(who, net_format(&conf->forwarder[0], net), "192.0.2.25");
	check_text(
	    who, net_format(&conf->forwarder[1], net), "2001:db8:f::/48");
	conf_drop(conf);
}

static void
values_at_their_limits_are_read(void **state)
{
	static const char *const rows[] = {
		"web { rate = 1000000 }",
		"web { paragraph = \"" BYTES_1000 "\" }",
		"web { zone = UTC }",
		"web { zone = \"Etc/GMT+1\" }",
		"web { zone = \"\" accent = \"\" abuse = \"\" logo = \"\" }",
		"web { certificate = \"\" key = \"\" templates = \"\" }",
		"web { languages = {en} }",
		"web { languages = {} }",
		"brake { bans = 1000000 accepted = 1000000 }",
		"forwarders = {}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		conf_drop(conf_dir_load(rows[i], rows[i]));
	}
}

/* ---- what is refused ---- */

#define NO_COLOUR "must be a colour such as \"#0b5c8a\", in quotes"
#define NO_ZONE   "must be the name of a time zone, such as Europe/Paris"
#define NO_NET    "must be an address or a network such as 192.0.2.0/24"

static const struct bad {
	const char *sentence;
	const char *text;
	const char *want;
} bads[] = {
	{ "a rate below 0", "web { rate = -1 }",
	    "videur.conf:1:14: rate = \"-1\": is too small" },
	{ "a rate too large", "web { rate = 1000001 }",
	    "videur.conf:1:14: rate = \"1000001\": is too large" },
	{ "a rate in words", "web {\nrate = any }",
	    "videur.conf:2:8: rate = \"any\": must be a whole number" },
	{ "bytes that are no UTF-8", "web { site-name = \"Soci\xe9t\xe9\" }",
	    "videur.conf:1:19: site-name = \"Soci?t?\": must be UTF-8 "
	    "without control characters" },
	{ "a name of two lines", "web { site-name = \"a\\nb\" }",
	    "videur.conf:1:19: site-name = \"a?b\": must be UTF-8 without "
	    "control characters" },
	{ "writing turned round", "web { paragraph = \"a\u202e b\" }",
	    "videur.conf:1:19: paragraph = \"a??? b\": must be UTF-8 without "
	    "control characters but ends of lines" },
	{ "a letter cut in two by the complaint",
	    "web { accent = \"" LONG_50 "aaaaaaaaaaaaaaaaaaaaaaaaaa\u00e9 bcde"
	    "\" }",
	    "videur.conf:1:16: accent = \"" LONG_50
	    "aaaaaaaaaaaaaaaaaaaaaaaaaa?...\": " NO_COLOUR },
	{ "an escape in a paragraph", "web { paragraph-fr = \"\\x1b[31m\" }",
	    "videur.conf:1:22: paragraph-fr = \"?[31m\": must be UTF-8 without "
	    "control characters but ends of lines" },
	{ "a paragraph of 1001 bytes",
	    "web { paragraph = \"" BYTES_1000 "b\" }",
	    "videur.conf:1:19: paragraph = \"" LONG_50
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaa...\": is too long" },
	{ "a way out of the zones", "web { zone = ../../../etc/passwd }",
	    "videur.conf:1:14: zone = \"../../../etc/passwd\": " NO_ZONE },
	{ "a zone in words", "web { zone = \"Paris time\" }",
	    "videur.conf:1:14: zone = \"Paris time\": " NO_ZONE },
	{ "a colour's name", "web { accent = blue }",
	    "videur.conf:1:16: accent = \"blue\": " NO_COLOUR },
	{ "a colour of three digits", "web { accent = '#05a' }",
	    "videur.conf:1:16: accent = \"#05a\": " NO_COLOUR },
	{ "a colour with more behind it", "web { accent = '#0b5c8a;' }",
	    "videur.conf:1:16: accent = \"#0b5c8a;\": " NO_COLOUR },
	{ "an abuse desk without @", "web { abuse = abuse }",
	    "videur.conf:1:15: abuse = \"abuse\": must be a mail address" },
	{ "a language the page does not speak", "web { languages = {fr,\nde} }",
	    "videur.conf:2:1: languages = \"de\": must be en or fr" },
	{ "a language twice", "web { languages = {en, fr, en} }",
	    "videur.conf:1:32: section web: languages names one twice" },
	{ "a control character in a path", "web { logo = \"a\\nb\" }",
	    "videur.conf:1:14: logo = \"a?b\": must not hold control "
	    "characters" },
	{ "a certificate alone", "web {\n certificate = /c\n rate = 1\n}\n",
	    "videur.conf:4:1: section web: certificate stands without its key" },
	{ "a key alone", "mode = observe web { key = /k }",
	    "videur.conf:1:31: section web: key stands without its "
	    "certificate" },
	{ "a brake below 0", "brake { bans = -1 }",
	    "videur.conf:1:16: bans = \"-1\": is too small" },
	{ "a brake without time", "brake { within = 0s }",
	    "videur.conf:1:18: within = \"0s\": must be a duration such as "
	    "90s, 10m, 2h or 7d" },
	{ "a brake that strangers could pull", "brake { accepted = 0 }",
	    "videur.conf:1:20: accepted = \"0\": is too small" },
	{ "a forwarder's name", "forwarders = {mx.example.org}",
	    "videur.conf:1:15: forwarders = \"mx.example.org\": " NO_NET },
};

static void
values_of_the_wrong_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bads); i++) {
		char error[CONF_ERROR_SIZE];

		conf_dir_write("videur.conf", bads[i].text);
		if (conf_load(conf_dir_path("videur.conf"), error) != NULL) {
			fail_msg("%s: it was taken", bads[i].sentence);
		}
		conf_dir_shorten(error);
		check_text(bads[i].sentence, error, bads[i].want);
	}
}

static void
zones_are_files_of_the_systems_database(void **state)
{
	static const char unknown[] = "is no time zone that this system knows";
	static const struct {
		const char *sentence, *folder, *name, *want;
	} rows[] = {
		{ "a zone that is there", "zones", "Here/There_1", NULL },
		{ "one that is not", "zones", "Here/Nowhere", unknown },
		{ "a folder of zones", "zones", "Here", unknown },
		{ "a table beside the zones", "zones", "table", unknown },
		{ "a pipe beside them", "zones", "pipe", unknown },
		{ "no database at all", "none", "Here/Nowhere", NULL },
		{ "no name", "none", "", NO_ZONE },
		{ "the root", "none", "/etc/localtime", NO_ZONE },
		{ "a way out", "none", "Here/../There", NO_ZONE },
		{ "a slash at the end", "none", "Here/", NO_ZONE },
		{ "two slashes", "none", "Here//There", NO_ZONE },
	};

	(void)state;
	assert_int_equal(mkdir(conf_dir_path("zones"), 0700), 0);
	assert_int_equal(mkdir(conf_dir_path("zones/Here"), 0700), 0);
	assert_int_equal(mkfifo(conf_dir_path("zones/pipe"), 0600), 0);
	conf_dir_write("zones/Here/There_1", "TZif2 and more");
	conf_dir_write("zones/table", "# a table\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = keys_check_zone(
		    conf_dir_path(rows[i].folder), rows[i].name);
		check_text(rows[i].sentence, got == NULL ? "fine" : got,
		    rows[i].want == NULL ? "fine" : rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_the_page_is_read),
		cmocka_unit_test(brake_and_forwarders_are_read),
		cmocka_unit_test(values_at_their_limits_are_read),
		cmocka_unit_test(values_of_the_wrong_kind),
		cmocka_unit_test(zones_are_files_of_the_systems_database),
	};

	return cmocka_run_group_tests_name(
	    "conf_house", tests, conf_dir_make, conf_dir_remove);
}
