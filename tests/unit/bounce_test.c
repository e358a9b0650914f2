#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "bounce/bounce.h"

enum {
	SAID_SIZE = 2048
};

/* "laposte LPN027_503 450 4.7.1 temporary [IP] until TIME ref REF": each find,
 * "; " between them. */
static char *
said(const struct bounce *bounce, char buf[static SAID_SIZE])
{
	static const char *const outcomes[] = { "unsaid", "temporary",
		"final" };
	struct text text;

	text_init(&text, buf, SAID_SIZE);
	for (size_t i = 0; i < bounce->finds; i++) {
		const struct bounce_find *find = &bounce->find[i];
		const char *comma = i > 0 ? "; " : "";
		char who[ADDR_TEXT_SIZE];
		char until[TIME_TEXT_SIZE];

		for (enum bounce_provider j = 0; j < BOUNCE_PROVIDERS; j++) {
			if ((find->providers & bounce_bit(j)) != 0) {
				text_addf(&text, "%s%s", comma,
				    bounce_providers[j].name);
				comma = ",";
			}
		}
		text_addf(&text, "%s%s", find->own[0] ? " " : "", find->own);
		text_addf(&text, "%s%s", find->code[0] ? " " : "", find->code);
		text_addf(&text, "%s%s", find->enhanced[0] ? " " : "",
		    find->enhanced);
		text_addf(&text, " %s", outcomes[find->outcome]);
		if (find->has_address) {
			text_addf(
			    &text, " [%s]", addr_format(&find->address, who));
		}
		if (find->ends != 0) {
			text_addf(&text, " until %s",
			    text_from_time(find->ends, until));
		}
		text_addf(
		    &text, "%s%s", find->ref[0] ? " ref " : "", find->ref);
	}
	return buf;
}

static bool
decode(const char *text, struct bounce *out)
{
	return bounce_decode(text, strlen(text), out);
}

/* Rows of tests/data/bounces.lines: "# sentence", text, "=> want". */
static void
what_is_found(void **state)
{
	char why[FILE_WHY_SIZE];
	char *rows = file_read(
	    "tests/data/bounces.lines", 256 * 1024, NULL, why);
	char *rest = rows;
	const char *sentence = "";
	char bytes[4096];
	struct text text;
	size_t count = 0;

	(void)state;
	assert_non_null(rows);
	text_init(&text, bytes, sizeof(bytes));
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *want = text_after(line, "=> ");
		char *cr = strstr(line, "\\r");
		struct bounce bounce;
		char buf[SAID_SIZE];

		if (want != NULL) {
			(void)bounce_decode(bytes, text.len, &bounce);
			check_text(sentence, said(&bounce, buf), want);
			count++;
		} else if (text_after(line, "# ") != NULL) {
			sentence = line + 2;
			text_init(&text, bytes, sizeof(bytes));
		} else {
			text_addf(&text, "%s%.*s%s", text.len > 0 ? "\n" : "",
			    (int)(cr != NULL ? cr - line : 9999), line,
			    cr != NULL ? "\r" : "");
		}
		assert_false(text.cut);
	}
	assert_true(count > 40);
	free(rows);
}

static void
near_misses_are_nothing(void **state)
{
	static const char *const rows[] = { "", "LPN", "LPN12", "LPN1234",
		"LPN_1234", "LPN007_51", "LPN07_510", "LPN0007_510",
		"LPN007_510a", "LPN007_510_1", "XLPN007_510", "_LPN007_510",
		"LPN 007_510", "OFR_9999", "OFR_99", "OFR", "OFR_", "OUK_5x3",
		"SFR_IN_10", "SFR_IN_1044", "SFR_IN104", "SFR-IN-104",
		"SFR_OUT_104", "[999]", "450 4.7.1 try again later",
		"Too many spams/virus from your IPs",
		"Too many spam/virus from your IP",
		"Toomany errors from your IP", "Over quotas",
		"blocked until tomorrow", "blocked until 2026-13-21T18:05:42Z",
		"blocked until 2026-11-21T18:05:42",
		"[192.0.2.7], blocked until never",
		"https://p.example/?ip=192.0.2.7&ref=7K2M9Q" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;

		check_int(rows[i], decode(rows[i], &bounce), false);
		check_int(rows[i], (int64_t)bounce.finds, 0);
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
		{ "a host's own phrase in videur's form",
		    "Go away, blocked until 2026-11-21T18:05:42Z",
		    "for what it did" },
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
	check_int("reasons", (int64_t)table->meanings, 61);
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
	for (size_t i = 0; i < table->phrases; i++) {
		const struct bounce_phrase *phrase = &table->phrase[i];
		struct bounce bounce;

		check_int(phrase->text, decode(phrase->text, &bounce), true);
		check_int(phrase->text, (int64_t)bounce.finds, 1);
		if (bounce.find[0].meaning != phrase->meaning) {
			fail_msg("%s: another reason", phrase->text);
		}
	}
}

static void
how_long_it_lasts(void **state)
{
	static const struct {
		const char *text, *lasts;
		int64_t seconds;
	} rows[] = {
		{ "OFR_999", "2 h", 7200 },
		{ "LPN027_503", "a few hours", 0 },
		{ "OFR_503", "not known", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bounce bounce;
		const struct bounce_meaning *meaning;

		assert_true(decode(rows[i].text, &bounce));
		meaning = bounce.find[0].meaning;
		check_int(rows[i].text, meaning->seconds, rows[i].seconds);
		check_text(rows[i].text,
		    meaning->lasts[0] != '\0' ? meaning->lasts : "not known",
		    rows[i].lasts);
	}
}

static void
much_is_bounded(void **state)
{
	enum {
		LONG = 1024 * 1024
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
		cmocka_unit_test(what_is_found),
		cmocka_unit_test(near_misses_are_nothing),
		cmocka_unit_test(what_a_code_means),
		cmocka_unit_test(the_shipped_table_is_whole),
		cmocka_unit_test(how_long_it_lasts),
		cmocka_unit_test(much_is_bounded),
	};

	return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
