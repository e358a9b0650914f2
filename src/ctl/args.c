#include "ctl/args.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "base/words.h"
#include "conf/conf.h"
#include "core/ban.h"

/* ---- what can be read, each telling what is wrong or NULL ---- */

static bool
read_single(const char *word, struct args *args)
{
	args->single = addr_parse(word, &args->address);
	if (args->single) {
		args->who = net_cut(&args->address, ADDR_BITS);
	}
	return args->single;
}

static const char *
read_address(const char *word, struct args *args)
{
	struct net net;

	if (read_single(word, args)) {
		return NULL;
	}
	return net_parse(word, &net) ? "is a network, not one address"
				     : "is not an IP address";
}

static const char *
read_who(const char *word, struct args *args)
{
	return read_single(word, args) || net_parse(word, &args->who)
		   ? NULL
		   : "is neither an IP address nor a network";
}

static const char *
read_whom(const char *word, struct args *args)
{
	if (strcmp(word, "all") == 0) {
		args->everybody = true;
		return NULL;
	}
	return read_who(word, args) == NULL
		   ? NULL
		   : "is no IP address, no network and not \"all\"";
}

static const char *
read_seconds(const char *word, int64_t *out)
{
	return text_to_duration(word, out)
		   ? NULL
		   : "is not a duration (90s, 10m, 2h, 7d)";
}

static const char *
read_duration(const char *word, struct args *args)
{
	return read_seconds(word, &args->duration);
}

static const char *
read_lasting(const char *word, struct args *args)
{
	return read_seconds(word, &args->lasting);
}

static const char *
read_kind(const char *word, struct args *args)
{
	return kind_parse(word, &args->kind)
		   ? NULL
		   : "is not a kind (spam, virus, complaint, auth, recipient, "
		     "sender, helo, command, disconnect, probe, greylist, "
		     "relay, volume)";
}

static const char *
read_reason(const char *word, struct args *args)
{
	return reason_parse(word, &args->reason)
		   ? NULL
		   : "is not a reason (spam, virus, auth, error, recipient, "
		     "volume)";
}

static const char *
read_note(const char *word, struct args *args)
{
	args->note = word;
	if (strlen(word) >= BAN_NOTE_SIZE) {
		return "is too long for a note (200 bytes)";
	}
	return utf8_is_plain(word)
		   ? NULL
		   : "is not a note: only printable UTF-8, in one line";
}

static const char *
read_detail(const char *word, struct args *args)
{
	args->detail = word;
	if (strlen(word) > ARGS_DETAIL_MAX) {
		return "is too long for a detail (200 bytes)";
	}
	return text_is_plain(word) ? NULL
				   : "is not a detail: only printable ASCII";
}

static const char *
read_at(const char *word, struct args *args)
{
	return text_to_time(word, &args->at)
		   ? NULL
		   : "is not a time (2026-11-21T18:05:42Z or @SECONDS)";
}

static const char *
read_policy(const char *word, struct args *args)
{
	bool second = args->policy[0] != NULL;

	args->policy[second] = word;
	return conf_is_policy_name(word)
		   ? NULL
		   : "is not the name of a policy (1 to 32 of a-z, 0-9 and "
		     "'-')";
}

static const char *
read_postfix(const char *word, struct args *args)
{
	args->postfix = word;
	return word[0] != '\0' ? NULL : "is not a folder";
}

typedef const char *reader(const char *word, struct args *args);

/* In the order of enum argument. */
static const struct argument_kind {
	const char *name;
	reader *read;
} arguments[] = {
	{ NULL, NULL },
	{ "IP", read_address },
	{ "IP or NET", read_who },
	{ "IP, NET or all", read_whom },
	{ "DURATION", read_duration },
	{ "KIND", read_kind },
	{ "FILE", NULL },
	{ "TEXT", NULL },
};

/* In the order of enum args_option; one without `read` takes no value. */
static const struct option_kind {
	const char *name;
	reader *read;
	bool twice; /* it takes two */
} options[OPTION_COUNT] = {
	{ "--all", NULL, false },
	{ "--at", read_at, false },
	{ "--compare", read_policy, true },
	{ "--csv", NULL, false },
	{ "--detail", read_detail, false },
	{ "--fix", NULL, false },
	{ "--for", read_lasting, false },
	{ "--help", NULL, false },
	{ "--json", NULL, false },
	{ "--mistake", NULL, false },
	{ "--note", read_note, false },
	{ "--policy", read_policy, false },
	{ "--postfix", read_postfix, false },
	{ "--reason", read_reason, false },
	{ "--unmatched", NULL, false },
};

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

/* The option that `word` names up to `len`, or OPTION_COUNT. */
static enum args_option
find_option(const char *word, size_t len)
{
	size_t i = 0;

	if (len == 2 && strncmp(word, "-h", len) == 0) {
		return OPTION_HELP;
	}
	while (
	    i < OPTION_COUNT && (strlen(options[i].name) != len ||
				    strncmp(options[i].name, word, len) != 0)) {
		i++;
	}
	return (enum args_option)i;
}

static const char *
take_value(const char *const *argv, size_t count, size_t *i)
{
	return *i + 1 < count ? argv[++*i] : NULL;
}

/* Take the option at argv[*i], and with it its values. */
static void
take_option(
    const char *const *argv, size_t count, size_t *i, struct args_words *out)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	enum args_option option = find_option(word, len);
	const struct option_kind *kind;

	if (option == OPTION_COUNT) {
		struct nearest nearest = { .written = word };

		for (size_t n = 0; n < OPTION_COUNT; n++) {
			nearest_offer(&nearest, options[n].name);
		}
		complain(out->error, "unknown option \"%.*s\"%s%s", (int)len,
		    word, nearest.word != NULL ? ": did you mean " : "",
		    nearest.word != NULL ? nearest.word : "");
		return;
	}
	kind = &options[option];
	if (kind->read == NULL && value != NULL) {
		complain(out->error, "%s takes no value", kind->name);
	}
	if (kind->read != NULL && value == NULL) {
		value = take_value(argv, count, i);
	}
	if (kind->twice) {
		out->second = take_value(argv, count, i);
	}
	if (kind->twice && out->second == NULL) {
		complain(out->error, "%s needs two values", kind->name);
	}
	if (kind->read != NULL && value == NULL) {
		complain(out->error, "%s needs a value", kind->name);
	}
	if ((out->given & option_bit(option)) != 0) {
		complain(out->error, "%s is given twice", kind->name);
	}
	out->given |= option_bit(option);
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

/* One word; false after a complaint. */
static bool
read_word(const char *word, enum argument argument, struct args *out,
    char error[static ARGS_ERROR_SIZE])
{
	const char *wrong = arguments[argument].read(word, out);

	if (wrong != NULL) {
		complain(error, "\"%.60s\" %s", word, wrong);
	}
	return wrong == NULL;
}

static bool
read_words(const struct args_words *from, size_t skip,
    const struct syntax *syntax, struct args *out,
    char error[static ARGS_ERROR_SIZE])
{
	size_t at = skip;

	for (size_t i = 0; syntax->argument[i] != ARGUMENT_END; i++) {
		enum argument argument = syntax->argument[i];

		if (at >= from->words) {
			complain(
			    error, "%s is missing", arguments[argument].name);
			return false;
		}
		if (arguments[argument].read == NULL) {
			out->file = &from->word[at];
			out->files = from->words - at;
			at = from->words;
		} else if (!read_word(from->word[at++], argument, out, error)) {
			return false;
		}
	}
	if (at < from->words) {
		complain(
		    error, "unexpected argument \"%.60s\"", from->word[at]);
	}
	return error[0] == '\0';
}

static bool
read_option(const struct args_words *from, const char *verb,
    enum args_option option, const struct syntax *syntax, struct args *out,
    char error[static ARGS_ERROR_SIZE])
{
	const char *wrong;
	const char *value;

	if ((syntax->options & option_bit(option)) == 0) {
		complain(error, "\"%s\" has no option %s", verb,
		    options[option].name);
		return false;
	}
	if (options[option].read == NULL) {
		return true;
	}
	value = from->value[option];
	wrong = options[option].read(value, out);
	if (wrong == NULL && options[option].twice) {
		value = from->second;
		wrong = options[option].read(value, out);
	}
	if (wrong != NULL) {
		complain(error, "%s: \"%.60s\" %s", options[option].name, value,
		    wrong);
	}
	return wrong == NULL;
}

bool
args_read(const struct args_words *from, const char *verb, size_t skip,
    const struct syntax *syntax, struct args *out,
    char error[static ARGS_ERROR_SIZE])
{
	*out = (struct args){ .given = from->given };
	error[0] = '\0';
	if (from->error[0] != '\0') {
		return text_copy(error, ARGS_ERROR_SIZE, from->error) && false;
	}
	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		if ((from->given & option_bit(i)) != 0 &&
		    !read_option(from, verb, i, syntax, out, error)) {
			return false;
		}
	}
	if (args_given(out, OPTION_CSV) && args_given(out, OPTION_JSON)) {
		complain(error, "--json and --csv exclude each other");
		return false;
	}
	return read_words(from, skip, syntax, out, error);
}
