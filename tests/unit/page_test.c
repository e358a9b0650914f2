#include "check.h"

#include <stdlib.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/page.h"
#include "web/site.h"
#include "web/stats.h"
#include "web/web.h"

#define NOW  INT64_C(1795284342) /* 2026-11-21T18:05:42Z */
#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

static struct conf *conf;
static struct site *site;
static char *buf;

static int
setup(void **state)
{
	struct rule *rule;

	(void)state;
	conf = calloc(1, sizeof(*conf));
	buf = malloc(WEB_BODY_MAX);
	if (conf == NULL || buf == NULL) {
		return -1;
	}
	rule = &conf->policy.rule[conf->policy.rules++];
	(void)text_copy(rule->name, sizeof(rule->name), "dictionary");
	rule->kinds = kind_bit(KIND_RECIPIENT) | kind_bit(KIND_PROBE);
	rule->steps = 5;
	for (size_t i = 0; i < rule->steps; i++) {
		rule->ban[i] = i < 4 ? (2 * HOUR) << i : DAY;
	}
	assert_null(reply_parse(
	    "550 5.7.1 Too many errors from your IP", NULL, &rule->reply));
	rule->reason = REASON_ERROR;
	conf->policy.memory = 90 * DAY;
	conf->client_ipv4 = 32;
	conf->client_ipv6 = 64;
	conf->references = 1;
	(void)text_copy(
	    conf->contact, sizeof(conf->contact), "postmaster@example.fr");
	(void)text_copy(conf->lookup_url, sizeof(conf->lookup_url),
	    "https://postmaster.example.fr/");
	site = site_new(conf);
	return site != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	site_drop(site);
	free(conf);
	free(buf);
	return 0;
}

static struct standing
clear_standing(const char *ip)
{
	struct standing standing = { .checked_at = NOW,
		.verdict = STANDING_CLEAR };

	assert_true(addr_parse(ip, &standing.address));
	return standing;
}

/* 192.0.2.7, banned for errors since two hours and for two more. */
static struct standing
banned_standing(void)
{
	struct standing standing = clear_standing("192.0.2.7");
	struct ban *ban = &standing.ban[0];

	standing.verdict = STANDING_BANNED;
	standing.bans = 1;
	*ban = (struct ban){ .who = { standing.address, ADDR_BITS },
		.reason = REASON_ERROR,
		.rule = "dictionary",
		.step = 2,
		.begins = NOW - 2 * HOUR,
		.ends = NOW + 2 * HOUR,
		.stage = STAGE_RCPT,
		.service = SERVICE_MX,
		.ref = "7K2M9Q" };
	assert_null(reply_parse(
	    "550 5.7.1 Too many errors from your IP", NULL, &ban->reply));
	return standing;
}

static struct page
page_of(const struct standing *standing, enum language language)
{
	return (struct page){ .kind = PAGE_LOOKUP,
		.language = language,
		.site = site,
		.path = "/",
		.standing = standing };
}

static void
must_render(struct page *page)
{
	struct text out;

	text_init(&out, buf, WEB_BODY_MAX);
	if (!page_render(page, &out)) {
		fail_msg("page of kind %d in %s does not render",
		    (int)page->kind, language_facts[page->language].tag);
	}
	assert_non_null(strstr(buf, "</html>\n"));
	assert_null(strstr(buf, "{{"));
}

static void
must_say(const char *sentence, const char *words)
{
	if (strstr(buf, words) == NULL) {
		fail_msg(
		    "%s: \"%s\" is missing from:\n%s", sentence, words, buf);
	}
}

static void
must_not_say(const char *sentence, const char *words)
{
	if (strstr(buf, words) != NULL) {
		fail_msg("%s: \"%s\" is in:\n%s", sentence, words, buf);
	}
}

static void
a_ban_is_told(void **state)
{
	static const struct {
		const char *sentence;
		enum language language;
		const char *want;
	} rows[] = {
		{ "the verdict", LANGUAGE_EN, "<h1>192.0.2.7 is listed</h1>" },
		{ "the verdict in French", LANGUAGE_FR,
		    "<h1>192.0.2.7 est bloquée</h1>" },
		{ "the page's language", LANGUAGE_FR, "<html lang=\"fr\">" },
		{ "the reply to the letter", LANGUAGE_EN,
		    ">550 5.7.1 Too many errors from your IP [192.0.2.7], "
		    "blocked until 2026-11-21T20:05:42Z. See "
		    "https://postmaster.example.fr/"
		    "?ip=192.0.2.7&amp;ref=7K2M9Q<" },
		{ "its end for programs and people", LANGUAGE_EN,
		    "<time datetime=\"2026-11-21T20:05:42Z\">"
		    "21 November 2026, 20:05:42 UTC</time>" },
		{ "its end in French", LANGUAGE_FR,
		    "21 novembre 2026 à 20:05:42 UTC" },
		{ "its begin", LANGUAGE_EN, "21 November 2026, 16:05:42 UTC" },
		{ "the time left", LANGUAGE_EN, ">2 h</strong>." },
		{ "the time left, for a script", LANGUAGE_FR,
		    "data-left=\"7200\" data-units=\"j h min s\"" },
		{ "the step", LANGUAGE_EN, "Block no. 2 for this reason" },
		{ "the step in French", LANGUAGE_FR,
		    "Blocage nº&nbsp;2 pour cette raison" },
		{ "the row of steps", LANGUAGE_EN,
		    "<li class=\"now\" aria-current=\"step\"><strong>4 h</strong> "
		    "<span>2</span><i>now</i></li>\n"
		    "<li class=\"next\"><strong>8 h</strong> "
		    "<span>3</span><i>next</i></li>\n"
		    "<li><strong>16 h</strong> <span>4</span></li>\n"
		    "<li><strong>24 h</strong> <span>5+</span></li>\n" },
		{ "the next", LANGUAGE_EN, "the next block lasts\n\t8 h." },
		{ "what to copy", LANGUAGE_EN,
		    "Sending IP address: 192.0.2.7\n"
		    "Sending host name: ______\n" },
		{ "a mail to write", LANGUAGE_EN,
		    "href=\"mailto:postmaster@example.fr?subject=192.0.2.7%20is"
		    "%20blocked&amp;body=Date%20and%20time" },
		{ "and its lines", LANGUAGE_EN,
		    "192.0.2.7%0D%0ASending%20host%20name%3A%20" },
		{ "the ref", LANGUAGE_EN, "<code>7K2M9Q</code>" },
		{ "the reason in words", LANGUAGE_EN,
		    "<h2>Too many errors in the mail sessions of this address<" },
		{ "and in a sentence", LANGUAGE_EN,
		    "as those of infected computers and broken software do" },
		{ "what the rule counts", LANGUAGE_EN,
		    "<dd>recipients that do not exist</dd>" },
		{ "and all it counts", LANGUAGE_FR,
		    "<dd>vérifications d’expéditeur par rappel</dd>" },
		{ "what is refused", LANGUAGE_EN,
		    "Mail for recipients of this host" },
		{ "what to do", LANGUAGE_EN, "Switch off sender verification" },
		{ "what to do in French", LANGUAGE_FR,
		    "Retirez de vos listes les adresses inexistantes" },
		{ "whom to write to", LANGUAGE_EN,
		    "<a href=\"mailto:postmaster@example.fr\">" },
		{ "the other language", LANGUAGE_EN,
		    "<a href=\"./?ip=192.0.2.7&amp;lang=fr\" lang=\"fr\"" },
		{ "that it ends by itself", LANGUAGE_EN, "ends by itself" },
	};
	const struct standing standing = banned_standing();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct page page = page_of(&standing, rows[i].language);

		must_render(&page);
		must_say(rows[i].sentence, rows[i].want);
	}
}

static void
steps_are_told(void **state)
{
	static const struct {
		const char *sentence, *rule;
		int step;
		const char *english, *french;
	} rows[] = {
		{ "the first", "dictionary", 1,
		    "<li class=\"now\" aria-current=\"step\"><strong>2 h</strong>",
		    "Si cela se reproduit, le prochain blocage\n\tdurera 4 h." },
		{ "the last", "dictionary", 5,
		    "<li class=\"now\" aria-current=\"step\"><strong>24 h</strong>",
		    "durera encore 24 h." },
		{ "one beyond the last", "dictionary", 7,
		    "<h3>Block no. 7 for this reason</h3>",
		    "aria-current=\"step\"><strong>24 h</strong> <span>5+</span>" },
		{ "of a rule that is gone", "old", 3,
		    "<h3>Block no. 3 for this reason</h3>",
		    "Blocage nº&nbsp;3" },
		{ "by hand there is none", BAN_RULE_MANUAL, 0,
		    "<h2>Blocked by the administrator</h2>",
		    "<h2>Bloquée par l’administrateur</h2>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct standing standing = banned_standing();
		struct page page = page_of(&standing, LANGUAGE_EN);

		(void)text_copy(
		    standing.ban[0].rule, BAN_RULE_SIZE, rows[i].rule);
		standing.ban[0].step = rows[i].step;
		must_render(&page);
		must_say(rows[i].sentence, rows[i].english);
		page.language = LANGUAGE_FR;
		must_render(&page);
		must_say(rows[i].sentence, rows[i].french);
		if (strcmp(rows[i].rule, "dictionary") != 0) {
			must_not_say(rows[i].sentence, "class=\"steps\"");
		}
		if (rows[i].step == 0) {
			must_not_say(rows[i].sentence, "de lui-même");
		}
	}
}

static void
refs_are_found(void **state)
{
	static const char asked[] = "This is the block your refusal spoke of";
	static const char gone[] = "has ended, or is not one of";
	static const struct {
		const char *sentence, *ref;
		const char *want; /* NULL: neither */
	} rows[] = {
		{ "no ref", NULL, NULL },
		{ "the ban's", "7K2M9Q", asked },
		{ "in small letters", "7k2m9q", asked },
		{ "another's", "ZZZZZZ", gone },
		{ "a letter more", "7K2M9QQ", gone },
		{ "no ref at all", "<script>alert(1)</script>", gone },
		{ "six bytes of markup", "<b>'\"&", gone },
	};
	const struct standing standing = banned_standing();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct page page = page_of(&standing, LANGUAGE_EN);

		page.ref = rows[i].ref;
		must_render(&page);
		(rows[i].want == asked ? must_say : must_not_say)(
		    rows[i].sentence, asked);
		(rows[i].want == gone ? must_say : must_not_say)(
		    rows[i].sentence, gone);
		must_not_say(rows[i].sentence, "<script>");
		must_not_say(rows[i].sentence, "<b>");
		must_say(rows[i].sentence, "192.0.2.7 is listed");
	}
}

static void
a_ref_like_another_is_read(void **state)
{
	struct standing standing = banned_standing();
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	(void)text_copy(standing.ban[0].ref, BAN_REF_SIZE, "101ABC");
	page.ref = "iolabc";
	must_render(&page);
	must_say("I and L are 1, O is 0", "your refusal spoke of");
}

static void
a_clear_address_is_told(void **state)
{
	const struct stats stats = { .family = { 12, 3 } };
	const struct standing standing = clear_standing("2001:db8::7");
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	must_render(&page);
	must_say("the verdict", "<h1>2001:db8::7 is not listed</h1>");
	must_not_say("nothing to be told", "class=\"ban");
	page.ref = "7K2M9Q";
	page.own = true;
	page.stats = &stats;
	must_render(&page);
	must_say("the ended ban", "<code>7K2M9Q</code> has ended");
	must_say("whose it is", "the address you are visiting from");
	must_say("the numbers",
	    "There are currently 12 IPv4 and 3 IPv6 addresses listed.");
	page.language = LANGUAGE_FR;
	must_render(&page);
	must_say("the numbers in French", "12 en IPv4 et 3 en IPv6");
}

static void
allowed_is_told_as_clear(void **state)
{
	struct standing standing = clear_standing("192.0.2.7");
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	standing.verdict = STANDING_ALLOWED;
	must_render(&page);
	must_say("the verdict", "<h1>192.0.2.7 is not listed</h1>");
}

static void
every_kind_in_every_language(void **state)
{
	const struct standing standing = clear_standing("192.0.2.7");

	(void)state;
	for (int kind = 0; kind < PAGE_KIND_COUNT; kind++) {
		for (int i = 0; i < LANGUAGE_COUNT; i++) {
			struct page page = page_of(NULL, (enum language)i);

			page.kind = (enum page_kind)kind;
			if (page.kind == PAGE_LOOKUP) {
				page.standing = &standing;
			}
			must_render(&page);
			must_say("there is a way to the form", "href=\"./\"");
		}
	}
}

static void
every_word_in_every_language(void **state)
{
	static const int64_t month = 30 * DAY;
	struct standing standing = banned_standing();
	struct ban *ban = &standing.ban[0];

	(void)state;
	conf->policy.rule[0].kinds = kind_bit(KIND_COUNT) - 1;
	for (int n = 0; n < 13 * LANGUAGE_COUNT; n++) {
		struct page page = page_of(
		    &standing, (enum language)(n % LANGUAGE_COUNT));

		ban->reason = (enum reason)(n / LANGUAGE_COUNT % REASON_COUNT);
		ban->service = (enum service)(
		    n / LANGUAGE_COUNT % SERVICE_COUNT);
		ban->ends = NOW + n / LANGUAGE_COUNT * month;
		must_render(&page);
	}
	ban->ends = NOW + 10 * DAY; /* the first of December */
	struct page page = page_of(&standing, LANGUAGE_FR);
	must_render(&page);
	must_say("the first in French", "1<sup>er</sup> décembre 2026");
	must_say("days in French", ">10 j</strong>");
}

static void
a_network_is_named(void **state)
{
	struct standing standing = banned_standing();
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	must_render(&page);
	must_not_say("no network", "Applies to");
	assert_true(net_parse("192.0.2.0/24", &standing.ban[0].who));
	must_render(&page);
	must_say("the network", "<dd>192.0.2.0/24</dd>");
}

/* The card above has the times of the one that ends last alone. */
static void
each_of_several_has_its_times(void **state)
{
	struct standing standing = banned_standing();
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	standing.ban[1] = standing.ban[0];
	standing.ban[1].begins = NOW - 30 * 60;
	standing.ban[1].ends = NOW + HOUR;
	standing.bans = 2;
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		page.language = (enum language)i;
		must_render(&page);
		must_say(
		    "the first begins", "datetime=\"2026-11-21T16:05:42Z\"");
		must_say("the first ends", "datetime=\"2026-11-21T20:05:42Z\"");
		must_say(
		    "the other begins", "datetime=\"2026-11-21T17:35:42Z\"");
		must_say("the other ends", "datetime=\"2026-11-21T19:05:42Z\"");
	}
}

static void
hours_are_for_some_alone(void **state)
{
	struct standing standing = banned_standing();
	struct page_hours hours = { .from = NOW - NOW % HOUR - 47 * HOUR };
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	standing.ban[0].told = NOW - 60;
	hours.hour[46].kind[KIND_RECIPIENT] = 1234;
	hours.hour[46].accepted = 7;
	must_render(&page);
	must_not_say("what was seen", "<svg class=\"chart\" viewBox=\"0 0 480");
	must_not_say("in numbers", "1234");
	must_not_say("when it was refused", "2026-11-21T18:04:42Z");
	page.hours = &hours;
	must_render(&page);
	must_say("what was seen", "<svg class=\"chart\" viewBox=\"0 0 480");
	must_say("in numbers", "1234 recipients that do not exist");
	must_say("and the good", "<td class=\"number\">7</td>");
	must_say("when it was refused",
	    "Date and time, with time zone: 2026-11-21T18:04:42Z\n");
	must_say("a good name", "has a good name here");
	hours.reputation = REPUTATION_POOR;
	hours.hour[46] = (struct tally){ 0 };
	must_render(&page);
	must_say("nothing was seen", "Nothing was counted in this time");
	must_say("a bad name", "has a bad name here");
}

/* A policy of one's own: what its pages say is what it says. */
static void
policies_are_told(void **state)
{
	struct rule *rule = &conf->policy.rule[conf->policy.rules];
	struct limit *limit = &conf->policy.limit[LIMIT_CONNECTIONS];
	struct standing standing = banned_standing();
	struct page page = page_of(&standing, LANGUAGE_EN);

	(void)state;
	page.kind = PAGE_CODES;
	must_render(&page);
	must_say("the reply of the rule",
	    ">550 5.7.1 Too many errors from your IP</pre>");
	must_say("the reply of a ban by hand",
	    ">550 5.7.1 Blocked by the administrator</pre>");
	must_say("that it follows no rule", "not made by a rule");
	must_say("its remedy", "<a\n\thref=\"./\">look your address up</a>");
	must_not_say("no other", "450 4.7.1");
	must_not_say("no limit", "Too many connections");
	*rule = (struct rule){ .name = "virus",
		.kinds = kind_bit(KIND_VIRUS),
		.reason = REASON_VIRUS,
		.ban = { 3 * HOUR },
		.steps = 1,
		.soft = 2 };
	assert_null(reply_parse(
	    "450 4.7.1 Virus detected", "SFR_IN_102", &rule->reply));
	assert_null(
	    reply_parse("421 Suspended", "OFR_999 [999]", &rule->again));
	conf->policy.rules++;
	limit->most[REPUTATION_GOOD] = 9;
	limit->most[REPUTATION_NEUTRAL] = 5;
	limit->most[REPUTATION_POOR] = 2;
	assert_null(reply_parse("421 Slow down", NULL, &limit->reply));
	must_render(&page);
	must_say("its own code", "450 4.7.1 Virus detected SFR_IN_102");
	must_say("that it is temporary", "with 4 is temporary");
	must_say("how long", "lasts 3 h");
	must_say("soft steps", "The first 2 blocks answer");
	must_say("from the second refusal on", "421 Suspended OFR_999 [999]");
	must_say("the limit", "<code>421</code> Too many connections at once");
	must_say("its numbers", "2 to 9, the better the reputation");
	page.kind = PAGE_LOOKUP;
	(void)text_copy(standing.ban[0].rule, BAN_RULE_SIZE, "virus");
	must_render(&page);
	must_say("all blocks alike", "Every block for this reason lasts 3 h");
	must_not_say("and so no row of steps", "class=\"steps\"");
	page.kind = PAGE_DURATIONS;
	must_render(&page);
	must_say("five columns", "no.&nbsp;5 and later");
	must_say("the steps",
	    "<td data-step=\"3\">8 h</td><td data-step=\"4\">16 h</td>"
	    "<td data-step=\"5+\">24 h</td>");
	must_say("the virus, for ever alike", "<td data-step=\"5+\">3 h</td>");
	conf->policy.rule[0].steps = 0;
	must_render(&page);
	must_not_say("a rule that never bans", "24 h");
	must_say("one column", "every time");
	page.kind = PAGE_WHY;
	must_render(&page);
	must_say("what it counts", "<h2>Viruses</h2>");
	must_not_say("and no more", "<h2>Unknown recipients</h2>");
}

static void
figures_are_told(void **state)
{
	struct stats stats = { .at = NOW, .family = { 12345, 3 } };
	struct page page = page_of(NULL, LANGUAGE_EN);

	(void)state;
	page.kind = PAGE_STATS;
	must_render(&page);
	must_say("none are known", "cannot be had right now");
	for (int i = 0; i < STATS_DAYS; i++) {
		stats.day[i].day = NOW - NOW % DAY + (i - 29) * DAY;
	}
	stats.listed[REASON_VIRUS] = 17;
	stats.day[29].cell[STATS_BANS + REASON_ERROR] = 5;
	stats.day[3].cell[STATS_EVENTS + KIND_SPAM] = 321;
	page.stats = &stats;
	must_render(&page);
	must_say("listed", "<dd>12\xe2\x80\xaf"
			   "345</dd>");
	must_say("by reason", "<th scope=\"row\">Virus</th><td "
			      "class=\"number\">17</td>");
	must_say("blocks", "5 blocks began in the last 30 days.");
	must_say("of which days", "<span>23 Oct</span><span>21 Nov</span>");
	must_say("events", "<td>"
			   "<span class=\"line\">321 messages");
	must_not_say("what the policy does not count and nobody did",
	    "complaints of recipients");
}

static void
the_owner_is_heard(void **state)
{
	struct page page = page_of(NULL, LANGUAGE_EN);

	(void)state;
	page.kind = PAGE_FORM;
	(void)text_copy(conf->web.site_name, CONF_TEXT_SIZE, "Ex & Co");
	(void)text_copy(conf->web.paragraph, 1001, "Hello <b>\nyou");
	(void)text_copy(conf->web.paragraph_fr, 1001, "Bonjour");
	(void)text_copy(conf->web.abuse, CONF_TEXT_SIZE, "abuse@example.fr");
	must_render(&page);
	must_say(
	    "the name", "<title>Is my mail server blocked? – Ex &amp; Co<");
	must_say("the paragraph, as text", "Hello &lt;b&gt;\nyou</p>");
	must_say("whom to tell of spam", "mailto:abuse@example.fr");
	page.language = LANGUAGE_FR;
	must_render(&page);
	must_say("the paragraph in French", ">Bonjour</p>");
}

static void
input_is_repeated_without_harm(void **state)
{
	static const struct {
		const char *sentence, *input, *want;
	} rows[] = {
		{ "a name", "mx.example.org", "value=\"mx.example.org\"" },
		{ "markup", "\"><script>alert(1)</script>",
		    "value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script"
		    "&gt;\"" },
		{ "bytes that are no text", "\xff\xfe\x01", "value=\"\"" },
		{ "a line's end", "a\r\nb", "value=\"\"" },
		{ "a template", "{ {ip} }", "value=\"{ {ip} }\"" },
		{ "nothing", "", "value=\"\"" },
		{ "very much",
		    "0123456789012345678901234567890123456789012345678901234567"
		    "0123456789012345678901234567890123456789012345678901234567",
		    "value=\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct page page = page_of(NULL, LANGUAGE_EN);

		page.kind = PAGE_NO_ADDRESS;
		page.input = rows[i].input;
		must_render(&page);
		must_say(rows[i].sentence, rows[i].want);
		must_not_say(rows[i].sentence, "<script>");
	}
}

static void
variables_are_not_templates(void **state)
{
	struct page page = page_of(NULL, LANGUAGE_EN);
	struct text out;

	(void)state;
	page.kind = PAGE_NO_ADDRESS;
	page.input = "{{contact}}{{#";
	text_init(&out, buf, WEB_BODY_MAX);
	assert_true(page_render(&page, &out));
	must_say("it stands there as it came", "value=\"{{contact}}{{#\"");
}

static void
links_lead_back(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "/", "href=\"./style.css?v=" },
		{ "/a", "href=\"./style.css?v=" },
		{ "/a/", "href=\"./../style.css?v=" },
		{ "/a/b/c", "href=\"./../../style.css?v=" },
		{ "", "href=\"./style.css?v=" },
		{ "*", "href=\"./style.css?v=" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct page page = page_of(NULL, LANGUAGE_EN);

		page.kind = PAGE_NOT_FOUND;
		page.path = rows[i].path;
		must_render(&page);
		must_say(rows[i].path, rows[i].want);
	}
}

static void
a_wished_language_is_kept(void **state)
{
	struct page page = page_of(NULL, LANGUAGE_FR);

	(void)state;
	page.kind = PAGE_FORM;
	must_render(&page);
	must_not_say("not wished for", "type=\"hidden\"");
	page.language_asked = true;
	must_render(&page);
	must_say("by the form", "name=\"lang\" value=\"fr\"");
	must_say("by the title", "href=\"./?lang=fr\"");
}

static void
the_longest_page_fits(void **state)
{
	struct standing standing = banned_standing();
	char phrase[REPLY_PHRASE_SIZE + 10] = "550 5.7.1 ";
	struct ban *ban = &standing.ban[0];

	(void)state;
	memset(phrase + 10, '&', REPLY_PHRASE_SIZE - 1);
	phrase[REPLY_PHRASE_SIZE + 9] = '\0';
	assert_null(reply_parse(
	    phrase, "&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&", &ban->reply));
	memset(conf->lookup_url, '"', REPLY_URL_MAX);
	memset(conf->contact, '"', CONF_TEXT_SIZE - 1);
	conf->policy.rule[0].kinds = kind_bit(KIND_COUNT) - 1;
	for (standing.bans = 1; standing.bans < STANDING_BANS_MAX;
	     standing.bans++) {
		standing.ban[standing.bans] = *ban;
	}
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		struct page page = page_of(&standing, (enum language)i);

		must_render(&page);
		assert_true(strlen(buf) < WEB_BODY_MAX / 2);
	}
}

static void
a_page_that_does_not_fit_is_refused(void **state)
{
	const struct standing standing = banned_standing();
	struct page page = page_of(&standing, LANGUAGE_EN);
	struct text out;

	(void)state;
	text_init(&out, buf, 1000);
	assert_false(page_render(&page, &out));
}

#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PAGE_TEST(a_ban_is_told),
		PAGE_TEST(steps_are_told),
		PAGE_TEST(refs_are_found),
		PAGE_TEST(a_ref_like_another_is_read),
		PAGE_TEST(a_clear_address_is_told),
		PAGE_TEST(allowed_is_told_as_clear),
		PAGE_TEST(every_kind_in_every_language),
		PAGE_TEST(every_word_in_every_language),
		PAGE_TEST(a_network_is_named),
		PAGE_TEST(each_of_several_has_its_times),
		PAGE_TEST(hours_are_for_some_alone),
		PAGE_TEST(policies_are_told),
		PAGE_TEST(figures_are_told),
		PAGE_TEST(the_owner_is_heard),
		PAGE_TEST(input_is_repeated_without_harm),
		PAGE_TEST(variables_are_not_templates),
		PAGE_TEST(links_lead_back),
		PAGE_TEST(a_wished_language_is_kept),
		PAGE_TEST(the_longest_page_fits),
		PAGE_TEST(a_page_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
