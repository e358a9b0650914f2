#include "conf_dir.h"
#include "rows.h"

#include <errno.h>
#include <unistd.h>

#include "base/proc.h"
#include "conf/grammar.h"
#include "core/policy.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

#define BIT(kind) (UINT32_C(1) << KIND_##kind)

static void
check_defaults(const char *who, const struct conf *conf)
{
	static const uint32_t nobody = BIT(SPAM) | BIT(VIRUS) | BIT(COMPLAINT);
	static const uint32_t watch = BIT(AUTH) | BIT(DISCONNECT);

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const uint32_t bit = UINT32_C(1) << kind;

		check_int(who, conf_counts(conf, kind, CONF_MILTER, NULL),
		    ((nobody | watch) & bit) == 0);
		check_int(who, conf_counts(conf, kind, CONF_WATCH, "amavis"),
		    (watch & bit) != 0);
	}
	check_text(who, conf->database, "/var/lib/videur/videur.db");
	check_text(who, conf->policy.name, "franceserv");
	check_int(who, conf->mode, CONF_ENFORCE);
	check_text(who, conf->user, "");
	check_text(who, conf->contact, "");
	check_text(who, conf->lookup_url, "");
	check_int(who, (int64_t)conf->submission_ports, 2);
	check_int(who, conf->submission_port[0], 465);
	check_int(who, conf->submission_port[1], 587);
	check_int(who, conf->client_ipv4, 32);
	check_int(who, conf->client_ipv6, 64);
	check_int(who, conf->keep_events, 30 * DAY);
	check_int(who, conf->keep_tallies, 35 * DAY);
	check_int(who, conf->keep_bans, 30 * DAY);
	check_int(who, conf->keep_audit, 365 * DAY);
	check_int(who, conf->keep_daily, 400 * DAY);
	check_int(who, (int64_t)conf->forwarders, 0);
	check_int(who, conf->brake_bans, 5);
	check_int(who, conf->brake_within, 600);
	check_int(who, conf->brake_accepted, 3);
	check_text(who, conf->milter.listen,
	    access("/var/spool/postfix", F_OK) == 0
		? "unix:/var/spool/postfix/videur/milter.sock"
		: "unix:/run/videur/milter.sock");
	check_int(who, conf->milter.socket_mode, 0660);
	check_text(who, conf->milter.socket_group, "postfix");
	check_int(who, conf->milter.on_error, CONF_ACCEPT);
	check_int(who, (int64_t)conf->scanners, 0);
	check_int(who, (int64_t)conf->milter.spam_header.items, 0);
	check_int(who, (int64_t)conf->milter.virus_header.items, 0);
	check_int(who, conf->milter.heuristics, KIND_SPAM);
	check_int(who, (int64_t)conf->always_open.items, 0);
	check_text(who, conf->watch.zone, "");
	check_text(who, conf->web.listen.item[0], "127.0.0.1:8025");
	check_int(who, (int64_t)conf->web.metrics_listen.items, 0);
	check_int(who, (int64_t)conf->web.trusted_proxies, 0);
	check_int(who, conf->web.rate, 60);
	check_text(who, conf->web.certificate, "");
	check_text(who, conf->web.key, "");
	check_text(who, conf->web.templates, "");
	check_text(who, conf->web.site_name, "");
	check_text(who, conf->web.logo, "");
	check_text(who, conf->web.zone, "");
	check_text(who, conf->web.accent, "");
	check_text(who, conf->web.abuse, "");
	check_int(who, (int64_t)conf->web.languages.items, 0);
	check_text(who, conf->web.paragraph, "");
	check_text(who, conf_paragraph(conf, "fr"), "");
	check_text(who, conf->watch.journal, "yes");
	check_int(who, (int64_t)conf->watch.units.items, 11);
	check_text(who, conf->watch.units.item[1], "postfix@*.service");
	check_int(who, (int64_t)conf->watch.files.items, 0);
	check_int(who, conf->watch.start, CONF_NOW);
	check_text(who, conf->watch.rules, "/etc/videur/rules.d");
}

static void
defaults_hold_without_a_file(void **state)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf;

	(void)state;
	if (access(CONF_DEFAULT_FILE, F_OK) == 0) {
		skip(); /* this host has one */
	}
	conf = conf_load(NULL, error);
	assert_non_null(conf);
	check_defaults("no file", conf);
	conf_drop(conf);
}

static void
defaults_hold_where_nothing_is_said(void **state)
{
	static const struct {
		const char *sentence, *text;
	} rows[] = {
		{ "an empty file", "" },
		{ "blank lines", "\n\n" },
		{ "a comment without an end of line", "# nothing" },
		{ "comments of every kind", "# a \"\n// b '\n/* c\n = { */\n" },
		{ "empty sections",
		    "milter {}\nweb {\n}\nwatch { # none\n}\nkeep {}\n"
		    "sources {}\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *conf = conf_dir_load(
		    rows[i].sentence, rows[i].text);
		check_defaults(rows[i].sentence, conf);
		conf_drop(conf);
	}
}

/* Take the # off every line that is a setting: no blank follows it. */
static void
uncomment(FILE *from, FILE *to)
{
	char line[256];

	while (fgets(line, sizeof(line), from) != NULL) {
		bool setting = line[0] == '#' && line[1] != ' ';
		assert_int_not_equal(fputs(line + setting, to), EOF);
	}
}

static void
the_sample_tells_the_defaults(void **state)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load("src/conf/videur.conf", error);
	FILE *from = fopen("src/conf/videur.conf", "r");
	FILE *to = fopen(conf_dir_path("sample.conf"), "w");

	(void)state;
	if (conf == NULL) {
		fail_msg("the sample: %s", error);
	}
	check_defaults("the sample as it is", conf);
	conf_drop(conf);

	assert_non_null(from);
	assert_non_null(to);
	uncomment(from, to);
	assert_int_equal(fclose(from), 0);
	assert_int_equal(fclose(to), 0);
	conf = conf_load(conf_dir_path("sample.conf"), error);
	if (conf == NULL) {
		fail_msg("the sample without its #: %s", error);
	}
	check_defaults("the sample without its #", conf);
	conf_drop(conf);
}

static const char everything[] =
    "database = /run/v.db   # a comment\n"
    "policy = franceserv\n"
    "mode = observe /* this\n too */\n"
    "allow = {198.51.100.25, \"2001:db8:25::/64\"}\n"
    "allow += {203.0.113.0/24}\n"
    "user = videur\n"
    "contact = 'postmaster@example.org'\n"
    "lookup-url = https://postmaster.example.org/\r\n"
    "submission-ports += {2587}\n"
    "client-ipv4 = 24\n"
    "client-ipv6 = 48\n"
    "sources { spam = watch relay = none auth = milter }\n"
    "keep { events = 1d12h tallies = 2d bans = 3d audit = 90s daily = 2d }\n"
    "forwarders = {192.0.2.25}\nforwarders += {2001:db8:f::/48}\n"
    "brake { bans = 0 within = 1h accepted = 1 }\n"
    "milter {\n"
    "  listen = inet:8890@127.0.0.1\n"
    "  socket-mode = 600\n"
    "  socket-group = \"\"\n"
    "  on-error = tempfail\n"
    "  spam-header = { # nobody\n }\n"
    "  virus-header += {\"X-Amavis-Alert: INFECTED\"}\n"
    "}\n"
    "web { listen = \"[::1]:80\" metrics-listen = unix:/run/m.sock\n"
    "  trusted-proxies = {127.0.0.1,} }\n"
    "watch { journal = no units = {a, b} files = {/var/log/mail.log}\n"
    "  start = backfill rules = /r }";

static void
every_key_is_read(void **state)
{
	const char *who = "everything given";
	struct conf *conf = conf_dir_load(who, everything);
	char net[NET_TEXT_SIZE];

	(void)state;
	check_text(who, conf->database, "/run/v.db");
	check_int(who, conf->mode, CONF_OBSERVE);
	check_text(who, net_format(&conf->allow[0], net), "198.51.100.25");
	check_text(who, net_format(&conf->allow[1], net), "2001:db8:25::/64");
	check_text(who, net_format(&conf->allow[2], net), "203.0.113.0/24");
	check_int(who, conf->brake_bans, 0);
	check_int(who, conf->brake_within, HOUR);
	check_int(who, conf->brake_accepted, 1);
	check_int(who, conf->keep_daily, 2 * DAY);
	check_int(who, (int64_t)conf->forwarders, 2);
	check_text(who, net_format(&conf->forwarder[0], net), "192.0.2.25");
	check_text(
	    who, net_format(&conf->forwarder[1], net), "2001:db8:f::/48");
	check_text(who, conf->user, "videur");
	check_text(who, conf->contact, "postmaster@example.org");
	check_text(who, conf->lookup_url, "https://postmaster.example.org/");
	check_int(who, (int64_t)conf->submission_ports, 3);
	check_int(who, conf->submission_port[0], 465);
	check_int(who, conf->submission_port[2], 2587);
	check_int(who, conf->client_ipv4, 24);
	check_int(who, conf->client_ipv6, 48);
	check_int(who, conf->source[KIND_SPAM], CONF_WATCH);
	check_int(who, conf->source[KIND_RELAY], CONF_NOBODY);
	check_int(who, conf->source[KIND_AUTH], CONF_MILTER);
	check_int(who, conf->source[KIND_VIRUS], CONF_UNSAID);
	check_int(who, conf->keep_events, 36 * HOUR);
	check_int(who, conf->keep_tallies, 2 * DAY);
	check_int(who, conf->keep_bans, 3 * DAY);
	check_int(who, conf->keep_audit, 90);
	check_text(who, conf->milter.listen, "inet:8890@127.0.0.1");
	check_int(who, conf->milter.socket_mode, 0600);
	check_text(who, conf->milter.socket_group, "");
	check_int(who, conf->milter.on_error, CONF_TEMPFAIL);
	check_int(who, (int64_t)conf->milter.spam_header.items, 0);
	check_int(who, (int64_t)conf->milter.virus_header.items, 1);
	check_text(
	    who, conf->milter.virus_header.item[0], "X-Amavis-Alert: INFECTED");
	check_text(who, conf->web.listen.item[0], "[::1]:80");
	check_text(who, conf->web.metrics_listen.item[0], "unix:/run/m.sock");
	check_int(who, (int64_t)conf->web.trusted_proxies, 1);
	check_text(who, conf->watch.journal, "no");
	check_int(who, (int64_t)conf->watch.units.items, 2);
	check_text(who, conf->watch.units.item[1], "b");
	check_text(who, conf->watch.files.item[0], "/var/log/mail.log");
	check_int(who, conf->watch.start, CONF_BACKFILL);
	check_text(who, conf->watch.rules, "/r");
	conf_drop(conf);
}

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
	check_text(who, conf_paragraph(conf, "de"),
	    "One line.\nAnother \xe2\x80\x93 with a dash.");
	check_text(
	    who, conf_paragraph(conf, "fr"), "Écrivez-nous,\ns'il vous plaît.");
	conf_drop(conf);
}

static void
zones_are_files_of_the_systems_database(void **state)
{
	struct rows rows;

	(void)state;
	assert_int_equal(mkdir(conf_dir_path("zones"), 0700), 0);
	assert_int_equal(mkdir(conf_dir_path("zones/Here"), 0700), 0);
	assert_int_equal(mkfifo(conf_dir_path("zones/pipe"), 0600), 0);
	conf_dir_write("zones/Here/There_1", "TZif2 and more");
	conf_dir_write("zones/table", "# a table\n");
	rows_open(&rows, "conf.rows", "zones");
	while (rows_next(&rows)) {
		const char *wrong = keys_check_zone(
		    conf_dir_path(rows.field[0]), rows.field[1]);

		rows_check(&rows, 2, wrong == NULL ? "fine" : wrong);
	}
}

static void
included_files_lie_beside_the_one_that_names_them(void **state)
{
	struct conf *conf;

	(void)state;
	assert_int_equal(mkdir(conf_dir_path("d"), 0700), 0);
	conf_dir_write("d/one.conf", "include(\"two.conf\")\nmode = observe");
	conf_dir_write("d/two.conf", "milter { on-error = tempfail }\n");
	conf = conf_dir_load("an include of an include",
	    "include(\"d/one.conf\") allow = {192.0.2.1}\n");
	check_int("the first file", conf->mode, CONF_OBSERVE);
	check_int("the second file", conf->milter.on_error, CONF_TEMPFAIL);
	check_int("what follows", conf->allows > 0, true);
	conf_drop(conf);
}

static void
allowed_are_the_list_and_the_hosts_own(void **state)
{
	struct conf *conf = conf_dir_load("everything given", everything);
	struct net own[64];
	size_t owns = proc_own_addresses(own, COUNT(own));
	struct addr address;
	struct rows rows;

	(void)state;
	assert_true(owns > 0);
	rows_open(&rows, "conf.rows", "allowed");
	while (rows_next(&rows)) {
		assert_true(addr_parse(rows.field[0], &address));
		rows_check_int(&rows, 1, conf_allows(conf, &address));
	}
	for (size_t i = 0; i < owns; i++) {
		struct net client = net_around(&own[i].addr, 24, 64);

		check_int("one of the host's own",
		    conf_allows(conf, &own[i].addr), true);
		check_int("before a ban", conf_is_own(&client, 0), true);
	}
	assert_true(addr_parse("198.51.100.25", &address));
	own[0] = net_cut(&address, ADDR_BITS);
	check_int("somebody's", conf_is_own(&own[0], 0), false);
	conf_drop(conf);
}

static void
scanners_say_who_counts_their_verdicts(void **state)
{
	struct conf *conf;
	struct rows rows;
	enum kind kind;

	(void)state;
	assert_int_equal(mkdir(conf_dir_path("scanners"), 0700), 0);
	conf_dir_write("scanners/ours.conf",
	    "about = 'Ours' virus-header = {'V: w'} log = {x-1}");
	rows_open(&rows, "conf.rows", "counts");
	while (rows_next(&rows)) {
		conf = conf_dir_load(rows.sentence, rows.field[0]);
		assert_true(words_parse(&kind_words, rows.field[2], &kind));
		rows_check_int(
		    &rows, 3, conf_counts(conf, kind, CONF_MILTER, NULL));
		rows_check_int(&rows, 4,
		    conf_counts(conf, kind, CONF_WATCH, rows.field[1]));
		conf_drop(conf);
	}
	conf = conf_dir_load("a header besides",
	    "milter { scanner = {rspamd}\n"
	    "spam-header = {'A: b'} heuristics = virus }\n"
	    "always-open = {help@example.org} watch { zone = '-03:30' }");
	check_int("both", (int64_t)conf->milter.spam_header.items, 2);
	check_text("its name", conf->scanner[0], "rspamd");
	check_int("guesses", conf->milter.heuristics, KIND_VIRUS);
	check_text("open", conf->always_open.item[0], "help@example.org");
	check_text("zone", conf->watch.zone, "-03:30");
	conf_drop(conf);
}

static void
the_last_to_let_go_frees_it(void **state)
{
	struct conf *conf = conf_dir_load("nothing said", "");

	(void)state;
	assert_ptr_equal(conf_hold(conf), conf);
	conf_drop(conf);
	check_defaults("still held", conf); /* ASan tells where it is not */
	conf_drop(conf);
	conf_drop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hold_without_a_file),
		cmocka_unit_test(defaults_hold_where_nothing_is_said),
		cmocka_unit_test(the_sample_tells_the_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(every_key_of_the_page_is_read),
		cmocka_unit_test(zones_are_files_of_the_systems_database),
		cmocka_unit_test(
		    included_files_lie_beside_the_one_that_names_them),
		cmocka_unit_test(allowed_are_the_list_and_the_hosts_own),
		cmocka_unit_test(scanners_say_who_counts_their_verdicts),
		cmocka_unit_test(the_last_to_let_go_frees_it),
	};

	return cmocka_run_group_tests_name(
	    "conf", tests, conf_dir_make, conf_dir_remove);
}
