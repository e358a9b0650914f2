#include "ctl/args.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "conf/conf.h"
#include "core/standing.h"

static const char no_duration[] = "is not a duration (90s, 10m, 2h, 7d)";

static const struct argument_kind {
	const char *name;  /* where it is missing */
	const char *wrong; /* what is said of a word that is none */
} arguments[] = {
	[ARGUMENT_ADDRESS] = { "IP", "is not an IP address" },
	[ARGUMENT_WHO] = { "IP or NET",
	    "is neither an IP address nor a network" },
	[ARGUMENT_WHOM] = { "IP, NET or all",
	    "is no IP address, no network and not \"all\"" },
	[ARGUMENT_DURATION] = { "DURATION", no_duration },
	[ARGUMENT_KIND] = { "KIND",
	    "is not a kind (spam, virus, complaint, auth, recipient, sender, "
	    "helo, command, disconnect, probe, greylist, relay, volume)" },
	[ARGUMENT_FILES] = { "FILE", NULL },
	[ARGUMENT_TEXT] = { "TEXT", NULL },
	[ARGUMENT_DETAIL] = { NULL, "is not a detail: only printable ASCII" },
	[ARGUMENT_FOLDER] = { NULL, "is not a folder" },
	[ARGUMENT_LASTING] = { NULL, no_duration },
	[ARGUMENT_NOTE] = { NULL,
	    "is not a note: only printable UTF-8, in one line" },
	[ARGUMENT_POLICY] = { NULL,
	    "is not the name of a policy (1 to 32 of a-z, 0-9 and '-')" },
	[ARGUMENT_REASON] = { NULL,
	    "is not a reason (spam, virus, auth, error, recipient, volume)" },
	[ARGUMENT_TIME] = { NULL,
	    "is not a time (2026-11-21T18:05:42Z or @SECONDS)" },
};

/* In the order of enum args_option. */
static const struct option_kind {
	const char *name;
	enum argument value; /* ARGUMENT_END: it takes none */
	bool twice;          /* it takes two */
} options[OPTION_COUNT] = {
	{ "--all", ARGUMENT_END, false },
	{ "--at", ARGUMENT_TIME, false },
	{ "--compare", ARGUMENT_POLICY, true },
	{ "--csv", ARGUMENT_END, false },
	{ "--detail", ARGUMENT_DETAIL, false },
	{ "--fix", ARGUMENT_END, false },
	{ "--for", ARGUMENT_LASTING, false },
	{ "--help", ARGUMENT_END, false },
	{ "--json", ARGUMENT_END, false },
	{ "--mistake", ARGUMENT_END, false },
	{ "--note", ARGUMENT_NOTE, false },
	{ "--policy", ARGUMENT_POLICY, false },
	{ "--postfix", ARGUMENT_FOLDER, false },
	{ "--reason", ARGUMENT_REASON, false },
	{ "--unmatched", ARGUMENT_END, false },
};

static const struct words option_words = WORDS_OF(options);

/* ---- options and words apart ---- */

static void __attribute__((format(printf, 2, 3)))
complain(char error[static ARGS_ERROR_SIZE], const char *format, ...)
{
	va_list args;

	if (error[0] != '\0') {
		return; /* the first thing wrong is what is told */
	}
	va_start(args, format);
	if (vsnprintf(error, ARGS_ERROR_SIZE, format, args) < 0) {
		error[0] = '?';
	}
	va_end(args);
}

/* The place of the option that `word` names up to `len`, or OPTION_COUNT. */
static size_t
find_option(const char *word, size_t len)
{
	size_t i = 0;

	if (len == 2 && strncmp(word, "-h", len) == 0) {
		word = "--help";
		len = strlen(word);
	}
	while (
	    i < OPTION_COUNT && (strlen(options[i].name) != len ||
				    strncmp(options[i].name, word, len) != 0)) {
		i++;
	}
	return i;
}

static void
complain_unknown(
    const char *word, size_t len, char error[static ARGS_ERROR_SIZE])
{
	const char *near = words_nearest(&option_words, word);

	complain(error, "unknown option \"%.*s\"%s%s", (int)len, word,
	    near != NULL ? ": did you mean " : "", near != NULL ? near : "");
}

/* Take the option at argv[*i], and with it its values. */
static void
take_option(
    const char *const *argv, size_t count, size_t *i, struct args_words *out)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	size_t option = find_option(word, len);
	const struct option_kind *kind = &options[option];

	if (option == OPTION_COUNT) {
		complain_unknown(word, len, out->error);
		return;
	}
	if (kind->value == ARGUMENT_END && value != NULL) {
		complain(out->error, "%s takes no value", kind->name);
	} else if (kind->value != ARGUMENT_END) {
		if (value == NULL && *i + 1 < count) {
			value = argv[++*i];
		}
		if (kind->twice && *i + 1 < count) {
			out->second = argv[++*i];
		}
		if (value == NULL || (kind->twice && out->second == NULL)) {
			complain(out->error, "%s needs %s", kind->name,
			    kind->twice ? "two values" : "a value");
		}
	}
	if ((out->given & 1U << option) != 0) {
		complain(out->error, "%s is given twice", kind->name);
	}
	out->given |= 1U << option;
	out->value[option] = value;
}

void
args_split(const char *const *argv, size_t count, struct args_words *out)
{
	bool ended = false;

	*out = (struct args_words){ .words = 0 };
	for (size_t i = 0; i < count; i++) {
		bool dash = argv[i][0] == '-' && argv[i][1] != '\0';

		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = true;
		} else if (!ended && dash) {
			take_option(argv, count, &i, out);
		} else if (out->words < ARGS_WORDS_MAX) {
			out->word[out->words++] = argv[i];
		} else {
			complain(
			    out->error, "unexpected argument \"%s\"", argv[i]);
		}
	}
}

/* ---- understanding them ---- */

static const char *
read_who(const char *word, enum argument argument, struct args *args)
{
	args->everybody = argument == ARGUMENT_WHOM && strcmp(word, "all") == 0;
	args->single = addr_parse(word, &args->address);
	if (args->single) {
		args->who = net_cut(&args->address, ADDR_BITS);
	}
	if (args->everybody || args->single) {
		return NULL;
	}
	if (!net_parse(word, &args->who)) {
		return net_read(word, &args->address, &args->who)
			   ? net_complaint(word, args->complaint)
			   : arguments[argument].wrong;
	}
	return argument == ARGUMENT_ADDRESS ? "is a network, not one address"
					    : NULL;
}

/* Read a word into its field; what is wrong with it, or NULL. */
static const char *
read_word(const char *word, enum argument argument, struct args *args)
{
	bool fine = false;

	switch (argument) {
	case ARGUMENT_ADDRESS:
	case ARGUMENT_WHO:
	case ARGUMENT_WHOM:
		return read_who(word, argument, args);
	case ARGUMENT_DURATION:
		fine = text_to_duration(word, &args->duration);
		break;
	case ARGUMENT_LASTING:
		fine = text_to_duration(word, &args->lasting);
		break;
	case ARGUMENT_TIME:
		fine = text_to_time(word, &args->at);
		break;
	case ARGUMENT_KIND:
		fine = words_parse(&kind_words, word, &args->kind);
		break;
	case ARGUMENT_REASON:
		fine = words_parse(&reason_words, word, &args->reason);
		break;
	case ARGUMENT_NOTE:
		if (strlen(word) >= BAN_NOTE_SIZE) {
			return "is too long for a note (200 bytes)";
		}
		args->note = word;
		fine = utf8_is_plain(word);
		break;
	case ARGUMENT_DETAIL:
		if (strlen(word) > ARGS_DETAIL_MAX) {
			return "is too long for a detail (200 bytes)";
		}
		args->detail = word;
		fine = text_is_plain(word);
		break;
	case ARGUMENT_POLICY:
		args->policy[args->policy[0] != NULL] = word;
		fine = conf_is_policy_name(word);
		break;
	case ARGUMENT_FOLDER:
		args->postfix = word;
		fine = word[0] != '\0';
		break;
	case ARGUMENT_END:
	case ARGUMENT_FILES:
	case ARGUMENT_TEXT:
		break;
	}
	return fine ? NULL : arguments[argument].wrong;
}

static bool
read_words(struct args_words *from, size_t skip, const struct syntax *syntax,
    struct args *out)
{
	const enum argument *argument = syntax->argument;
	size_t at = skip;

	for (; *argument != ARGUMENT_END; argument++) {
		const char *wrong = NULL;

		if (at >= from->words) {
			complain(from->error, "%s is missing",
			    arguments[*argument].name);
		} else if (arguments[*argument].wrong == NULL) {
			out->file = &from->word[at];
			out->files = from->words - at;
			at = from->words;
		} else {
			wrong = read_word(from->word[at++], *argument, out);
		}
		if (wrong != NULL) {
			complain(from->error, "\"%.60s\" %s",
			    from->word[at - 1], wrong);
		}
	}
	if (at < from->words) {
		complain(from->error, "unexpected argument \"%.60s\"",
		    from->word[at]);
	}
	return from->error[0] == '\0';
}

static void
read_option(struct args_words *from, const char *verb, size_t option,
    const struct syntax *syntax, struct args *out)
{
	const struct option_kind *kind = &options[option];
	const char *value = from->value[option];
	const char *wrong = NULL;

	if ((syntax->options & 1U << option) == 0) {
		complain(
		    from->error, "\"%s\" has no option %s", verb, kind->name);
	} else if (kind->value != ARGUMENT_END) {
		wrong = read_word(value, kind->value, out);
		if (wrong == NULL && kind->twice) {
			value = from->second;
			wrong = read_word(value, kind->value, out);
		}
	}
	if (wrong != NULL) {
		complain(
		    from->error, "%s: \"%.60s\" %s", kind->name, value, wrong);
	}
}

bool
args_read(struct args_words *from, const char *verb, size_t skip,
    const struct syntax *syntax, struct args *out)
{
	*out = (struct args){ .given = from->given };
	for (size_t i = 0; i < OPTION_COUNT && from->error[0] == '\0'; i++) {
		if ((from->given & 1U << i) != 0) {
			read_option(from, verb, i, syntax, out);
		}
	}
	if (args_given(out, OPTION_CSV) && args_given(out, OPTION_JSON)) {
		complain(from->error, "--json and --csv exclude each other");
	}
	return read_words(from, skip, syntax, out);
}
