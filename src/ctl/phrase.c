#include "ctl/phrase.h"

#include <stdbool.h>
#include <string.h>

#include "ctl/allow.h"
#include "ctl/brake.h"
#include "ctl/change.h"
#include "ctl/codes.h"
#include "ctl/decode.h"
#include "ctl/doctor.h"
#include "ctl/explain.h"
#include "ctl/look.h"
#include "ctl/replay.h"
#include "ctl/report.h"
#include "ctl/rules.h"
#include "ctl/status.h"

enum {
	ALL = 1U << OPTION_ALL,
	AT = 1U << OPTION_AT,
	COMPARE = 1U << OPTION_COMPARE,
	CSV = 1U << OPTION_CSV,
	DETAIL = 1U << OPTION_DETAIL,
	FIX = 1U << OPTION_FIX,
	FOR = 1U << OPTION_FOR,
	JSON = 1U << OPTION_JSON,
	MISTAKE = 1U << OPTION_MISTAKE,
	NOTE = 1U << OPTION_NOTE,
	POLICY = 1U << OPTION_POLICY,
	POSTFIX = 1U << OPTION_POSTFIX,
	REASON = 1U << OPTION_REASON,
	UNMATCHED = 1U << OPTION_UNMATCHED
};

/* clang-format off */
static const struct phrase phrases[] = {
	{ { "status" }, "[--json|--csv]",
	  "what is banned, counted and alive",
	  { { ARGUMENT_END }, JSON | CSV },
	  NULL, STORE_READ, status_show },
	{ { "list" }, "[--reason R] [--all] [--json|--csv]",
	  "who is banned, the last-ending first",
	  { { ARGUMENT_END }, REASON | ALL | JSON | CSV },
	  NULL, STORE_READ, look_list },
	{ { "check" }, "IP [--json|--csv]",
	  "whether an address is banned now",
	  { { ARGUMENT_ADDRESS }, JSON | CSV },
	  NULL, STORE_READ, look_check },
	{ { "explain" }, "IP [--json|--csv]",
	  "the whole story of an address",
	  { { ARGUMENT_ADDRESS }, JSON | CSV },
	  NULL, STORE_READ, explain_address },
	{ { "ban" }, "IP|NET DURATION [--reason R] [--note T]",
	  "ban by hand",
	  { { ARGUMENT_WHO, ARGUMENT_DURATION }, REASON | NOTE },
	  change_ban_check, STORE_WRITE, change_ban },
	{ { "clear" }, "IP|NET|all [--reason R] [--note T] [--mistake]",
	  "lift bans and count anew",
	  { { ARGUMENT_WHOM }, REASON | NOTE | MISTAKE },
	  NULL, STORE_WRITE, change_clear },
	{ { "allow" }, "[list] [--json|--csv]",
	  "which networks are never refused",
	  { { ARGUMENT_END }, JSON | CSV },
	  NULL, STORE_READ, allow_list },
	{ { "allow", "list" }, NULL, NULL,
	  { { ARGUMENT_END }, JSON | CSV },
	  NULL, STORE_READ, allow_list },
	{ { "allow", "add" }, "NET [--note T] [--for DURATION]",
	  "never refuse a network, and lift its bans",
	  { { ARGUMENT_WHO }, NOTE | FOR },
	  NULL, STORE_WRITE, allow_add },
	{ { "allow", "remove" }, "NET",
	  "refuse it again where it earns it",
	  { { ARGUMENT_WHO }, 0 },
	  NULL, STORE_WRITE, allow_remove },
	{ { "report" }, "KIND IP [--at TIME] [--detail T]",
	  "count something that an address did",
	  { { ARGUMENT_KIND, ARGUMENT_ADDRESS }, AT | DETAIL },
	  NULL, STORE_WRITE, report_one },
	{ { "report", "-" }, "",
	  "the same, lines of KIND IP [--at TIME] from standard input",
	  { { ARGUMENT_END }, 0 },
	  report_lines_check, STORE_WRITE, report_lines },
	{ { "brake" }, "[--json|--csv]",
	  "whether new bans of clients in good standing are held back",
	  { { ARGUMENT_END }, JSON | CSV },
	  NULL, STORE_READ, brake_show },
	{ { "brake", "release" }, "[--note T] [--json|--csv]",
	  "let them begin again",
	  { { ARGUMENT_END }, NOTE | JSON | CSV },
	  NULL, STORE_WRITE, brake_release },
	{ { "rules" }, "[list] [--json|--csv]",
	  "how log lines are understood",
	  { { ARGUMENT_END }, JSON | CSV },
	  NULL, STORE_SCRATCH, rules_list },
	{ { "rules", "list" }, NULL, NULL,
	  { { ARGUMENT_END }, JSON | CSV },
	  NULL, STORE_SCRATCH, rules_list },
	{ { "rules", "test" }, "[--unmatched] [--json|--csv] FILE...",
	  "what the rules find in a log (\"-\": standard input; .gz too)",
	  { { ARGUMENT_FILES }, UNMATCHED | JSON | CSV },
	  NULL, STORE_SCRATCH, rules_test },
	{ { "replay" }, "[--policy P | --compare P Q] [--json|--csv] FILE...",
	  "who would have been banned, from old logs",
	  { { ARGUMENT_FILES }, POLICY | COMPARE | JSON | CSV },
	  replay_check, STORE_SCRATCH, replay_logs },
	{ { "doctor" }, "[--fix] [--postfix DIR] [--json|--csv]",
	  "what is wrong with this host, and the line that mends it",
	  { { ARGUMENT_END }, FIX | POSTFIX | JSON | CSV },
	  doctor_check, STORE_SCRATCH, doctor_run },
	{ { "codes" }, "[--policy P] [--json|--csv]",
	  "what the policy says to clients, and when",
	  { { ARGUMENT_END }, POLICY | JSON | CSV },
	  NULL, STORE_SCRATCH, codes_show },
	{ { "decode" }, "[--json|--csv] TEXT...",
	  "what a refusal by a provider means (\"-\": lines of standard input)",
	  { { ARGUMENT_TEXT }, JSON | CSV },
	  NULL, STORE_SCRATCH, decode_text },
};
/* clang-format on */

enum {
	PHRASES = sizeof(phrases) / sizeof(phrases[0])
};

size_t
phrase_length(const struct phrase *phrase)
{
	size_t len = 0;

	while (len < PHRASE_WORDS_MAX && phrase->word[len] != NULL) {
		len++;
	}
	return len;
}

static bool
begins_with(const struct args_words *words, const struct phrase *phrase)
{
	size_t len = phrase_length(phrase);

	if (words->words < len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (strcmp(words->word[i], phrase->word[i]) != 0) {
			return false;
		}
	}
	return true;
}

const struct phrase *
phrase_find(const struct args_words *words)
{
	const struct phrase *best = NULL;

	for (size_t i = 0; i < PHRASES; i++) {
		if (begins_with(words, &phrases[i]) &&
		    (best == NULL ||
			phrase_length(&phrases[i]) > phrase_length(best))) {
			best = &phrases[i];
		}
	}
	return best;
}

/* "videur allow add NET ..." */
static void
put_usage(FILE *to, const struct phrase *phrase)
{
	fputs("videur", to);
	for (size_t i = 0; i < phrase_length(phrase); i++) {
		fprintf(to, " %s", phrase->word[i]);
	}
	if (phrase->usage[0] != '\0') {
		fprintf(to, " %s", phrase->usage);
	}
}

/* One without usage is another way of writing the one before it. */
static const struct phrase *
main_form(const struct phrase *phrase)
{
	while (phrase->usage == NULL) {
		phrase--;
	}
	return phrase;
}

void
phrase_usage(FILE *to, const struct phrase *phrase)
{
	for (size_t i = 0; i < PHRASES; i++) {
		bool wanted = phrase_length(phrase) > 1
				  ? &phrases[i] == main_form(phrase)
				  : strcmp(phrases[i].word[0],
					phrase->word[0]) == 0;

		if (!wanted || phrases[i].usage == NULL) {
			continue;
		}
		fputs("usage: ", to);
		put_usage(to, &phrases[i]);
		putc('\n', to);
	}
}

void
phrase_help(FILE *to)
{
	fputs("usage: videur [-c FILE] [-V] [-h] VERB ...\n\n", to);
	for (size_t i = 0; i < PHRASES; i++) {
		if (phrases[i].usage == NULL) {
			continue;
		}
		fputs("  ", to);
		put_usage(to, &phrases[i]);
		fprintf(to, "\n      %s\n", phrases[i].help);
	}
	fputs("\nDurations are 90s 10m 2h 7d, times 2026-11-21T18:05:42Z or "
	      "@SECONDS.\n",
	    to);
}
