#include "check.h"

#include <stdlib.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/answer.h"
#include "web/page.h"

#define NOW  INT64_C(1795284342) /* 2026-11-21T18:05:42Z */
#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

static struct conf *conf;
static char *buf;

static int
setup(void **state)
{
	struct rule *rule;

	(void)state;
	conf = calloc(1, sizeof(*conf));
	buf = malloc(ANSWER_SIZE_MAX);
	if (conf == NULL || buf == NULL) {
		return -1;
	}
	rule = &conf->policy.rule[conf->policy.rules++];
	(void)text_copy(rule->name, sizeof(rule->name), "dictionary");
	rule->kinds = kind_bit(KIND_RECIPIENT) | kind_bit(KIND_PROBE);
	rule->steps = 5;
	(void)text_copy(
	    conf->contact, sizeof(conf->contact), "postmaster@example.fr");
	(void)text_copy(conf->lookup_url, sizeof(conf->lookup_url),
	    "https://postmaster.example.fr/");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
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

static struct page_view
view_of(const struct standing *standing, enum language language)
{
	return (struct page_view){ .kind = PAGE_ANSWER,
		.language = language,
		.conf = conf,
		.path = "/",
		.standing = standing };
}

static void
must_render(const struct page_view *view)
{
	struct text out;

	text_init(&out, buf, ANSWER_SIZE_MAX);
	if (!page_render(view, &out)) {
		fail_msg("page of kind %d in %s does not render",
		    (int)view->kind, language_tag(view->language));
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
		    "21 November 2026, 20:05:42 UTC <small>(<time "
		    "datetime=\"2026-11-21T20:05:42Z\">2026-11-21T20:05:42Z<" },
		{ "its end in French", LANGUAGE_FR,
		    "21 novembre 2026 à 20:05:42 UTC" },
		{ "its begin", LANGUAGE_EN, "21 November 2026, 16:05:42 UTC" },
		{ "the time left", LANGUAGE_EN, "2 h left" },
		{ "the time left in French", LANGUAGE_FR, "encore 2 h" },
		{ "the step", LANGUAGE_EN, "step 2 of 5" },
		{ "the step in French", LANGUAGE_FR, "étape 2 sur 5" },
		{ "the ref", LANGUAGE_EN, "<code>7K2M9Q</code>" },
		{ "the reason in words", LANGUAGE_EN,
		    "Too many errors in the mail sessions of this address" },
		{ "what the rule counts", LANGUAGE_EN,
		    "<dd>recipients that do not exist</dd>" },
		{ "and all it counts", LANGUAGE_FR,
		    "<dd>vérifications d’expéditeur par rappel</dd>" },
		{ "what is refused", LANGUAGE_EN,
		    "Mail for recipients of this host" },
		{ "what to do", LANGUAGE_EN, "not an open relay" },
		{ "what to do in French", LANGUAGE_FR, "un relais ouvert" },
		{ "whom to write to", LANGUAGE_EN,
		    "<a href=\"mailto:postmaster@example.fr\">" },
		{ "the other language", LANGUAGE_EN,
		    "<a href=\"./?ip=192.0.2.7&amp;lang=fr\" lang=\"fr\"" },
		{ "that it ends by itself", LANGUAGE_EN, "ends by itself" },
	};
	const struct standing standing = banned_standing();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct page_view view = view_of(
		    &standing, rows[i].language);

		must_render(&view);
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
		{ "the first", "dictionary", 1, "<dd>step 1 of 5</dd>",
		    "<dd>étape 1 sur 5</dd>" },
		{ "the last", "dictionary", 5, "<dd>step 5 of 5</dd>",
		    "<dd>étape 5 sur 5</dd>" },
		{ "one beyond the last", "dictionary", 7,
		    "<dd>number 7: step 5 of 5</dd>",
		    "<dd>7<sup>e</sup> blocage&nbsp;: étape 5 sur 5</dd>" },
		{ "of a rule that is gone", "old", 3, "<dd>step 3</dd>",
		    "<dd>étape 3</dd>" },
		{ "by hand there is none", BAN_RULE_MANUAL, 0,
		    "<h2>Blocked by the administrator</h2>",
		    "<h2>Bloquée par l’administrateur</h2>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct standing standing = banned_standing();
		struct page_view view = view_of(&standing, LANGUAGE_EN);

		(void)text_copy(
		    standing.ban[0].rule, BAN_RULE_SIZE, rows[i].rule);
		standing.ban[0].step = rows[i].step;
		must_render(&view);
		must_say(rows[i].sentence, rows[i].english);
		view.language = LANGUAGE_FR;
		must_render(&view);
		must_say(rows[i].sentence, rows[i].french);
		if (rows[i].step == 0) {
			must_not_say(rows[i].sentence, "étape");
			must_not_say(rows[i].sentence, "fin de lui-même");
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
		struct page_view view = view_of(&standing, LANGUAGE_EN);

		view.ref = rows[i].ref;
		must_render(&view);
		(rows[i].want == asked ? must_say : must_not_say)(
		    rows[i].sentence, asked);
		(rows[i].want == gone ? must_say : must_not_say)(
		    rows[i].sentence, gone);
		must_not_say(rows[i].sentence, "<script");
		must_not_say(rows[i].sentence, "<b>");
		must_say(rows[i].sentence, "192.0.2.7 is listed");
	}
}

static void
a_ref_like_another_is_read(void **state)
{
	struct standing standing = banned_standing();
	struct page_view view = view_of(&standing, LANGUAGE_EN);

	(void)state;
	(void)text_copy(standing.ban[0].ref, BAN_REF_SIZE, "101ABC");
	view.ref = "iolabc";
	must_render(&view);
	must_say("I and L are 1, O is 0", "your refusal spoke of");
}

static void
a_clear_address_is_told(void **state)
{
	const struct standing standing = clear_standing("2001:db8::7");
	struct page_view view = view_of(&standing, LANGUAGE_EN);

	(void)state;
	must_render(&view);
	must_say("the verdict", "<h1>2001:db8::7 is not listed</h1>");
	must_not_say("nothing to be told", "class=\"ban");
	view.ref = "7K2M9Q";
	view.own = true;
	view.counted = true;
	view.v4 = 12;
	view.v6 = 3;
	must_render(&view);
	must_say("the ended ban", "<code>7K2M9Q</code> has ended");
	must_say("whose it is", "the address you are visiting from");
	must_say("the numbers",
	    "There are currently 12 IPv4 and 3 IPv6 addresses listed.");
	view.language = LANGUAGE_FR;
	must_render(&view);
	must_say("the numbers in French", "12 en IPv4 et 3 en IPv6");
}

static void
allowed_is_told_as_clear(void **state)
{
	struct standing standing = clear_standing("192.0.2.7");
	const struct page_view view = view_of(&standing, LANGUAGE_EN);

	(void)state;
	standing.verdict = STANDING_ALLOWED;
	must_render(&view);
	must_say("the verdict", "<h1>192.0.2.7 is not listed</h1>");
}

static void
every_kind_in_every_language(void **state)
{
	const struct standing standing = clear_standing("192.0.2.7");

	(void)state;
	for (int kind = 0; kind < PAGE_KIND_COUNT; kind++) {
		for (int i = 0; i < LANGUAGE_COUNT; i++) {
			struct page_view view = view_of(NULL, (enum language)i);

			view.kind = (enum page_kind)kind;
			if (view.kind == PAGE_ANSWER) {
				view.standing = &standing;
			}
			must_render(&view);
			must_say("there is a form", "<form");
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
		const struct page_view view = view_of(
		    &standing, (enum language)(n % LANGUAGE_COUNT));

		ban->reason = (enum reason)(n / LANGUAGE_COUNT % REASON_COUNT);
		ban->service = (enum service)(
		    n / LANGUAGE_COUNT % SERVICE_COUNT);
		ban->ends = NOW + n / LANGUAGE_COUNT * month;
		must_render(&view);
	}
	ban->ends = NOW + 10 * DAY; /* the first of December */
	const struct page_view view = view_of(&standing, LANGUAGE_FR);
	must_render(&view);
	must_say("the first in French", "1<sup>er</sup> décembre 2026");
	must_say("days in French", "encore 10 j");
}

static void
a_network_is_named(void **state)
{
	struct standing standing = banned_standing();
	const struct page_view view = view_of(&standing, LANGUAGE_EN);

	(void)state;
	must_render(&view);
	must_not_say("no network", "Applies to");
	assert_true(net_parse("192.0.2.0/24", &standing.ban[0].who));
	must_render(&view);
	must_say("the network", "<dd>192.0.2.0/24</dd>");
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
		struct page_view view = view_of(NULL, LANGUAGE_EN);

		view.kind = PAGE_NO_ADDRESS;
		view.input = rows[i].input;
		must_render(&view);
		must_say(rows[i].sentence, rows[i].want);
		must_not_say(rows[i].sentence, "<script");
	}
}

static void
slots_are_not_templates(void **state)
{
	struct page_view view = view_of(NULL, LANGUAGE_EN);
	struct text out;

	(void)state;
	view.kind = PAGE_NO_ADDRESS;
	view.input = "{{contact}}{{#";
	text_init(&out, buf, ANSWER_SIZE_MAX);
	assert_true(page_render(&view, &out));
	must_say("it stands there as it came", "value=\"{{contact}}{{#\"");
}

static void
links_lead_back(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "/", "href=\"./style.css\"" },
		{ "/a", "href=\"./style.css\"" },
		{ "/a/", "href=\"./../style.css\"" },
		{ "/a/b/c", "href=\"./../../style.css\"" },
		{ "", "href=\"./style.css\"" },
		{ "*", "href=\"./style.css\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct page_view view = view_of(NULL, LANGUAGE_EN);

		view.kind = PAGE_NOT_FOUND;
		view.path = rows[i].path;
		must_render(&view);
		must_say(rows[i].path, rows[i].want);
	}
}

static void
a_wished_language_is_kept(void **state)
{
	struct page_view view = view_of(NULL, LANGUAGE_FR);

	(void)state;
	view.kind = PAGE_FORM;
	must_render(&view);
	must_not_say("not wished for", "type=\"hidden\"");
	view.language_asked = true;
	must_render(&view);
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
		const struct page_view view = view_of(
		    &standing, (enum language)i);

		must_render(&view);
		assert_true(strlen(buf) < ANSWER_SIZE_MAX / 2);
	}
}

static void
a_page_that_does_not_fit_is_refused(void **state)
{
	const struct standing standing = banned_standing();
	const struct page_view view = view_of(&standing, LANGUAGE_EN);
	struct text out;

	(void)state;
	text_init(&out, buf, 1000);
	assert_false(page_render(&view, &out));
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
		PAGE_TEST(input_is_repeated_without_harm),
		PAGE_TEST(slots_are_not_templates),
		PAGE_TEST(links_lead_back),
		PAGE_TEST(a_wished_language_is_kept),
		PAGE_TEST(the_longest_page_fits),
		PAGE_TEST(a_page_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
