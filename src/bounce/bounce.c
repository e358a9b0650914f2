#include "bounce/bounce.h"

#include <string.h>

#include "base/text.h"
#include "bounce/bounce_bytes.h"
#include "bounce/bounce_reply.h"
#include "bounce/bounce_table.h"

enum {
	/* So far behind the last thing that was found a reply still goes on;
	 * one is 510 octets long, and a report folds it. */
	REACH = 800,
	STAMP_LEN = 20 /* "2026-11-21T18:05:42Z" */
};

static const char *const provider_names[BOUNCE_PROVIDERS][2] = {
	[BOUNCE_FRANCESERV] = { "franceserv", "FranceServ" },
	[BOUNCE_FREE] = { "free", "Free" },
	[BOUNCE_SFR] = { "sfr", "SFR" },
	[BOUNCE_LAPOSTE] = { "laposte", "laposte.net" },
	[BOUNCE_ORANGE] = { "orange", "Orange" },
	[BOUNCE_VIDEUR] = { "videur", "a host that runs videur" },
};

/* The providers' codes by what they begin with. */
static const struct prefix {
	const char *text;
	uint32_t provider;
	bool numbered; /* LPN027_503, LPN503, LPN_503; else three digits */
} prefixes[] = {
	{ "LPN", 1U << BOUNCE_LAPOSTE, true },
	{ "OFR", 1U << BOUNCE_ORANGE, true },
	{ "OUK", 1U << BOUNCE_ORANGE, true },
	{ "SFR_IN_", 1U << BOUNCE_SFR, false },
};

struct reading {
	struct bytes in;
	struct bounce *out;
	struct bounce_reply reply;
	size_t noted;      /* where the last thing that was found ended */
	size_t phrase_end; /* where the reply's last phrase ended */
};

const char *
bounce_provider_name(enum bounce_provider provider)
{
	return provider_names[provider][0];
}

const char *
bounce_provider_title(enum bounce_provider provider)
{
	return provider_names[provider][1];
}

static void
end_reply(struct reading *r)
{
	bounce_reply_end(&r->reply, r->out);
	r->phrase_end = r->in.len + 1;
}

static void
add_find(struct reading *r, const struct bounce_find *find)
{
	if (!bounce_reply_add(&r->reply, find)) {
		r->out->more = true;
	}
}

/* ---- what may stand at a place; each gives back how many bytes it took ---- */

/* An empty line ends a reply. */
static size_t
read_gap(struct reading *r, size_t at)
{
	size_t next = at + (bytes_peek(&r->in, at + 1) == '\r') + 1;

	if (bytes_peek(&r->in, at) != '\n' || next >= r->in.len ||
	    r->in.text[next] != '\n') {
		return 0;
	}
	end_reply(r);
	return 1;
}

static void
keep_enhanced(struct reading *r, size_t at, size_t len)
{
	struct text text;

	text_init(
	    &text, r->reply.common.enhanced, sizeof(r->reply.common.enhanced));
	text_add_bytes(&text, r->in.text + at, len);
}

static bool
opens_reply(char before)
{
	return bytes_is_space(before) || strchr("(<>\"';,", before) != NULL;
}

/* "450 4.7.1 ", "450-4.7.1 ", "421 ". */
static size_t
read_code(struct reading *r, size_t at)
{
	char before = bytes_before(&r->in, at);
	char behind = bytes_peek(&r->in, at + 3);
	size_t enhanced;
	bool same;

	if (before == '\0' || !opens_reply(before) ||
	    !bytes_are_digits(&r->in, at, 3) ||
	    (r->in.text[at] != '4' && r->in.text[at] != '5') ||
	    r->in.text[at + 1] > '5' ||
	    (!bytes_is_space(behind) && behind != '-')) {
		return 0;
	}
	same = r->reply.continued &&
	       memcmp(r->reply.common.code, r->in.text + at, 3) == 0;
	if (!same) {
		end_reply(r);
		memcpy(r->reply.common.code, r->in.text + at, 3);
	}
	r->reply.continued = behind == '-';
	enhanced = bytes_enhanced(&r->in, at + 4);
	if (enhanced > 0 && r->in.text[at + 4] == r->in.text[at]) {
		keep_enhanced(r, at + 4, enhanced);
		return 4 + enhanced;
	}
	return 3;
}

/* Alone, as in "Status: 4.7.1" and "dsn=4.7.1". */
static size_t
read_enhanced(struct reading *r, size_t at)
{
	char before = bytes_before(&r->in, at);
	size_t len = before == '.' || before == ':'
			 ? 0
			 : bytes_enhanced(&r->in, at);

	if (len == 0 || r->reply.common.code[0] != '\0') {
		return 0;
	}
	if (r->reply.finds > 0) {
		end_reply(r);
	}
	keep_enhanced(r, at, len);
	return len;
}

/* The length of "027_503", "AAA_503", "_503" or "503", or 0. */
static size_t
number_at(const struct reading *r, size_t at)
{
	size_t origin = 0;

	while (origin < 3 &&
	       (bytes_is_digit(bytes_peek(&r->in, at + origin)) ||
		   bytes_is_letter(bytes_peek(&r->in, at + origin)))) {
		origin++;
	}
	if ((origin == 0 || origin == 3) &&
	    bytes_peek(&r->in, at + origin) == '_' &&
	    bytes_are_digits(&r->in, at + origin + 1, 3)) {
		return origin + 4;
	}
	return bytes_are_digits(&r->in, at, 3) ? 3 : 0;
}

/* "[999]" behind a code of Orange says the same once more. */
static size_t
echo_at(const struct reading *r, size_t at, const char *reason)
{
	size_t open = bytes_skip_space(&r->in, at);

	return bytes_peek(&r->in, open) == '[' &&
		       bytes_are_digits(&r->in, open + 1, 3) &&
		       memcmp(r->in.text + open + 1, reason, 3) == 0 &&
		       bytes_peek(&r->in, open + 4) == ']'
		   ? open + 5 - at
		   : 0;
}

/* How many bytes are a whole code of that prefix, or 0. */
static size_t
own_at(const struct reading *r, size_t at, const struct prefix *prefix)
{
	size_t start = bytes_words(&r->in, at, prefix->text);
	size_t number = 0;

	if (start > 0 && prefix->numbered) {
		number = number_at(r, at + start);
	} else if (start > 0) {
		number = bytes_are_digits(&r->in, at + start, 3) ? 3 : 0;
	}
	return number == 0 ||
		       bytes_is_word(bytes_peek(&r->in, at + start + number))
		   ? 0
		   : start + number;
}

static size_t
read_prefixed(struct reading *r, size_t at, const struct prefix *prefix)
{
	size_t len = own_at(r, at, prefix);
	struct bounce_find find = { .providers = prefix->provider };
	const char *reason;

	if (len == 0) {
		return 0;
	}
	for (size_t i = 0; i < len && i + 1 < sizeof(find.own); i++) {
		find.own[i] = bytes_upper(r->in.text[at + i]);
	}
	reason = find.own + len - 3;
	find.meaning = bounce_meaning(prefix->provider, reason);
	add_find(r, &find);
	return len + echo_at(r, at + len, reason);
}

static size_t
read_own(struct reading *r, size_t at)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = read_prefixed(r, at, &prefixes[i]);

		if (len > 0) {
			return len;
		}
	}
	return 0;
}

static size_t
read_phrase(struct reading *r, size_t at)
{
	const struct bounce_phrase *best = NULL;
	const struct bounce_phrase *phrase;
	size_t longest = 0;

	for (size_t i = 0; (phrase = bounce_phrase(i)) != NULL; i++) {
		size_t len = bytes_whole_words(&r->in, at, phrase->text);

		if (len > longest) {
			longest = len;
			best = phrase;
		}
	}
	if (best != NULL) {
		add_find(r,
		    &(struct bounce_find){ .providers = best->providers,
			.meaning = bounce_meaning(best->providers, best->key),
			.phrase = best->text });
		r->phrase_end = at + longest;
	}
	return longest;
}

/* Whether what stands behind "[192.0.2.7]" tells that videur wrote it. */
static bool
is_videur(const struct reading *r, size_t open, size_t end)
{
	bool behind_phrase = r->phrase_end <= open &&
			     bytes_skip_space(&r->in, r->phrase_end) == open;

	return behind_phrase ||
	       bytes_words(&r->in, end, ", blocked until ") > 0 ||
	       bytes_words(&r->in, end, ". See http") > 0;
}

static size_t
read_address(struct reading *r, size_t at)
{
	char word[ADDR_TEXT_SIZE];
	size_t len = 0;
	struct addr address;

	if (bytes_peek(&r->in, at) != '[' || r->reply.common.has_address) {
		return 0;
	}
	while (len + 1 < sizeof(word) &&
	       !bytes_is_space(bytes_peek(&r->in, at + 1 + len)) &&
	       bytes_peek(&r->in, at + 1 + len) != ']') {
		word[len] = r->in.text[at + 1 + len];
		len++;
	}
	word[len] = '\0';
	if (bytes_peek(&r->in, at + 1 + len) != ']' || strlen(word) != len ||
	    !addr_parse(word, &address) || !is_videur(r, at, at + len + 2)) {
		return 0;
	}
	r->reply.common.has_address = true;
	r->reply.common.address = address;
	return len + 2;
}

static size_t
read_end(struct reading *r, size_t at)
{
	size_t len = bytes_words(&r->in, at, "blocked until ");
	char stamp[STAMP_LEN + 1];
	int64_t ends;

	if (len == 0 || r->in.len - at - len < STAMP_LEN) {
		return 0;
	}
	memcpy(stamp, r->in.text + at + len, STAMP_LEN);
	stamp[STAMP_LEN] = '\0';
	if (stamp[STAMP_LEN - 1] != 'Z' || !text_to_time(stamp, &ends)) {
		return 0;
	}
	if (r->reply.common.ends == 0) {
		r->reply.common.ends = ends;
	}
	return len + STAMP_LEN;
}

/* "ref=7K2M9Q" in the address of a page: Crockford's base 32. */
static size_t
read_ref(struct reading *r, size_t at)
{
	size_t len = bytes_words(&r->in, at, "ref=");
	char before = bytes_before(&r->in, at);
	char ref[BAN_REF_SIZE] = "";

	if (len == 0 || (before != '?' && before != '&') ||
	    bytes_is_word(bytes_peek(&r->in, at + len + BAN_REF_SIZE - 1))) {
		return 0;
	}
	for (size_t i = 0; i + 1 < sizeof(ref); i++) {
		char c = bytes_upper(bytes_peek(&r->in, at + len + i));

		if (!bytes_is_digit(c) &&
		    (!bytes_is_letter(c) || strchr("ILOU", c) != NULL)) {
			return 0;
		}
		ref[i] = c;
	}
	if (r->reply.common.ref[0] == '\0') {
		memcpy(r->reply.common.ref, ref, sizeof(ref));
	}
	return len + BAN_REF_SIZE - 1;
}

/* Take what begins at `at`; gives back how many bytes it was, at least 1. */
static size_t
read_one(struct reading *r, size_t at)
{
	static size_t (*const readers[])(struct reading * r, size_t at) = {
		read_gap,
		read_code,
		read_enhanced,
		read_own,
		read_phrase,
		read_address,
		read_end,
		read_ref,
	};

	if (bytes_is_word(bytes_before(&r->in, at)) &&
	    bytes_is_word(r->in.text[at])) {
		return 1; /* inside a word */
	}
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		size_t len = readers[i](r, at);

		if (len > 0) {
			r->noted = at + len;
			return len;
		}
	}
	return 1;
}

bool
bounce_decode(const char *text, size_t len, struct bounce *out)
{
	struct reading r = {
		.in = { .text = text, .len = len },
		.out = out,
		.phrase_end = len + 1,
	};

	*out = (struct bounce){ .finds = 0 };
	for (size_t at = 0; at < len && !out->more;) {
		if (at - r.noted > REACH) {
			end_reply(&r);
			r.noted = at;
		}
		at += read_one(&r, at);
	}
	end_reply(&r);
	return out->known > 0;
}
