#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "bounce/bounce.h"

enum {
	SAID_SIZE = 2048
};

/* "laposte LPN027_503 450 4.7.1 temporary": each find, "; " between them. */
static char *
said(const struct bounce *bounce, char buf[static SAID_SIZE])
{
	static const char *const outcomes[] = { "unsaid", "temporary",
		"final" };
	struct text text;

	text_init(&text, buf, SAID_SIZE);
	for (size_t i = 0; i < bounce->finds; i++) {
		const struct bounce_find *find = &bounce->find[i];
		const char *comma = "";

		text_add(&text, i > 0 ? "; " : "");
		for (enum bounce_provider j = 0; j < BOUNCE_PROVIDERS; j++) {
			if ((find->providers & bounce_bit(j)) != 0) {
				text_addf(&text, "%s%s", comma,
				    bounce_provider_name(j));
				comma = ",";
			}
		}
		text_addf(&text, "%s%s", find->own[0] ? " " : "", find->own);
		text_addf(&text, "%s%s", find->code[0] ? " " : "", find->code);
		text_addf(&text, "%s%s", find->enhanced[0] ? " " : "",
		    find->enhanced);
		text_addf(&text, " %s", outcomes[find->outcome]);
	}
	return buf;
}

static bool
decode(const char *text, struct bounce *out)
{
	return bounce_decode(text, strlen(text), out);
}

static void
the_forms_of_codes(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "laposte.net with a place and a reason", "LPN027_503",
		    "laposte LPN027_503 temporary" },
		{ "laposte.net with the reason alone", "LPN503",
		    "laposte LPN503 temporary" },
		{ "laposte.net with letters for the place", "LPNAAA_417",
		    "laposte LPNAAA_417 unsaid" },
		{ "Orange with a place and a reason", "OFR004_105",
		    "orange OFR004_105 temporary" },
		{ "Orange without a place, its reason once more",
		    "OFR_999 [999]", "orange OFR_999 temporary" },
		{ "Orange UK", "OUK_513", "orange OUK_513 unsaid" },
		{ "SFR", "SFR_IN_104", "sfr SFR_IN_104 temporary" },
		{ "SFR's first digit is internal", "SFR_IN_204",
		    "sfr SFR_IN_204 temporary" },
		{ "lower case, as typed by hand", "ofr_999 lpn007_405",
		    "orange OFR_999 temporary; laposte LPN007_405 temporary" },
		{ "a code and an enhanced code before it",
		    "450 4.7.1 Service refuse. LPN027_503",
		    "laposte LPN027_503 450 4.7.1 temporary" },
		{ "a code without an enhanced code",
		    "421 Trop de connexions. OFR004_104 [104]",
		    "orange OFR004_104 421 temporary" },
		{ "the SMTP code wins over what is usual",
		    "550 5.7.1 refuse LPN007_510",
		    "laposte LPN007_510 550 5.7.1 final" },
		{ "an enhanced code of another class is not of it",
		    "550 4.7.1 refuse OFR006_102",
		    "orange OFR006_102 550 final" },
		{ "the enhanced code alone, as a report has it",
		    "Status: 5.1.1 (LPN007_416)",
		    "laposte LPN007_416 5.1.1 final" },
		{ "text around, stops and brackets", "(host said:OFR_999.)",
		    "orange OFR_999 temporary" },
		{ "a log line of Postfix",
		    "Nov 21 10:00:00 mx postfix/smtp[421]: 4F2: to=<a@b.fr>, "
		    "relay=smtp.b.fr[192.0.2.9]:25, delay=450, "
		    "delays=0.1/0/450/2, dsn=4.7.1, status=deferred (host "
		    "smtp.b.fr[192.0.2.9] said: 450 4.7.1 Client host "
		    "rejected: Service refuse. LPN027_503 (in reply to RCPT "
		    "TO command))",
		    "laposte LPN027_503 450 4.7.1 temporary" },
		{ "two codes of two replies",
		    "421 x OFR_999 [999]\n550 5.1.1 y LPN007_416",
		    "orange OFR_999 421 temporary; laposte LPN007_416 550 "
		    "5.1.1 final" },
		{ "two codes of one reply", "450 4.7.1 LPN105_104 LPN003_109",
		    "laposte LPN105_104 450 4.7.1 temporary; laposte "
		    "LPN003_109 450 4.7.1 temporary" },
		{ "said twice in a report, folded the second time",
		    "<a@b.fr>: host b.fr said: 450 4.7.1 x LPN027_503\n\n"
		    "Status: 4.7.1\nDiagnostic-Code: smtp; 450 4.7.1\r\n"
		    "    x LPN027_503",
		    "laposte LPN027_503 450 4.7.1 temporary" },
		{ "a reply in two lines",
		    "550-5.7.1 no, we do not\r\n550 5.7.1 take it. OFR006_102",
		    "orange OFR006_102 550 5.7.1 final" },
		{ "an SMTP code far away is of something else",
		    "450 4.7.1 greylisted\n\nLPN007_416",
		    "laposte LPN007_416 final" },
		{ "a reason nobody tells of", "LPN007_777",
		    "laposte LPN007_777 unsaid" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;
		char buf[SAID_SIZE];

		(void)decode(rows[i].text, &bounce);
		check_text(rows[i].sentence, said(&bounce, buf), rows[i].want);
	}
}

static void
near_misses_are_nothing(void **state)
{
	static const char *const rows[] = {
		"",
		"LPN",
		"LPN12",
		"LPN1234",
		"LPN_1234",
		"LPN007_51",
		"LPN07_510",
		"LPN0007_510",
		"LPN007_510a",
		"LPN007_510_1",
		"XLPN007_510",
		"_LPN007_510",
		"LPN 007_510",
		"OFR_9999",
		"OFR_99",
		"OFR",
		"OFR_",
		"OUK_5x3",
		"SFR_IN_10",
		"SFR_IN_1044",
		"SFR_IN104",
		"SFR-IN-104",
		"SFR_OUT_104",
		"[999]",
		"450 4.7.1 try again later",
		"Too many spams/virus from your IPs",
		"Too many spam/virus from your IP",
		"Toomany errors from your IP",
		"Over quotas",
		"blocked until tomorrow",
		"blocked until 2026-13-21T18:05:42Z",
		"blocked until 2026-11-21T18:05:42",
		"[192.0.2.7], blocked until never",
		"https://p.example/?ip=192.0.2.7&ref=7K2M9Q",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;

		check_int(rows[i], decode(rows[i], &bounce), false);
		check_int(rows[i], (int64_t)bounce.finds, 0);
	}
}

static void
forms_without_a_known_reason(void **state)
{
	static const char *const rows[] = { "SFR_IN_999", "SFR_IN_106",
		"SFR_IN_100", "OFR_777", "LPN000_000", "OUK_404",
		"LPN007-510" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;

		check_int(rows[i], decode(rows[i], &bounce), false);
		check_int(rows[i], (int64_t)bounce.finds, 1);
		assert_null(bounce.find[0].meaning);
	}
}

static void
what_a_code_means(void **state)
{
	static const struct {
		const char *sentence, *own, *means;
	} rows[] = {
		{ "one numbering of two", "LPN100", "blocklist of Abusix" },
		{ "Orange's", "OFR_100", "blocklist of Abusix" },
		{ "Orange alone", "OFR006_102", "Cloudmark" },
		{ "Orange UK", "OUK_102", "Cloudmark" },
		{ "laposte.net alone", "LPN007_102", "SenderScore" },
		{ "any last digit, the lowest", "OFR_200", "HELO" },
		{ "any last digit, the highest", "OFR_209", "HELO" },
		{ "any last digit of others", "OFR_990", "earlier reply" },
		{ "SFR's first digit is any", "SFR_IN_101", "spam" },
		{ "SFR's, too", "SFR_IN_905", "messages sent" },
		{ "an old one", "OFR_418", "recipient's address is invalid" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;
		const struct bounce_meaning *meaning;

		check_int(rows[i].sentence, decode(rows[i].own, &bounce), true);
		check_int(rows[i].sentence, (int64_t)bounce.finds, 1);
		meaning = bounce.find[0].meaning;
		if (strstr(meaning->means, rows[i].means) == NULL) {
			fail_msg("%s: got \"%s\", want \"%s\" in it",
			    rows[i].sentence, meaning->means, rows[i].means);
		}
		check_int("only 418 is old", meaning->old,
		    strstr(rows[i].own, "418") != NULL);
	}
}

/* ---- the table ---- */

static void
the_shipped_table_is_whole(void **state)
{
	const struct bounce_table *table = bounce_table();

	(void)state;
	check_int("reasons", (int64_t)table->meanings, 58);
	check_int("phrases", (int64_t)table->phrases, 30);
	for (size_t i = 0; i < table->meanings; i++) {
		const struct bounce_meaning *meaning = &table->meaning[i];

		if (meaning->code[0] != '\0' &&
		    strchr(meaning->code, 'x') == NULL &&
		    bounce_meaning(meaning->providers, meaning->code) !=
			meaning) {
			fail_msg("%s stands behind one that hides it",
			    meaning->code);
		}
	}
}

static void
tables(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "nothing", "", "" },
		{ "a reason, its text on two lines",
		    "# x\n\nfree 100 final\nmeans\n a\ndo b\n c\n", "" },
		{ "a text that stands above",
		    "$a b\nsfr old\nphrase (free) c d\nmeans $a\ndo $a", "" },
		{ "a text that does not", "free\nmeans $a",
		    "2: no such text stands above" },
		{ "a field before any reason", "do a",
		    "1: a reason must come first" },
		{ "a provider there is not", "gmail 100",
		    "1: must be providers, the last three digits of a code, "
		    "temporary, final or old" },
		{ "no provider", "100 final", "1: a provider is missing" },
		{ "a phrase of nobody", "free\nphrase (x) a",
		    "2: there is no such provider" },
		{ "a phrase without words", "free\nphrase (free)",
		    "2: words are missing" },
		{ "a field without a text", "free\nmeans",
		    "2: a text is missing" },
		{ "half a reason, and another", "free\nmeans a\nsfr",
		    "3: the reason above this says not what it means or what "
		    "to do" },
		{ "half a reason at the end", "free\ndo a",
		    "2: the reason above this says not what it means or what "
		    "to do" },
		{ "other bytes than ASCII", "free\nmeans \303\251",
		    "2: it must be plain ASCII" },
	};
	struct bounce_table *table = malloc(sizeof(*table));

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char got[BOUNCE_ERROR_SIZE];

		(void)bounce_table_read(rows[i].text, table, got);
		check_text(rows[i].sentence, got, rows[i].want);
	}
	free(table);
}

static void
tables_without_end(void **state)
{
	static const struct {
		const char *head, *line, *want;
	} rows[] = {
		{ "", "free\nmeans a\ndo b\n", "too many reasons" },
		{ "free\n", "phrase a\n", "too many phrases" },
		{ "", "$a b\n", "too many texts" },
		{ "free\n", "means 1234567890123456789012345678901234567890\n",
		    "the table is too long" },
	};
	enum {
		LONG = 64 * 1024
	};
	struct bounce_table *table = malloc(sizeof(*table));
	char *text = malloc(LONG);

	(void)state;
	assert_non_null(table);
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char got[BOUNCE_ERROR_SIZE];
		struct text all;

		text_init(&all, text, LONG);
		text_add(&all, rows[i].head);
		while (!all.cut) {
			text_add(&all, rows[i].line);
		}
		check_int(
		    rows[i].want, bounce_table_read(text, table, got), false);
		check_text("it ends with", strstr(got, ": ") + 2, rows[i].want);
	}
	free(text);
	free(table);
}

static void
how_long_it_lasts(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		const char *lasts;
	} rows[] = {
		{ "OFR_999", 7200, "2 h" },
		{ "SFR_IN_101", 7200, "2 h" },
		{ "SFR_IN_105", 7200, "2 h" },
		{ "LPN027_503", 0, "a few hours" },
		{ "OFR_503", 0, NULL },
		{ "LPN007_510", 0, NULL },
		{ "Too many errors from your IP", 0,
		    "FranceServ: 2 h, 4 h, 8 h, 16 h, then 24 h" },
		{ "Too many spams/virus from your IP", 0,
		    "FranceServ: 3 h, 6 h, 12 h, then 24 h" },
		{ "421 4.7.0 mx.example Error: too many errors", 0,
		    "SFR: 2 h" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;
		const struct bounce_meaning *meaning;

		assert_true(decode(rows[i].text, &bounce));
		meaning = bounce.find[0].meaning;
		check_int(rows[i].text, meaning->seconds, rows[i].seconds);
		if (rows[i].lasts == NULL) {
			assert_null(meaning->lasts);
			continue;
		}
		assert_non_null(meaning->lasts);
		if (strncmp(meaning->lasts, rows[i].lasts,
			strlen(rows[i].lasts)) != 0) {
			fail_msg("%s: got %s", rows[i].text, meaning->lasts);
		}
	}
}

static void
phrases(void **state)
{
	static const struct {
		const char *sentence, *text, *want, *means;
	} rows[] = {
		{ "FranceServ and Free: spam",
		    "500 Too many spams/virus from your IP",
		    "franceserv,free 500 final", "spam, or a virus" },
		{ "logins", "530 Too many authentication errors from your IP",
		    "franceserv,free 530 final", "failed logins" },
		{ "errors", "550 5.7.1 Too many errors from your IP",
		    "franceserv,free 550 5.7.1 final", "too many errors" },
		{ "a soft step is temporary",
		    "450 4.7.1 Too many errors from your IP",
		    "franceserv,free 450 4.7.1 temporary", "too many errors" },
		{ "in any case", "TOO MANY ERRORS FROM YOUR IP",
		    "franceserv,free final", "too many errors" },
		{ "folded by a report",
		    "550 5.7.1 Too many\r\n    errors from\n\tyour IP (in "
		    "reply",
		    "franceserv,free 550 5.7.1 final", "too many errors" },
		{ "over quota", "552 5.2.2 Over quota",
		    "sfr,laposte 552 5.2.2 final", "full" },
		{ "an inactive mailbox",
		    "450 4.2.1 <a@laposte.net>: Recipient address rejected: "
		    "this mailbox is inactive and has been disabled",
		    "laposte 450 4.2.1 temporary", "inactive" },
		{ "a recipient laposte.net does not know",
		    "550 5.1.1 Adresse destinataire invalide. Invalid "
		    "recipient.",
		    "laposte 550 5.1.1 final", "recipient does not exist" },
		{ "DMARC",
		    "550 5.7.1 Emetteur refuse conformement a la politique "
		    "DMARC. Email rejected per DMARC policy.",
		    "laposte 550 5.7.1 final", "DMARC" },
		{ "laposte.net's invalid sender",
		    "450 4.1.8 Emetteur invalide. Invalid Sender.",
		    "laposte 450 4.1.8 temporary", "no MX" },
		{ "Orange's invalid sender",
		    "421 Emetteur invalide, Veuillez verifier la "
		    "configuration SPF/DNS de votre nom de domaine. Invalid "
		    "Sender. SPF check failed, please verify the SPF/DNS "
		    "configuration for your domain name.",
		    "orange 421 temporary", "SPF" },
		{ "whose invalid sender is not told", "Emetteur invalide",
		    "laposte,orange unsaid", "invalid" },
		{ "refused for now, the code cut off",
		    "421 Service refuse. Veuillez essayer plus tard. Service "
		    "refused, please try later.",
		    "laposte,orange 421 temporary", "refused for now" },
		{ "blocked by Orange for spam, the code cut off",
		    "550 Adresse IP source bloquee pour incident de spam. "
		    "Client host blocked for spamming issues.",
		    "orange 550 final", "Cloudmark" },
		{ "too many connections to Orange, the code cut off",
		    "421 Trop de connexions, veuillez verifier votre "
		    "configuration. Too many connections, slow down.",
		    "orange 421 temporary", "too many connections" },
		{ "Postfix's end of a session, which SFR means besides",
		    "421 4.7.0 mx.sfr.example Error: too many errors",
		    "sfr 421 4.7.0 temporary", "any Postfix" },
		{ "the same told shorter", "Too many errors 421 4.7.0",
		    "sfr temporary", "any Postfix" },
		{ "SFR, the code cut off",
		    "450 4.7.1 Service refused due to bad behavior - Virus "
		    "detected",
		    "sfr 450 4.7.1 temporary", "virus" },
		{ "SFR, more cut off",
		    "450 4.7.1 Service refused due to bad behavior",
		    "sfr 450 4.7.1 temporary", "would tell why" },
		{ "SFR's spam filter",
		    "550 5.7.1 Email rejected per SPAM "
		    "policy",
		    "sfr 550 5.7.1 final", "taken for spam" },
		{ "an unknown user",
		    "550 5.1.1 <a@b.fr>: Recipient address rejected: User "
		    "unknown in virtual mailbox table",
		    "franceserv,sfr 550 5.1.1 final", "any Postfix" },
		{ "a phrase beside its code says no more",
		    "450 4.7.1 Service refused due to bad behavior - Too "
		    "many SMTP errors SFR_IN_103",
		    "sfr SFR_IN_103 450 4.7.1 temporary", "SMTP errors" },
		{ "a code of another provider leaves it",
		    "Too many errors from your IP OFR_999",
		    "franceserv,free final; orange OFR_999 temporary",
		    "too many errors" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;
		char buf[SAID_SIZE];

		check_int(
		    rows[i].sentence, decode(rows[i].text, &bounce), true);
		check_text(rows[i].sentence, said(&bounce, buf), rows[i].want);
		if (strstr(bounce.find[0].meaning->means, rows[i].means) ==
		    NULL) {
			fail_msg("%s: got \"%s\"", rows[i].sentence,
			    bounce.find[0].meaning->means);
		}
	}
}

static void
what_videur_adds(void **state)
{
	static const struct {
		const char *sentence, *text, *who;
		int64_t ends;
		const char *ref, *want;
	} rows[] = {
		{ "address, end and ref",
		    "550 5.7.1 Too many errors from your IP [192.0.2.7], "
		    "blocked until 2026-11-21T18:05:42Z. See "
		    "https://p.example/?ip=192.0.2.7&ref=7K2M9Q",
		    "192.0.2.7", 1795284342, "7K2M9Q",
		    "franceserv,free 550 5.7.1 final" },
		{ "before the provider's code",
		    "450 4.7.1 Service refused due to bad behavior - Too many "
		    "unknown users [2001:db8::7], blocked until "
		    "2026-11-21T18:05:42Z. See "
		    "https://p.example/?ip=2001:db8::7&ref=7k2m9q SFR_IN_104",
		    "2001:db8::7", 1795284342, "7K2M9Q",
		    "sfr SFR_IN_104 450 4.7.1 temporary" },
		{ "folded by a report",
		    "550 5.7.1 Too many errors from your IP\n    "
		    "[192.0.2.7], blocked\n    until "
		    "2026-11-21T18:05:42Z. See\n    "
		    "https://p.example/?ip=192.0.2.7&ref=7K2M9Q (in reply",
		    "192.0.2.7", 1795284342, "7K2M9Q",
		    "franceserv,free 550 5.7.1 final" },
		{ "without a page",
		    "550 5.7.1 Too many errors from your IP [192.0.2.7], "
		    "blocked until 2026-11-21T18:05:42Z",
		    "192.0.2.7", 1795284342, "",
		    "franceserv,free 550 5.7.1 final" },
		{ "a limit, which has no end",
		    "421 Too many connections, slow down. [192.0.2.7]. See "
		    "https://p.example/?ip=192.0.2.7 OFR004_104 [104]",
		    "192.0.2.7", 0, "", "orange OFR004_104 421 temporary" },
		{ "a ban by hand",
		    "550 5.7.1 Blocked by the administrator [192.0.2.7], "
		    "blocked until 2026-11-21T18:05:42Z",
		    "192.0.2.7", 1795284342, "", "videur 550 5.7.1 final" },
		{ "a policy of the host's own",
		    "550 5.7.1 Go away [192.0.2.7], blocked until "
		    "2026-11-21T18:05:42Z. See "
		    "https://p.example/?ip=192.0.2.7&ref=7K2M9Q",
		    "192.0.2.7", 1795284342, "7K2M9Q",
		    "videur 550 5.7.1 final" },
		{ "the other server's address is not the client's",
		    "host mx.example [198.51.100.1] said: LPN027_503", "", 0,
		    "", "laposte LPN027_503 temporary" },
		{ "a ref in a page of somebody else",
		    "450 4.7.1 x https://x.example/?ref=7K2M9Q LPN027_503", "",
		    0, "", "laposte LPN027_503 450 4.7.1 temporary" },
		{ "no address between the brackets",
		    "550 5.7.1 Too many errors from your IP [192.0.2.777]", "",
		    0, "", "franceserv,free 550 5.7.1 final" },
		{ "letters that no ref has",
		    "550 Too many errors from your IP [192.0.2.7]. See "
		    "https://p.example/?ref=7K2MIL",
		    "192.0.2.7", 0, "", "franceserv,free 550 final" },
		{ "a ref that is too long",
		    "550 Too many errors from your IP [192.0.2.7]. See "
		    "https://p.example/?ref=7K2M9QA",
		    "192.0.2.7", 0, "", "franceserv,free 550 final" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char who[ADDR_TEXT_SIZE] = "";
		struct bounce bounce;
		char buf[SAID_SIZE];

		assert_true(decode(rows[i].text, &bounce));
		check_text(rows[i].sentence, said(&bounce, buf), rows[i].want);
		if (bounce.find[0].has_address) {
			addr_format(&bounce.find[0].address, who);
		}
		check_text(rows[i].sentence, who, rows[i].who);
		check_int(rows[i].sentence, bounce.find[0].ends, rows[i].ends);
		check_text(rows[i].sentence, bounce.find[0].ref, rows[i].ref);
	}
}

static void
two_bans_are_not_mixed_up(void **state)
{
	struct bounce bounce;
	char who[ADDR_TEXT_SIZE];

	(void)state;
	assert_true(decode("550 5.7.1 Too many errors from your IP "
			   "[192.0.2.7], blocked until 2026-11-21T18:05:42Z\n"
			   "550 5.7.1 Too many errors from your IP "
			   "[192.0.2.8], blocked until 2026-11-21T18:05:43Z\n",
	    &bounce));
	check_int("two clients are two finds", (int64_t)bounce.finds, 2);
	check_text("the first", addr_format(&bounce.find[0].address, who),
	    "192.0.2.7");
	check_text("the second", addr_format(&bounce.find[1].address, who),
	    "192.0.2.8");
	check_int("its end", bounce.find[1].ends, 1795284343);
}

static void
much_is_bounded(void **state)
{
	enum {
		LONG = 4 * 1024 * 1024
	};
	char *text = malloc(LONG);
	struct bounce bounce;
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', LONG);
	memcpy(text + LONG - 10, "LPN007_416", 10);
	assert_true(bounce_decode(text, LONG, &bounce));
	check_int("behind much else it is found", (int64_t)bounce.finds, 1);
	for (size_t i = 0; i + 4 <= LONG; i += 4) {
		memcpy(text + i, "Too ", 4);
	}
	check_int(
	    "no phrase is finished", bounce_decode(text, LONG, &bounce), false);
	for (int i = 0; i < BOUNCE_FINDS_MAX + 1; i++) {
		len += (size_t)snprintf(
		    text + len, LONG - len, "LPN%03d_416 ", i);
	}
	assert_true(bounce_decode(text, len, &bounce));
	check_int("no more than fit", (int64_t)bounce.finds, BOUNCE_FINDS_MAX);
	check_int("and that is said", bounce.more, true);
	assert_true(bounce_decode("a\0LPN007_416\0\377", 14, &bounce));
	check_int("NUL is a byte like others", (int64_t)bounce.finds, 1);
	assert_false(bounce_decode("LPN007_416", 9, &bounce));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_of_codes),
		cmocka_unit_test(near_misses_are_nothing),
		cmocka_unit_test(forms_without_a_known_reason),
		cmocka_unit_test(what_a_code_means),
		cmocka_unit_test(the_shipped_table_is_whole),
		cmocka_unit_test(tables),
		cmocka_unit_test(tables_without_end),
		cmocka_unit_test(how_long_it_lasts),
		cmocka_unit_test(phrases),
		cmocka_unit_test(what_videur_adds),
		cmocka_unit_test(two_bans_are_not_mixed_up),
		cmocka_unit_test(much_is_bounded),
	};

	return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
