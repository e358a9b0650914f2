#include "ctl/args.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "conf/conf.h"
#include "core/standing.h"

static const struct argument_kind {
	const char *name;  /* where it is missing */
	const char *wrong; /* what is said of a word that is none */
} arguments[] = {
	[ARGUMENT_ADDRESS] = { "IP", "is not an IP address" },
	[ARGUMENT_WHO] = { "IP or NET",
	    "is neither an IP address nor a network" },
	[ARGUMENT_WHOM] = { "IP, NET or all",
	    "is no IP address, no network and not \"all\"" },
	[ARGUMENT_DURATION] = { "DURATION",
	    "is not a duration (90s, 10m, 2h, 7d)" },
	[ARGUMENT_KIND] = { "KIND",
	    "is not a kind (spam, virus, complaint, auth, recipient, sender, "
	    "helo, command, disconnect, probe, greylist, relay, volume)" },
	[ARGUMENT_FILE] = { "FILE", "is not a path" },
	[ARGUMENT_FILES] = { "FILE", NULL },
	[ARGUMENT_TEXT] = { "TEXT", NULL },
	[ARGUMENT_FORM] = { "FORM", NULL },
	[ARGUMENT_DETAIL] = { NULL,
	    "is not a detail: only printable ASCII, at most 200 bytes" },
	[ARGUMENT_NOTE] = { NULL,
	    "is not a note: only printable UTF-8, in one line of at most 200 "
	    "bytes" },
	[ARGUMENT_POLICY] = { NULL,
	    "is not the name of a policy (1 to 32 of a-z, 0-9 and '-')" },
	[ARGUMENT_REASON] = { NULL,
	    "is not a reason (spam, virus, auth, error, recipient, volume)" },
	[ARGUMENT_SERVICE] = { NULL, "is not a service (any, mx, submission)" },
	[ARGUMENT_TIME] = { NULL,
	    "is not a time (2026-11-21T18:05:42Z or @SECONDS)" },
};

static const struct option_kind {
	const char *name;
	enum argument value; /* ARGUMENT_END: it takes none */
} options[OPTION_COUNT] = {
	[OPTION_ALL] = { "--all", ARGUMENT_END },
	[OPTION_AT] = { "--at", ARGUMENT_TIME },
	[OPTION_COMPARE] = { "--compare", ARGUMENT_POLICY },
	[OPTION_CONFIG] = { "--config", ARGUMENT_FILE },
	[OPTION_CSV] = { "--csv", ARGUMENT_END },
	[OPTION_DETAIL] = { "--detail", ARGUMENT_DETAIL },
	[OPTION_DRY_RUN] = { "--dry-run", ARGUMENT_END },
	[OPTION_FIX] = { "--fix", ARGUMENT_END },
	[OPTION_FOR] = { "--for", ARGUMENT_DURATION },
	[OPTION_FORCE] = { "--force", ARGUMENT_END },
	[OPTION_HELP] = { "--help", ARGUMENT_END },
	[OPTION_JSON] = { "--json", ARGUMENT_END },
	[OPTION_MISTAKE] = { "--mistake", ARGUMENT_END },
	[OPTION_NOTE] = { "--note", ARGUMENT_NOTE },
	[OPTION_NO_RELOAD] = { "--no-reload", ARGUMENT_END },
	[OPTION_OUT] = { "--out", ARGUMENT_FILE },
	[OPTION_POLICY] = { "--policy", ARGUMENT_POLICY },
	[OPTION_POSTFIX] = { "--postfix", ARGUMENT_FILE },
	[OPTION_REASON] = { "--reason", ARGUMENT_REASON },
	[OPTION_SAY] = { "--say", ARGUMENT_NOTE },
	[OPTION_SENDMAIL] = { "--sendmail", ARGUMENT_FILE },
	[OPTION_SERVICE] = { "--service", ARGUMENT_SERVICE },
	[OPTION_UNDO] = { "--undo", ARGUMENT_END },
	[OPTION_UNMATCHED] = { "--unmatched", ARGUMENT_END },
	[OPTION_WATCH] = { "--watch", ARGUMENT_END },
	[OPTION_YES] = { "--yes", ARGUMENT_END },
};

static const struct words option_words = WORDS_OF(options);

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
		if (strlen(options[i].name) == len &&
		    strncmp(options[i].name, word, len) == 0) {
			return i;
		}
	}
	near = words_nearest(&option_words, word);
	complain(args, "unknown option \"%.*s\"%s%s", (int)len, word,
	    near != NULL ? ": did you mean " : "", near != NULL ? near : "");
	return OPTION_COUNT;
}

/* Take the option at **argv, and with it its values; *argv stays at the last
 * of them. */
static void
take_option(char *const **argv, struct args *out)
{
	const char *word = strcmp(**argv, "-h") == 0 ? "--help" : **argv;
	const size_t len = strcspn(word, "=");
	const enum args_option option = find_option(out, word, len);
	const bool both = option == OPTION_COMPARE;
	const char *value = word[len] == '=' ? word + len + 1 : NULL;

	if (option == OPTION_COUNT) {
		return;
	}
	if (options[option].value == ARGUMENT_END) {
		if (value != NULL) {
			complain(
			    out, "%s takes no value", options[option].name);
		}
		value = word;
	} else if (value == NULL && (*argv)[1] != NULL) {
		value = *++*argv;
	}
	if (both && (*argv)[1] != NULL) {
		out->second = *++*argv;
	}
	if (value == NULL || (both && out->second == NULL)) {
		complain(out, "%s needs %s", options[option].name,
		    both ? "two values" : "a value");
	}
	if (out->value[option] != NULL) {
		complain(out, "%s is given twice", options[option].name);
	}
	out->value[option] = value;
}

void
args_split(char *const *argv, struct args *out)
{
	bool ended = false;

	*out = (struct args){ .words = 0 };
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

/* Understand a word; false where it is none of its kind. */
static bool
understand(struct args *args, const char *word, enum argument argument)
{
	switch (argument) {
	case ARGUMENT_ADDRESS:
	case ARGUMENT_WHO:
	case ARGUMENT_WHOM:
		args->everybody = argument == ARGUMENT_WHOM &&
				  strcmp(word, "all") == 0;
		args->single = addr_parse(word, &args->address);
		if (args->single) {
			args->who = net_cut(&args->address, ADDR_BITS);
		}
		return args->everybody || args->single ||
		       (argument != ARGUMENT_ADDRESS &&
			   net_parse(word, &args->who));
	case ARGUMENT_DURATION:
		return text_to_duration(word, &args->duration);
	case ARGUMENT_TIME:
		return text_to_time(word, &args->at);
	case ARGUMENT_KIND:
		return words_parse(&kind_words, word, &args->kind);
	case ARGUMENT_REASON:
		return words_parse(&reason_words, word, &args->reason);
	case ARGUMENT_SERVICE:
		return words_parse(&service_words, word, &args->service);
	case ARGUMENT_NOTE:
		return strlen(word) < BAN_NOTE_SIZE && utf8_is_plain(word);
	case ARGUMENT_DETAIL:
		return strlen(word) <= ARGS_DETAIL_MAX && text_is_plain(word);
	case ARGUMENT_POLICY:
		return conf_is_policy_name(word);
	case ARGUMENT_FILE:
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

/* The same, with a complaint; `option` names where it stood, or is "". */
static void
read_word(struct args *args, const char *option, const char *word,
    enum argument argument)
{
	char complaint[NET_COMPLAINT_SIZE];
	const char *wrong = arguments[argument].wrong;
	struct net net;

	if (understand(args, word, argument)) {
		return;
	}
	if (argument <= ARGUMENT_WHOM && net_read(word, &args->address, &net)) {
		wrong = net_parse(word, &net) ? "is a network, not one address"
					      : net_complaint(word, complaint);
	}
	complain(args, "%s%s\"%.60s\" %s", option,
	    option[0] != '\0' ? ": " : "", word, wrong);
}

bool
args_read(struct args *args, const char *verb, size_t skip,
    const struct syntax *syntax)
{
	const enum argument *argument = syntax->argument;
	size_t at = skip;

	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		const char *value = args->value[i];

		if (args->error[0] != '\0' || value == NULL) {
			continue;
		}
		if ((syntax->options & UINT64_C(1) << i) == 0) {
			complain(args, "\"%s\" has no option %s", verb,
			    options[i].name);
			continue;
		}
		read_word(args, options[i].name, value, options[i].value);
		if (i == OPTION_COMPARE) {
			read_word(args, options[i].name, args->second,
			    options[i].value);
		}
	}
	if (args->value[OPTION_CSV] != NULL &&
	    args->value[OPTION_JSON] != NULL) {
		complain(args, "--json and --csv exclude each other");
	}
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
		} else {
			read_word(args, "", args->word[at++], *argument);
		}
	}
	if (at < args->words) {
		complain(args, "unexpected argument \"%.60s\"", args->word[at]);
	}
	return args->error[0] == '\0';
}
