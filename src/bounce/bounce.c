#include "bounce/bounce.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

enum {
	/* So far behind the last thing that was found a reply still goes on;
	 * one is 510 octets long, and a report folds it. */
	REACH = 800,
	SPACE_MAX = 100, /* so much white space may stand for a blank */
	STAMP_LEN = 20   /* "2026-11-21T18:05:42Z" */
};

/* The text that is read and the reply in it.  Only when a reply ends can be
 * told which of what was found in it belongs together. */
struct reading {
	const char *text; /* borrowed; may hold NUL */
	size_t len;
	size_t noted;              /* where the last thing found ended */
	size_t phrase_end;         /* where the reply's last phrase ended */
	struct bounce_find common; /* SMTP code, address, end and ref */
	size_t first;              /* of out->find that is of the reply */
	bool continued; /* "450-": another line of the reply follows */
	struct bounce *out;
};

/* ---- looking at foreign bytes, never behind their end ---- */

/* A blank where there is none. */
static char
peek(const struct reading *r, size_t at)
{
	return (char)(at < r->len ? r->text[at] : ' ');
}

static char
before(const struct reading *r, size_t at)
{
	return peek(r, at > 0 ? at - 1 : r->len);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static char
upper(char c)
{
	return (char)toupper((unsigned char)c);
}

static size_t
skip_space(const struct reading *r, size_t at)
{
	size_t end = at;

	while (end < r->len && end - at < SPACE_MAX && is_space(r->text[end])) {
		end++;
	}
	return end;
}

/* How many digits stand at `at`, `most` at most. */
static size_t
count_digits(const struct reading *r, size_t at, size_t most)
{
	size_t count = 0;

	while (count < most && isdigit((unsigned char)peek(r, at + count))) {
		count++;
	}
	return count;
}

/* How many bytes at `at` are those words, in any case and with any white
 * space for a blank; 0 where they are not. */
static size_t
match_words(const struct reading *r, size_t at, const char *words)
{
	size_t end = at;

	for (; *words != '\0'; words++) {
		size_t next = end;

		if (*words == ' ') {
			next = skip_space(r, end);
		} else if (end < r->len &&
			   upper(r->text[end]) == upper(*words)) {
			next++;
		}
		if (next == end) {
			return 0;
		}
		end = next;
	}
	return end - at;
}

/* How many bytes at `at` are an enhanced code "4.7.1" (RFC 3463), or 0. */
static size_t
match_enhanced(const struct reading *r, size_t at)
{
	size_t end = at + 1;

	if (peek(r, at) != '4' && peek(r, at) != '5') {
		return 0;
	}
	for (int part = 0; part < 2; part++) {
		size_t digits = count_digits(r, end + 1, 3);

		if (peek(r, end) != '.' || digits == 0) {
			return 0;
		}
		end += 1 + digits;
	}
	/* What goes on is an IP address or a version. */
	if (is_word(peek(r, end)) ||
	    (peek(r, end) == '.' && count_digits(r, end + 1, 1) > 0)) {
		return 0;
	}
	return end - at;
}

/* ---- the reply ---- */

static bool
same_or_missing(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

static bool
same_thing(const struct bounce_find *a, const struct bounce_find *b)
{
	return a->meaning == b->meaning && a->providers == b->providers &&
	       strcmp(a->own, b->own) == 0;
}

static void
complete_text(char *to, size_t size, const char *from)
{
	if (to[0] == '\0') {
		memcpy(to, from, size);
	}
}

/* Take over what `to` does not know yet. */
static void
complete(struct bounce_find *to, const struct bounce_find *from)
{
	const char *code;

	complete_text(to->code, sizeof(to->code), from->code);
	complete_text(to->enhanced, sizeof(to->enhanced), from->enhanced);
	complete_text(to->ref, sizeof(to->ref), from->ref);
	to->ends = to->ends != 0 ? to->ends : from->ends;
	if (!to->has_address) {
		to->has_address = from->has_address;
		to->address = from->address;
	}
	code = to->code[0] != '\0' ? to->code : to->enhanced;
	to->outcome = code[0] == '4'        ? BOUNCE_TEMPORARY
		      : code[0] != '\0'     ? BOUNCE_FINAL
		      : to->meaning != NULL ? to->meaning->outcome
					    : BOUNCE_UNSAID;
}

/* Whether they can be one thing that was said twice. */
static bool
may_be_one(const struct bounce_find *a, const struct bounce_find *b)
{
	return same_thing(a, b) && same_or_missing(a->code, b->code) &&
	       same_or_missing(a->enhanced, b->enhanced) &&
	       same_or_missing(a->ref, b->ref) &&
	       (a->ends == 0 || b->ends == 0 || a->ends == b->ends) &&
	       (!a->has_address || !b->has_address ||
		   addr_equal(&a->address, &b->address));
}

static void
add_find(struct reading *r, const struct bounce_find *find)
{
	struct bounce *out = r->out;

	for (size_t i = r->first; i < out->finds; i++) {
		if (same_thing(&out->find[i], find)) {
			return; /* said twice */
		}
	}
	if (out->finds == BOUNCE_FINDS_MAX) {
		out->more = true;
		return;
	}
	out->find[out->finds++] = *find;
}

/* Keep what the reply comes to, and begin another one. */
static void
end_reply(struct reading *r)
{
	const uint32_t videur = bounce_bit(BOUNCE_VIDEUR);
	struct bounce *out = r->out;
	uint32_t coded = 0; /* providers whose known codes stand in it */
	size_t kept = r->first;

	if (!r->common.has_address && r->common.ends == 0) {
		r->common.ref[0] = '\0'; /* of another's page */
	}
	if (out->finds == r->first && r->common.ends != 0) {
		/* videur's form with a phrase of the host's own. */
		add_find(r, &(struct bounce_find){ .providers = videur,
				.meaning = bounce_meaning(videur, "") });
	}
	for (size_t i = r->first; i < out->finds; i++) {
		if (out->find[i].own[0] != '\0' &&
		    out->find[i].meaning != NULL) {
			coded |= out->find[i].providers;
		}
	}
	for (size_t i = r->first; i < out->finds; i++) {
		struct bounce_find find = out->find[i];
		size_t same = 0;

		/* A phrase beside a code of its provider says no more. */
		if (find.own[0] == '\0' && (find.providers & coded) != 0) {
			continue;
		}
		complete(&find, &r->common);
		while (same < kept && !may_be_one(&out->find[same], &find)) {
			same++;
		}
		if (same < kept) {
			complete(&out->find[same], &find);
		} else {
			out->find[kept++] = find;
		}
	}
	out->finds = r->first = kept;
	r->common = (struct bounce_find){ .ends = 0 };
	r->continued = false;
	r->phrase_end = r->len + 1;
}

/* ---- what may stand at a place; each gives back how many bytes it took ---- */

/* An empty line ends a reply. */
static size_t
read_gap(struct reading *r, size_t at)
{
	size_t next = at + (peek(r, at + 1) == '\r') + 1;

	if (peek(r, at) != '\n' || next >= r->len || r->text[next] != '\n') {
		return 0;
	}
	end_reply(r);
	return 1;
}

/* "450 4.7.1 ", "450-4.7.1 ", "421 ". */
static size_t
read_code(struct reading *r, size_t at)
{
	char ahead = before(r, at);
	char behind = peek(r, at + 3);
	size_t enhanced;

	if (ahead == '\0' ||
	    (!is_space(ahead) && strchr("(<>\"';,", ahead) == NULL) ||
	    count_digits(r, at, 3) < 3 ||
	    (r->text[at] != '4' && r->text[at] != '5') ||
	    r->text[at + 1] > '5' || (!is_space(behind) && behind != '-')) {
		return 0;
	}
	if (!r->continued || memcmp(r->common.code, r->text + at, 3) != 0) {
		end_reply(r);
		memcpy(r->common.code, r->text + at, 3);
	}
	r->continued = behind == '-';
	enhanced = match_enhanced(r, at + 4);
	if (enhanced > 0 && r->text[at + 4] == r->text[at]) {
		memcpy(r->common.enhanced, r->text + at + 4, enhanced);
		r->common.enhanced[enhanced] = '\0';
		return 4 + enhanced;
	}
	return 3;
}

/* Alone, as in "Status: 4.7.1" and "dsn=4.7.1". */
static size_t
read_enhanced(struct reading *r, size_t at)
{
	size_t len = match_enhanced(r, at);

	if (len == 0 || before(r, at) == '.' || before(r, at) == ':' ||
	    r->common.code[0] != '\0') {
		return 0;
	}
	if (r->out->finds > r->first) {
		end_reply(r);
	}
	memcpy(r->common.enhanced, r->text + at, len);
	r->common.enhanced[len] = '\0';
	return len;
}

/* The length of the number of a code: "027_503", "AAA_503", "_503", "503",
 * or, where no origin may stand before it, the last of these; or 0. */
static size_t
number_at(const struct reading *r, size_t at, bool with_origin)
{
	size_t origin = 0;

	while (origin < 3 && isalnum((unsigned char)peek(r, at + origin))) {
		origin++;
	}
	if (with_origin && (origin == 0 || origin == 3) &&
	    peek(r, at + origin) == '_' &&
	    count_digits(r, at + origin + 1, 3) == 3) {
		return origin + 4;
	}
	return count_digits(r, at, 3) == 3 ? 3 : 0;
}

/* The providers' codes. */
static size_t
read_own(struct reading *r, size_t at)
{
	static const struct {
		const char *begins;
		enum bounce_provider provider;
		bool with_origin;
	} codes[] = {
		{ "LPN", BOUNCE_LAPOSTE, true },
		{ "OFR", BOUNCE_ORANGE, true },
		{ "OUK", BOUNCE_ORANGE, true },
		{ "SFR_IN_", BOUNCE_SFR, false },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct bounce_find find = {
			.providers = bounce_bit(codes[i].provider),
		};
		size_t begins = match_words(r, at, codes[i].begins);
		size_t number = number_at(r, at + begins, codes[i].with_origin);
		size_t len = begins + number;
		size_t open = skip_space(r, at + len);
		const char *reason = find.own + len - 3;

		if (begins == 0 || number == 0 || is_word(peek(r, at + len))) {
			continue;
		}
		for (size_t j = 0; j < len && j + 1 < sizeof(find.own); j++) {
			find.own[j] = upper(r->text[at + j]);
		}
		find.meaning = bounce_meaning(find.providers, reason);
		add_find(r, &find);
		/* "[999]" behind a code of Orange says the same once more. */
		return peek(r, open) == '[' &&
			       count_digits(r, open + 1, 3) == 3 &&
			       memcmp(r->text + open + 1, reason, 3) == 0 &&
			       peek(r, open + 4) == ']'
			   ? open + 5 - at
			   : len;
	}
	return 0;
}

static size_t
read_phrase(struct reading *r, size_t at)
{
	const struct bounce_table *table = bounce_table();
	struct bounce_find find = { .phrase = NULL };
	size_t longest = 0;

	for (size_t i = 0; i < table->phrases; i++) {
		const struct bounce_phrase *phrase = &table->phrase[i];
		size_t len = match_words(r, at, phrase->text);

		if (len > longest && !is_word(peek(r, at + len))) {
			longest = len;
			find.phrase = phrase->text;
			find.meaning = phrase->meaning;
			find.providers = phrase->meaning->providers;
		}
	}
	if (longest > 0) {
		add_find(r, &find);
		r->phrase_end = at + longest;
	}
	return longest;
}

/* "[192.0.2.7]", where what stands around it tells that videur wrote it. */
static size_t
read_address(struct reading *r, size_t at)
{
	char word[ADDR_TEXT_SIZE];
	size_t len = 0;
	size_t end;
	struct addr address;

	if (peek(r, at) != '[' || r->common.has_address) {
		return 0;
	}
	while (len + 1 < sizeof(word) && peek(r, at + 1 + len) != ']' &&
	       !is_space(peek(r, at + 1 + len))) {
		word[len] = r->text[at + 1 + len];
		len++;
	}
	word[len] = '\0';
	end = at + len + 2;
	if (peek(r, end - 1) != ']' || strlen(word) != len ||
	    !addr_parse(word, &address) ||
	    ((r->phrase_end > at || skip_space(r, r->phrase_end) != at) &&
		match_words(r, end, ", blocked until ") == 0 &&
		match_words(r, end, ". See http") == 0)) {
		return 0;
	}
	r->common.has_address = true;
	r->common.address = address;
	return len + 2;
}

static size_t
read_until(struct reading *r, size_t at)
{
	size_t len = match_words(r, at, "blocked until ");
	char stamp[STAMP_LEN + 1] = "";
	int64_t ends;

	if (len == 0 || r->len - at - len < STAMP_LEN) {
		return 0;
	}
	memcpy(stamp, r->text + at + len, STAMP_LEN);
	if (stamp[STAMP_LEN - 1] != 'Z' || !text_to_time(stamp, &ends)) {
		return 0;
	}
	if (r->common.ends == 0) {
		r->common.ends = ends;
	}
	return len + STAMP_LEN;
}

/* "ref=7K2M9Q" in the address of a page: Crockford's base 32. */
static size_t
read_ref(struct reading *r, size_t at)
{
	size_t len = match_words(r, at, "ref=");
	char ref[BAN_REF_SIZE] = "";

	if (len == 0 || (before(r, at) != '?' && before(r, at) != '&') ||
	    is_word(peek(r, at + len + BAN_REF_SIZE - 1))) {
		return 0;
	}
	for (size_t i = 0; i + 1 < sizeof(ref); i++) {
		ref[i] = upper(peek(r, at + len + i));
		if (!isalnum((unsigned char)ref[i]) ||
		    strchr("ILOU", ref[i]) != NULL) {
			return 0;
		}
	}
	complete_text(r->common.ref, sizeof(ref), ref);
	return len + BAN_REF_SIZE - 1;
}

bool
bounce_decode(const char *text, size_t len, struct bounce *out)
{
	static size_t (*const readers[])(struct reading * r, size_t at) = {
		read_gap,
		read_code,
		read_enhanced,
		read_own,
		read_phrase,
		read_address,
		read_until,
		read_ref,
	};
	struct reading r = {
		.text = text,
		.len = len,
		.phrase_end = len + 1,
		.out = out,
	};
	bool known = false;

	*out = (struct bounce){ .finds = 0 };
	for (size_t at = 0; at < len && !out->more;) {
		/* Nothing begins inside a word. */
		const bool inside = is_word(before(&r, at)) &&
				    is_word(text[at]);
		size_t taken = 0;

		if (at - r.noted > REACH) {
			end_reply(&r);
			r.noted = at;
		}
		for (size_t i = 0; !inside && taken == 0 &&
				   i < sizeof(readers) / sizeof(readers[0]);
		     i++) {
			taken = readers[i](&r, at);
		}
		r.noted = taken > 0 ? at + taken : r.noted;
		at += taken > 0 ? taken : 1;
	}
	end_reply(&r);
	for (size_t i = 0; i < out->finds; i++) {
		known |= out->find[i].meaning != NULL;
	}
	return known;
}
