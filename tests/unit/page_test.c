#include "rows.h"

#include "base/addr.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/lookup.h"
#include "web/page.h"
#include "web/site.h"
#include "web/web.h"

#define NOW  INT64_C(1795284342) /* 2026-11-21T18:05:42Z */
#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

static struct conf *conf;
static struct site *site;
static const struct language *en, *fr;
static char *buf;

/* What a test begins with and may change: the page about 192.0.2.7, banned for
 * errors since two hours and for two more. */
static struct standing standing;
static struct lookup_bans bans;
static struct page page;

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
	en = languages_find(&site->languages, "en");
	fr = languages_find(&site->languages, "fr");
	page = (struct page){ .kind = PAGE_LOOKUP,
		.language = en,
		.site = site,
		.path = "/",
		.standing = &standing,
		.bans = &bans };
	bans.next[0] = (struct next_ban){ .step = 3, .lasts = 8 * HOUR };
	standing = (struct standing){
		.checked_at = NOW, .verdict = STANDING_BANNED, .bans = 1
	};
	assert_true(addr_parse("192.0.2.7", &standing.address));
	standing.ban[0] = (struct ban){ .who = { standing.address, ADDR_BITS },
		.reason = REASON_ERROR,
		.rule = "dictionary",
		.step = 2,
		.begins = NOW - 2 * HOUR,
		.ends = NOW + 2 * HOUR,
		.stage = STAGE_RCPT,
		.service = SERVICE_MX,
		.reply = rule->reply,
		.ref = "7K2M9Q" };
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

/* Not banned any more, and another address. */
static void
lift(const char *ip)
{
	standing.bans = 0;
	standing.verdict = STANDING_CLEAR;
	assert_true(addr_parse(ip, &standing.address));
}

static void
render(void)
{
	struct text out;

	text_init(&out, buf, WEB_BODY_MAX);
	if (!page_render(&page, &out)) {
		fail_msg("page of kind %d in %s does not render",
		    (int)page.kind, page.language->tag);
	}
	assert_non_null(strstr(buf, "</html>\n"));
	assert_null(strstr(buf, "{{"));
}

static void
shows(const char *sentence, const char *words)
{
	render();
	if (strstr(buf, words) == NULL) {
		fail_msg(
		    "%s: \"%s\" is missing from:\n%s", sentence, words, buf);
	}
}

static void
hides(const char *sentence, const char *words)
{
	render();
	if (strstr(buf, words) != NULL) {
		fail_msg("%s: \"%s\" is in:\n%s", sentence, words, buf);
	}
}

static void
a_ban_is_told(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "pages.rows", "a_ban_is_told");
	while (rows_next(&rows)) {
		page.language = languages_find(&site->languages, rows.field[0]);
		shows(rows.sentence, rows.field[1]);
	}
}

static void
steps_are_told(void **state)
{
	const struct rule *rule;
	struct rows rows;

	(void)state;
	rows_open(&rows, "pages.rows", "steps_are_told");
	while (rows_next(&rows)) {
		(void)text_copy(
		    standing.ban[0].rule, BAN_RULE_SIZE, rows.field[0]);
		standing.ban[0].step = (int)rows_number(&rows, 1);
		rule = policy_rule(&conf->policy, rows.field[0]);
		bans.next[0].step = standing.ban[0].step + 1;
		bans.next[0].lasts = rule == NULL ? 0
						  : policy_duration(rule,
							bans.next[0].step);
		page.language = en;
		shows(rows.sentence, rows.field[2]);
		page.language = fr;
		shows(rows.sentence, rows.field[3]);
		if (strcmp(rows.field[0], "dictionary") != 0) {
			hides(rows.sentence, "class=\"steps\"");
		}
		if (standing.ban[0].step == 0) {
			hides(rows.sentence, "automatiquement");
		}
	}
}

static void
refs_are_found(void **state)
{
	static const char
	    asked[] = "This is the block named in your error message";
	static const char gone[] = "address: it ended long ago";
	static const struct {
		const char *sentence, *ref;
		const char *want; /* NULL: neither */
	} rows[] = {
		{ "no ref", NULL, NULL },
		{ "the ban's", "7K2M9Q", asked },
		{ "in small letters", "7k2m9q", asked },
		{ "I and L for 1, O for 0", "iolabc", asked },
		{ "another's", "ZZZZZZ", gone },
		{ "a letter more", "7K2M9QQ", gone },
		{ "no ref at all", "<script>alert(1)</script>", gone },
		{ "six bytes of markup", "<b>'\"&", gone },
	};

	(void)state;
	standing.ban[1] = standing.ban[0];
	(void)text_copy(standing.ban[1].ref, BAN_REF_SIZE, "101ABC");
	standing.bans = 2;
	for (size_t i = 0; i < COUNT(rows); i++) {
		page.ref = rows[i].ref;
		(rows[i].want == asked ? shows : hides)(
		    rows[i].sentence, asked);
		(rows[i].want == gone ? shows : hides)(rows[i].sentence, gone);
		hides(rows[i].sentence, "<script>");
		hides(rows[i].sentence, "<b>");
		shows(rows[i].sentence, "192.0.2.7 is blocked");
	}
}

static void
a_clear_address_is_told(void **state)
{
	(void)state;
	lift("2001:db8::7");
	shows("the verdict", "7</span> is not blocked</h1>");
	hides("nothing to be told", "class=\"ban");
	page.ref = "7K2M9Q";
	page.own = true;
	shows("the ended ban", "address: it ended long ago");
	shows("whose it is", "You are browsing from this address");
	standing.verdict = STANDING_ALLOWED;
	shows("allowed is clear", "7</span> is not blocked</h1>");
}

static void
every_kind_in_every_language(void **state)
{
	static const struct stats stats = { .at = NOW };
	const struct page_several several = { .count = 2,
		.one = {
		    { .kind = PAGE_LOOKUP, .ip = "192.0.2.7", .ends = NOW },
		    { .kind = PAGE_NEVER, .text = "10.0.0.1" } } };

	(void)state;
	page.several = &several;
	page.stats = &stats;
	lift("192.0.2.7");
	for (int n = 0; n < (int)PAGE_CALENDAR * 2; n++) {
		page.kind = (enum page_kind)(n / 2);
		page.language = n % 2 == 0 ? en : fr;
		shows("there is a way to the form", "href=\"./\"");
	}
}

static void
every_word_in_every_language(void **state)
{
	struct ban *ban = &standing.ban[0];

	(void)state;
	conf->policy.rule[0].kinds = kind_bit(KIND_COUNT) - 1;
	for (int n = 0; n < 13 * 2; n++) {
		const int turn = n / 2;

		page.language = n % 2 == 0 ? en : fr;
		ban->reason = (enum reason)(turn % REASON_COUNT);
		ban->service = (enum service)(turn % SERVICE_COUNT);
		ban->ends = NOW + turn * 30 * DAY;
		render();
	}
	ban->ends = NOW + 10 * DAY; /* the first of December */
	page.language = fr;
	shows("the first in French", "1<sup>er</sup> décembre 2026");
	shows("days in French", ">10\xc2\xa0j</strong>");
}

static void
a_network_is_named(void **state)
{
	(void)state;
	hides("no network", "Applies to");
	assert_true(net_parse("192.0.2.0/24", &standing.ban[0].who));
	shows("the network", "<dd>192.0.2.0/24</dd>");
}

/* The card above has the times of the one that ends last alone. */
static void
each_of_several_has_its_times(void **state)
{
	(void)state;
	standing.ban[1] = standing.ban[0];
	standing.ban[1].begins = NOW - 30 * 60;
	standing.ban[1].ends = NOW + HOUR;
	standing.bans = 2;
	shows("the first begins", "datetime=\"2026-11-21T16:05:42Z\"");
	shows("the first ends", "datetime=\"2026-11-21T20:05:42Z\"");
	shows("the other begins", "datetime=\"2026-11-21T17:35:42Z\"");
	shows("the other ends", "datetime=\"2026-11-21T19:05:42Z\"");
}

static void
hours_are_for_some_alone(void **state)
{
	struct lookup_hours hours = { .from = NOW - NOW % HOUR - 47 * HOUR };

	(void)state;
	standing.ban[0].told = NOW - 60;
	hours.hour[46].kind[KIND_RECIPIENT] = 1234;
	hours.hour[46].accepted = 7;
	hides("what was seen", "<svg class=\"chart\" viewBox=\"0 0 480");
	hides("in numbers", "1234");
	hides("when it was refused", "2026-11-21T18:04:42Z");
	page.hours = &hours;
	page.sees = true;
	shows("what was seen", "<svg class=\"chart\" viewBox=\"0 0 480");
	shows("in numbers", "1234 unknown recipients");
	shows("and the good", "<td class=\"number\">7</td>");
	shows("when it was refused",
	    "Date and time, with time zone: 2026-11-21T18:04:42Z\n");
	shows("a good name", "has had a good");
	hours.reputation = REPUTATION_POOR;
	hours.hour[46] = (struct tally){ 0 };
	shows("nothing was seen", "Nothing was counted in the last 48");
	shows("a bad name", "has had a poor");
}

/* Whatever the hour: on a small screen one mark, in the first quarter, and the
 * last column's. */
static void
marks_keep_clear(void **state)
{
	const char *mark;
	size_t column;
	size_t marks;

	(void)state;
	for (int64_t hour = 0; hour < 24; hour++) {
		struct lookup_hours hours = { .from = (NOW / DAY - 2) * DAY +
						      hour * HOUR };

		hours.hour[40].accepted = 1;
		page.hours = &hours;
		page.sees = true;
		render();
		mark = strstr(buf, "<ul class=\"axis\"");
		assert_non_null(mark);
		marks = 0;
		for (column = 0; (mark = strstr(mark, "<li")) != NULL;
		     column++, mark += 3) {
			if (strncmp(mark, "<li></li>", 9) != 0 &&
			    strncmp(mark, "<li class", 9) != 0) {
				marks++;
				assert_true(column < 12 || column == 47);
			}
			if (column == 47) {
				break;
			}
		}
		assert_int_equal(marks, 2);
	}
}

/* A policy of one's own: what its pages say is what it says. */
static void
policies_are_told(void **state)
{
	struct rule *rule = &conf->policy.rule[conf->policy.rules];
	struct limit *limit = &conf->policy.limit[LIMIT_CONNECTIONS];

	(void)state;
	page.kind = PAGE_CODES;
	shows("the reply of the rule",
	    ">550 5.7.1 Too many errors from your IP</pre>");
	shows("the reply of a ban by hand",
	    ">550 5.7.1 Blocked by the administrator</pre>");
	shows("that it follows no rule", "block was set by hand");
	shows("its remedy", "<a\n\thref=\"./\">check your address</a>");
	hides("no other", "450 4.7.1");
	hides("no limit", "Too many connections");
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
	shows("its own code", "450 4.7.1 Virus detected SFR_IN_102");
	shows("that it is temporary", "with 4 is temporary");
	shows("how long", "lasts 3\xc2\xa0h");
	shows("soft steps", "Up to block number 2");
	shows("from the second refusal on", "421 Suspended OFR_999 [999]");
	shows("the limit", "<code>421</code> Too many connections at once");
	shows("its numbers", "2 to 9, depending on the reputation");
	page.kind = PAGE_LOOKUP;
	(void)text_copy(standing.ban[0].rule, BAN_RULE_SIZE, "virus");
	shows("all blocks alike", "A block like this always lasts 3\xc2\xa0h.");
	hides("and so no row of steps", "class=\"steps\"");
	page.kind = PAGE_DURATIONS;
	shows("five columns", "no.&nbsp;5 and later");
	shows("the steps",
	    "<td data-step=\"3\">8\xc2\xa0h</td><td data-step=\"4\">16\xc2\xa0h</td>"
	    "<td data-step=\"5+\">24\xc2\xa0h</td>");
	shows("the virus, for ever alike",
	    "<td colspan=\"5\">3\xc2\xa0h every time</td>");
	conf->policy.rule[0].steps = 0;
	hides("a rule that never bans", "24\xc2\xa0h");
	shows("one column", "every time");
	page.kind = PAGE_WHY;
	shows("what it counts", "<h2>Viruses</h2>");
	hides("and no more", "<h2>Unknown recipients</h2>");
}

static void
figures_are_told(void **state)
{
	struct stats stats = { .at = NOW, .addresses = { 12345, 3 } };

	(void)state;
	page.kind = PAGE_STATS;
	for (int i = 0; i < STATS_DAYS; i++) {
		stats.day[i].day = NOW - NOW % DAY + (i - 29) * DAY;
	}
	stats.listed[REASON_VIRUS] = 17;
	stats.day[29].sum[DAILY_BAN][REASON_ERROR] = 5;
	stats.day[3].sum[DAILY_EVENT][KIND_SPAM] = 321;
	page.stats = &stats;
	shows("listed", "<dd>12\xe2\x80\xaf"
			"345</dd>");
	shows("by reason", "<th scope=\"row\">Virus</th><td "
			   "class=\"number\">17</td>");
	shows("blocks", "New blocks in the last 30 days: 5.");
	shows("the first Monday", "<li>26 Oct</li>");
	shows("the next", "<li class=\"less\">2 Nov</li>");
	shows("each column", "<title>20 Nov: 0</title></path>");
	shows("today", "<title>21 Nov, so far: 5</title></path></g></svg>");
	shows("events", "<td>"
			"<span class=\"line\">321 messages");
	hides("what the policy does not count and nobody did",
	    "complaints from recipients");
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
	};

	(void)state;
	page.kind = PAGE_NO_ADDRESS;
	for (size_t i = 0; i < COUNT(rows); i++) {
		page.input = rows[i].input;
		shows(rows[i].sentence, rows[i].want);
		hides(rows[i].sentence, "<script>");
	}
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
	page.kind = PAGE_NOT_FOUND;
	for (size_t i = 0; i < COUNT(rows); i++) {
		page.path = rows[i].path;
		shows(rows[i].path, rows[i].want);
	}
}

static void
the_longest_page_fits(void **state)
{
	char phrase[REPLY_PHRASE_SIZE + 10] = "550 5.7.1 ";
	struct ban *ban = &standing.ban[0];
	struct text out;

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
	for (int i = 0; i < 2; i++) {
		page.language = i == 0 ? en : fr;
		render();
		assert_true(strlen(buf) < WEB_BODY_MAX / 2);
	}
	text_init(&out, buf, 1000);
	assert_false(page_render(&page, &out)); /* and not where it is cut */
}

#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PAGE_TEST(a_ban_is_told),
		PAGE_TEST(steps_are_told),
		PAGE_TEST(refs_are_found),
		PAGE_TEST(a_clear_address_is_told),
		PAGE_TEST(every_kind_in_every_language),
		PAGE_TEST(every_word_in_every_language),
		PAGE_TEST(a_network_is_named),
		PAGE_TEST(each_of_several_has_its_times),
		PAGE_TEST(hours_are_for_some_alone),
		PAGE_TEST(marks_keep_clear),
		PAGE_TEST(policies_are_told),
		PAGE_TEST(figures_are_told),
		PAGE_TEST(input_is_repeated_without_harm),
		PAGE_TEST(links_lead_back),
		PAGE_TEST(the_longest_page_fits),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
