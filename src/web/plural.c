#include "web/plural.h"

#include <string.h>

static const char *const names[PLURAL_COUNT] = { "zero", "one", "two", "few",
	"many", "other" };
const struct words plural_words = WORDS_OF(names);

/* What is left of a rule. */
struct rest {
	const char *at;
	const char *end;
};

static void
skip_blanks(struct rest *rest)
{
	while (rest->at < rest->end && strchr(" \t\n", *rest->at) != NULL) {
		rest->at++;
	}
}

/* Take this sign or word where it comes next. */
static bool
take(struct rest *rest, const char *word)
{
	const size_t len = strlen(word);

	skip_blanks(rest);
	if ((size_t)(rest->end - rest->at) < len ||
	    memcmp(rest->at, word, len) != 0) {
		return false;
	}
	rest->at += len;
	return true;
}

static bool
take_number(struct rest *rest, int64_t *out)
{
	const char *begin;

	skip_blanks(rest);
	begin = rest->at;
	*out = 0;
	while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9' &&
	       rest->at - begin < 10) {
		*out = 10 * *out + (*rest->at++ - '0');
	}
	return rest->at > begin;
}

/* "n % 10 = 2..4,7": an operand, perhaps what is left of it by a division, and
 * what it is or is not among. */
static bool
take_relation(struct rest *rest, int64_t number, bool *holds)
{
	int64_t value = 0;
	int64_t by;
	bool among = false;
	bool negated;

	skip_blanks(rest);
	if (rest->at == rest->end || strchr("nivwftce", *rest->at) == NULL) {
		return false;
	}
	if (*rest->at == 'n' || *rest->at == 'i') {
		value = number;
	}
	rest->at++;
	if (take(rest, "%")) {
		if (!take_number(rest, &by) || by == 0) {
			return false;
		}
		value %= by;
	}
	negated = take(rest, "!");
	if (!take(rest, "=")) {
		return false;
	}
	do {
		int64_t from;
		int64_t to;

		if (!take_number(rest, &from)) {
			return false;
		}
		to = from;
		if (take(rest, "..") && !take_number(rest, &to)) {
			return false;
		}
		among = among || (value >= from && value <= to);
	} while (take(rest, ","));
	*holds = among != negated;
	return true;
}

bool
plural_holds(const char *rule, size_t len, int64_t number, bool *holds)
{
	struct rest rest = { rule, rule + len };

	if (number < 0) {
		number = number == INT64_MIN ? INT64_MAX : -number;
	}
	*holds = false;
	do {
		bool all = true;

		do {
			bool one;

			if (!take_relation(&rest, number, &one)) {
				return false;
			}
			all = all && one;
		} while (take(&rest, "and"));
		*holds = *holds || all;
	} while (take(&rest, "or"));
	skip_blanks(&rest);
	return rest.at == rest.end;
}
