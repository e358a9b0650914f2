#include "ctl/args.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"

static const struct argument_kind {
	const char *name;  /* where it is missing */
	const char *wrong; /* what is said of a word that is none */
} arguments[] = {
	[ARGUMENT_ADDRESS] = { "IP", "is not an IP address and not a ref" },
	[ARGUMENT_WHO] = { "IP or NET",
	    "is neither an IP address nor a network nor a ref" },
	[ARGUMENT_ASKED] = { "IP",
	    "is not an IP address, not a ref and not the name of a host" },
	[ARGUMENT_AMONG] = { "IP or NET",
	    "is not an IP address, a network, a ref or the name of a host" },
	[ARGUMENT_WHOM] = { "IP, NET or all",
	    "is no IP address, no network, no ref and not \"all\"" },
	[ARGUMENT_DURATION] = { "DURATION",
	    "is not a duration (90s, 10m, 2h, 7d, 2w, 1y, forever)" },
	[ARGUMENT_KIND] = { "KIND",
	    "is not a kind (spam, virus, complaint, auth, recipient, sender, "
	    "helo, command, disconnect, probe, greylist, relay, volume)" },
	[ARGUMENT_FILE] = { "FILE", "is not a path" },
	[ARGUMENT_FILES] = { "FILE", NULL },
	[ARGUMENT_TEXT] = { "TEXT", NULL },
	[ARGUMENT_FORM] = { "FORM", NULL },
	[ARGUMENT_DETAIL] = { NULL,
	    "is not a detail: only printable ASCII, at most 200 bytes" },
	[ARGUMENT_FORMAT] = { NULL, "is not a format (csv, json, arf)" },
	[ARGUMENT_JAILS] = { NULL,
	    "is not NAME=REASON, or several with commas between them" },
	[ARGUMENT_HOST] = { NULL, "is not the name of a host" },
	[ARGUMENT_MAIL] = { NULL, "is not a mail address" },
	[ARGUMENT_NOTE] = { NULL,
	    "is not a note: only printable UTF-8, in one line of at most 200 "
	    "bytes" },
	[ARGUMENT_NUMBER] = { NULL, "is not a number from 1 on" },
	[ARGUMENT_PEER] = { NULL, "is not the name of a host" },
	[ARGUMENT_POLICY] = { NULL,
	    "is not the name of a policy (1 to 32 of a-z, 0-9 and '-')" },
	[ARGUMENT_REASON] = { NULL,
	    "is not a reason (spam, virus, auth, error, recipient, volume)" },
	[ARGUMENT_RULE] = { NULL, "is not the name of a rule" },
	[ARGUMENT_SERVICE] = { NULL, "is not a service (any, mx, submission)" },
	[ARGUMENT_SINCE] = { NULL,
	    "is neither a time (2026-11-21T18:05:42Z or @SECONDS) nor a "
	    "duration (2h: two hours ago)" },
	[ARGUMENT_SORT] = { NULL,
	    "is nothing to sort by (ends, begins, address, reason, rule, step, "
	    "hits)" },
	[ARGUMENT_TIME] = { NULL,
	    "is not a time (2026-11-21T18:05:42Z or @SECONDS)" },
};

/* clang-format off */
const struct option_kind args_options[OPTION_COUNT] = {
	[OPTION_ALL] = { "--all", 0, ARGUMENT_END, NULL,
	    "also what is over, cleared or a mistake" },
	[OPTION_AT] = { "--at", 0, ARGUMENT_TIME, "TIME", "when it happened" },
	[OPTION_BANS] = { "--bans", 0, ARGUMENT_END, NULL, "only bans" },
	[OPTION_CHANGES] = { "--changes", 0, ARGUMENT_END, NULL,
	    "only changes by hand" },
	[OPTION_COMPARE] = { "--compare", 0, ARGUMENT_POLICY, "P Q",
	    "two policies side by side" },
	[OPTION_CONFIG] = { "--config", 0, ARGUMENT_FILE, "DIR",
	    "where the configuration of Postfix is" },
	[OPTION_CSV] = { "--csv", 0, ARGUMENT_END, NULL, "print CSV" },
	[OPTION_DAYS] = { "--days", 0, ARGUMENT_NUMBER, "N",
	    "so many days, today's the last" },
	[OPTION_DETAIL] = { "--detail", 0, ARGUMENT_DETAIL, "T",
	    "a text to keep with it" },
	[OPTION_DRY_RUN] = { "--dry-run", 0, ARGUMENT_END, NULL,
	    "only say what would be done" },
	[OPTION_FIX] = { "--fix", 0, ARGUMENT_END, NULL,
	    "allow what must not be banned" },
	[OPTION_FOR] = { "--for", 0, ARGUMENT_DURATION, "DURATION",
	    "so long, not for good" },
	[OPTION_FORCE] = { "--force", 0, ARGUMENT_END, NULL,
	    "do it all the same" },
	[OPTION_FORMAT] = { "--format", 0, ARGUMENT_FORMAT, "F",
	    "csv, json or arf" },
	[OPTION_HELP] = { "--help", 'h', ARGUMENT_END, NULL, "print this" },
	[OPTION_HOST] = { "--host", 0, ARGUMENT_PEER, "NAME",
	    "only what that host of several decided" },
	[OPTION_INTERVAL] = { "--interval", 0, ARGUMENT_DURATION, "DURATION",
	    "look so often (2s)" },
	[OPTION_JAIL] = { "--jail", 0, ARGUMENT_JAILS, "NAME=REASON",
	    "what bans of that jail are for; more with \",\"" },
	[OPTION_JSON] = { "--json", 0, ARGUMENT_END, NULL, "print JSON" },
	[OPTION_KIND] = { "--kind", 0, ARGUMENT_KIND, "K",
	    "only offences of that kind" },
	[OPTION_LIMIT] = { "--limit", 0, ARGUMENT_NUMBER, "N",
	    "show so many at most" },
	[OPTION_LONG] = { "--long", 'l', ARGUMENT_END, NULL,
	    "everything there is about each" },
	[OPTION_MAIL] = { "--mail", 0, ARGUMENT_MAIL, "ADDRESS",
	    "mail it there" },
	[OPTION_MISTAKE] = { "--mistake", 0, ARGUMENT_END, NULL,
	    "do not count the ban as a step" },
	[OPTION_NAME] = { "--name", 0, ARGUMENT_HOST, "HOST",
	    "the addresses of a host, asked again every hour" },
	[OPTION_NOTE] = { "--note", 0, ARGUMENT_NOTE, "T",
	    "a note for administrators" },
	[OPTION_NO_RELOAD] = { "--no-reload", 0, ARGUMENT_END, NULL,
	    "do not tell Postfix to read it" },
	[OPTION_ONCE] = { "--once", 0, ARGUMENT_END, NULL,
	    "one picture, then end" },
	[OPTION_OUT] = { "--out", 0, ARGUMENT_FILE, "FILE", "write it there" },
	[OPTION_POLICY] = { "--policy", 0, ARGUMENT_POLICY, "P",
	    "of that policy" },
	[OPTION_POSTFIX] = { "--postfix", 0, ARGUMENT_FILE, "DIR",
	    "where the configuration of Postfix is" },
	[OPTION_REASON] = { "--reason", 0, ARGUMENT_REASON, "R",
	    "spam, virus, auth, error, recipient or volume" },
	[OPTION_RULE] = { "--rule", 0, ARGUMENT_RULE, "R",
	    "only bans by that rule (by hand: manual)" },
	[OPTION_SAY] = { "--say", 0, ARGUMENT_NOTE, "T",
	    "words that everybody may read" },
	[OPTION_SENDMAIL] = { "--sendmail", 0, ARGUMENT_FILE, "DIR",
	    "where the configuration of Sendmail is" },
	[OPTION_SERVICE] = { "--service", 0, ARGUMENT_SERVICE, "S",
	    "any, mx or submission" },
	[OPTION_SINCE] = { "--since", 0, ARGUMENT_SINCE, "T",
	    "from that time on, or so long ago (2h)" },
	[OPTION_SORT] = { "--sort", 0, ARGUMENT_SORT, "KEY",
	    "by ends, begins, address, reason, rule, step or hits" },
	[OPTION_SPF] = { "--spf", 0, ARGUMENT_HOST, "DOMAIN",
	    "what its SPF record allows, asked again every hour" },
	[OPTION_SUSPECTS] = { "--suspects", 0, ARGUMENT_END, NULL,
	    "only of clients whose mail was accepted before" },
	[OPTION_SVG] = { "--svg", 0, ARGUMENT_END, NULL, "draw it as SVG" },
	[OPTION_UNDO] = { "--undo", 0, ARGUMENT_END, NULL,
	    "take it back" },
	[OPTION_UNMATCHED] = { "--unmatched", 0, ARGUMENT_END, NULL,
	    "the lines that no rule understood" },
	[OPTION_UTC] = { "--utc", 0, ARGUMENT_END, NULL,
	    "times in UTC, not in the local zone" },
	[OPTION_WATCH] = { "--watch", 0, ARGUMENT_END, NULL,
	    "again whenever something changes" },
	[OPTION_YES] = { "--yes", 0, ARGUMENT_END, NULL,
	    "do not ask first" },
};
/* clang-format on */

static const char *const sort_names[] = {
	[SORT_ENDS] = "ends",
	[SORT_BEGINS] = "begins",
	[SORT_ADDRESS] = "address",
	[SORT_REASON] = "reason",
	[SORT_RULE] = "rule",
	[SORT_STEP] = "step",
	[SORT_HITS] = "hits",
};

const struct words sort_words = WORDS_OF(sort_names);

static const char *const format_names[] = {
	[FBL_CSV] = "csv",
	[FBL_JSON] = "json",
	[FBL_ARF] = "arf",
};

const struct words format_words = WORDS_OF(format_names);

static const struct words option_words = WORDS_OF(args_options);

bool
args_takes(const struct syntax *syntax, enum args_option option)
{
	return option == OPTION_HELP ||
	       (syntax->options & UINT64_C(1) << option) != 0;
}

/* ---- options and words apart ---- */

static void __attribute__((format(printf, 2, 3)))
complain(struct args *args, const char *format, ...)
{
	va_list list;

	if (args->error[0] != '\0') {
		return; /* the first thing wrong is what is told */
	}
	va_start(list, format);
	if (vsnprintf(args->error, ARGS_ERROR_SIZE, format, list) < 0) {
		args->error[0] = '?';
	}
	va_end(list);
}

/* The option that `word` names up to `len`; OPTION_COUNT with a complaint. */
static enum args_option
find_option(struct args *args, const char *word, size_t len)
{
	const char *near;

	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		const struct option_kind *option = &args_options[i];
		bool letter = len == 2 && word[0] == '-' &&
			      option->letter != 0 && word[1] == option->letter;

		if (letter || (strlen(option->name) == len &&
				  strncmp(option->name, word, len) == 0)) {
			return i;
		}
	}
	near = words_nearest(&option_words, word);
	args->meant = near != NULL;
	complain(args, "unknown option \"%.*s\"%s%s", (int)len, word,
	    near != NULL ? ": did you mean " : "", near != NULL ? near : "");
	return OPTION_COUNT;
}

/* Take the option at **argv, and with it its values; *argv stays at the last
 * of them. */
static void
take_option(char *const **argv, struct args *out)
{
	const char *word = **argv;
	const size_t len = strcspn(word, "=");
	const enum args_option option = find_option(out, word, len);
	const bool both = option == OPTION_COMPARE;
	const char *value = word[len] == '=' ? word + len + 1 : NULL;

	if (option == OPTION_COUNT) {
		return;
	}
	if (args_options[option].value == ARGUMENT_END) {
		if (value != NULL) {
			complain(out, "%s takes no value",
			    args_options[option].name);
		}
		value = word;
	} else if (value == NULL && (*argv)[1] != NULL) {
		value = *++*argv;
	}
	if (both && (*argv)[1] != NULL) {
		out->second = *++*argv;
	}
	if (value == NULL || (both && out->second == NULL)) {
		complain(out, "%s needs %s", args_options[option].name,
		    both ? "two values" : "a value");
	}
	if (out->value[option] != NULL) {
		complain(out, "%s is given twice", args_options[option].name);
	}
	out->value[option] = value;
}

void
args_split(char *const *argv, struct args *out)
{
	bool ended = false;

	memset(out, 0, offsetof(struct args, target));
	for (; *argv != NULL; argv++) {
		if (!ended && strcmp(*argv, "--") == 0) {
			ended = true;
		} else if (!ended && (*argv)[0] == '-' && (*argv)[1] != '\0') {
			take_option(&argv, out);
		} else if (out->words < ARGS_WORDS_MAX) {
			out->word[out->words++] = *argv;
		} else {
			complain(out, "unexpected argument \"%s\"", *argv);
		}
	}
}

/* ---- understanding them ---- */

/* A time is as it stands, a duration so long before now. */
static bool
read_since(const char *word, int64_t *since)
{
	if (text_to_duration(word, since)) {
		*since = -*since;
		return true;
	}
	return text_to_time(word, since) && *since >= 0;
}

/* Read one of "NAME=REASON,...": what follows it, or NULL. */
static const char *
read_jail(const char *text, size_t *name, enum reason *reason)
{
	char word[16];
	size_t len;

	*name = strcspn(text, "=,");
	if (*name == 0 || text[*name] != '=') {
		return NULL;
	}
	text += *name + 1;
	len = strcspn(text, ",");
	if (len >= sizeof(word)) {
		return NULL;
	}
	memcpy(word, text, len);
	word[len] = '\0';
	return words_parse(&reason_words, word, reason) ? text + len : NULL;
}

static bool
are_jails(const char *text)
{
	enum reason reason;
	size_t name;

	while (
	    (text = read_jail(text, &name, &reason)) != NULL && *text == ',') {
		text++;
	}
	return text != NULL;
}

bool
args_jail(const char *jails, const char *name, enum reason *reason)
{
	while (jails != NULL) {
		const char *begin = jails;
		enum reason found;
		size_t len;

		jails = read_jail(jails, &len, &found);
		if (jails != NULL && strlen(name) == len &&
		    memcmp(begin, name, len) == 0) {
			*reason = found;
			return true;
		}
		jails = jails != NULL && *jails == ',' ? jails + 1 : NULL;
	}
	return false;
}

static bool
is_target(enum argument argument)
{
	return argument >= ARGUMENT_ADDRESS && argument <= ARGUMENT_WHOM;
}

/* An address, and what else may stand in its place. */
static bool
understand_target(struct args *args, const char *word, enum argument argument)
{
	static const unsigned also[] = {
		[ARGUMENT_ADDRESS] = 0,
		[ARGUMENT_WHO] = TARGET_NETS,
		[ARGUMENT_ASKED] = TARGET_NAMES,
		[ARGUMENT_AMONG] = TARGET_NETS | TARGET_NAMES,
		[ARGUMENT_WHOM] = TARGET_NETS | TARGET_EVERYBODY,
	};

	return target_read(word, also[argument], &args->target[args->targets]);
}

/* Understand a word; false where it is none of its kind. */
static bool
understand(struct args *args, const char *word, enum argument argument)
{
	switch (argument) {
	case ARGUMENT_ADDRESS:
	case ARGUMENT_WHO:
	case ARGUMENT_ASKED:
	case ARGUMENT_AMONG:
	case ARGUMENT_WHOM:
		return understand_target(args, word, argument);
	case ARGUMENT_DURATION:
		return strcmp(word, "forever") == 0
			   ? text_to_duration("100y", &args->duration)
			   : text_to_duration(word, &args->duration);
	case ARGUMENT_TIME:
		return text_to_time(word, &args->at);
	case ARGUMENT_SINCE:
		return read_since(word, &args->since);
	case ARGUMENT_NUMBER:
		return text_to_int(word, 1, INT64_MAX, &args->limit);
	case ARGUMENT_KIND:
		return words_parse(&kind_words, word, &args->kind);
	case ARGUMENT_REASON:
		return words_parse(&reason_words, word, &args->reason);
	case ARGUMENT_SERVICE:
		return words_parse(&service_words, word, &args->service);
	case ARGUMENT_SORT:
		return words_parse(&sort_words, word, &args->sort);
	case ARGUMENT_FORMAT:
		return words_parse(&format_words, word, &args->format);
	case ARGUMENT_JAILS:
		return are_jails(word);
	case ARGUMENT_HOST:
		return target_is_host(word);
	case ARGUMENT_MAIL:
		return conf_is_mail(word);
	case ARGUMENT_NOTE:
		return strlen(word) < BAN_NOTE_SIZE && utf8_is_plain(word);
	case ARGUMENT_DETAIL:
		return strlen(word) <= ARGS_DETAIL_MAX && text_is_plain(word);
	case ARGUMENT_POLICY:
		return conf_is_policy_name(word);
	case ARGUMENT_RULE:
		return word[0] != '\0' && strlen(word) < BAN_RULE_SIZE;
	case ARGUMENT_FILE:
	case ARGUMENT_PEER:
		return word[0] != '\0';
	case ARGUMENT_END:
	case ARGUMENT_OPTIONAL:
	case ARGUMENT_FILES:
	case ARGUMENT_TEXT:
	case ARGUMENT_FORM:
		break;
	}
	return true;
}

/* Say that a word is not of its kind, and which one may be meant. */
static void
refuse_word(struct args *args, const char *option, const char *word,
    enum argument argument, const char *wrong)
{
	static const struct words *const vocabulary[] = {
		[ARGUMENT_KIND] = &kind_words,
		[ARGUMENT_REASON] = &reason_words,
		[ARGUMENT_SERVICE] = &service_words,
		[ARGUMENT_SORT] = &sort_words,
	};
	const bool known = argument <
			       sizeof(vocabulary) / sizeof(vocabulary[0]) &&
			   vocabulary[argument] != NULL;
	const char *near = known ? words_nearest(vocabulary[argument], word)
				 : NULL;
	const char *list = near != NULL ? strchr(wrong, '(') : NULL;

	args->meant = true;
	if (list != NULL) {
		complain(args, "%s%s\"%.60s\" %.*s: did you mean \"%s\"?",
		    option, option[0] != '\0' ? ": " : "", word,
		    (int)(list - wrong - 1), wrong, near);
	} else {
		complain(args, "%s%s\"%.60s\" %s", option,
		    option[0] != '\0' ? ": " : "", word, wrong);
	}
}

/* The same, with a complaint; `option` names where it stood, or is "". */
static void
read_word(struct args *args, const char *option, const char *word,
    enum argument argument)
{
	char complaint[NET_COMPLAINT_SIZE];
	const char *wrong = arguments[argument].wrong;
	struct addr address;
	struct net net;

	if (is_target(argument) && args->targets == ARGS_WORDS_MAX) {
		complain(args, "more than %d are too many", ARGS_WORDS_MAX);
	} else if (understand(args, word, argument)) {
		args->targets += is_target(argument);
	} else {
		if (is_target(argument) && net_read(word, &address, &net)) {
			wrong = net_parse(word, &net)
				    ? "is a network, not one address"
				    : net_complaint(word, complaint);
		}
		refuse_word(args, option, word, argument, wrong);
	}
}

/* All words from `at` on, of which one may be "-". */
static void
read_targets(struct args *args, size_t at, enum argument argument)
{
	args->several = args->words > at + 1;
	for (; at < args->words && args->error[0] == '\0'; at++) {
		const char *word = args->word[at];

		if (strcmp(word, "-") != 0) {
			read_word(args, "", word, argument);
			continue;
		}
		args->several = true;
		while ((word = target_next_word()) != NULL &&
		       args->error[0] == '\0') {
			read_word(args, "stdin", word, argument);
		}
	}
	if (args->targets == 0) {
		complain(args, "nobody is named on standard input");
	}
}

static void
read_options(struct args *args, const char *verb, const struct syntax *syntax)
{
	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		const struct option_kind *option = &args_options[i];
		const char *value = args->value[i];

		if (args->error[0] != '\0' || value == NULL) {
			continue;
		}
		/* Help was given before. */
		if ((syntax->options & UINT64_C(1) << i) == 0) {
			complain(args, "\"%s\" has no option %s", verb,
			    option->name);
			continue;
		}
		read_word(args, option->name, value, option->value);
		if (i == OPTION_COMPARE) {
			read_word(
			    args, option->name, args->second, option->value);
		}
	}
	if (args->value[OPTION_CSV] != NULL &&
	    args->value[OPTION_JSON] != NULL) {
		complain(args, "--json and --csv exclude each other");
	}
}

bool
args_read(struct args *args, const char *verb, size_t skip,
    const struct syntax *syntax)
{
	const enum argument *argument = syntax->argument;
	size_t at = skip;

	read_options(args, verb, syntax);
	for (; *argument != ARGUMENT_END; argument++) {
		if (*argument == ARGUMENT_OPTIONAL) {
			if (at >= args->words) {
				break;
			}
		} else if (at >= args->words) {
			complain(
			    args, "%s is missing", arguments[*argument].name);
		} else if (arguments[*argument].wrong == NULL) {
			args->file = &args->word[at];
			args->files = args->words - at;
			at = args->words;
		} else if (*argument >= ARGUMENT_ASKED &&
			   *argument <= ARGUMENT_WHOM) {
			read_targets(args, at, *argument);
			at = args->words;
		} else {
			read_word(args, "", args->word[at++], *argument);
		}
	}
	if (at < args->words) {
		complain(args, "unexpected argument \"%.60s\"", args->word[at]);
	}
	return args->error[0] == '\0';
}
