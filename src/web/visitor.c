#include "web/visitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/proc.h"
#include "base/text.h"
#include "bounce/bounce.h"
#include "conf/conf.h"
#include "core/standing.h"

enum {
	V6_BITS = 64,
	WEIGHT_ONE = 1000,
	NOT_NAMED = -1
};

#define MINUTE  INT64_C(60000000) /* in microseconds */
#define A_MILLI INT64_C(1000)

/* ---- who is asking ---- */

bool
visitor_is_proxy(const struct conf *conf, const struct addr *address)
{
	for (size_t i = 0; i < conf->web.trusted_proxies; i++) {
		if (net_contains_addr(&conf->web.trusted_proxy[i], address)) {
			return true;
		}
	}
	return false;
}

/* Copy what stands between blanks; false where it does not fit. */
static bool
bare(const char *at, size_t len, char word[static VISITOR_WORD_SIZE])
{
	static const char blanks[] = " \t\r\n";
	struct text out;

	while (len > 0 && strchr(blanks, at[0]) != NULL) {
		at++;
		len--;
	}
	while (len > 0 && strchr(blanks, at[len - 1]) != NULL) {
		len--;
	}
	text_init(&out, word, VISITOR_WORD_SIZE);
	text_add_bytes(&out, at, len);
	return !out.cut;
}

/* Read "192.0.2.7", "192.0.2.7:4711", "2001:db8::7" or "[2001:db8::7]:4711",
 * blanks around it allowed. */
static bool
read_item(const char *at, size_t len, struct addr *out)
{
	char item[VISITOR_WORD_SIZE];
	char *colon;

	if (!bare(at, len, item)) {
		return false;
	}
	if (item[0] == '[') {
		item[strcspn(item, "]")] = '\0';
		return addr_parse(item + 1, out);
	}
	colon = strchr(item, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*colon = '\0';
	}
	return addr_parse(item, out);
}

bool
visitor_address(const struct conf *conf, const struct sockaddr *peer,
    const char *forwarded, struct addr *out)
{
	const bool inside = peer != NULL && peer->sa_family == AF_UNIX;
	const char *end = forwarded + strlen(forwarded);
	struct addr address = { { 0 } };

	if (!inside && !addr_from_sockaddr(peer, &address)) {
		return false;
	}
	if (end == forwarded ||
	    (!inside && !visitor_is_proxy(conf, &address))) {
		*out = address;
		return !inside;
	}
	/* The rightmost that is not a trusted proxy's, or the leftmost. */
	for (;;) {
		const char *comma = memrchr(
		    forwarded, ',', (size_t)(end - forwarded));
		const char *item = comma != NULL ? comma + 1 : forwarded;

		if (!read_item(item, (size_t)(end - item), out)) {
			return false;
		}
		if (comma == NULL || !visitor_is_proxy(conf, out)) {
			return true;
		}
		end = comma;
	}
}

/* ---- for whom ---- */

static enum visitor_asks
judge_address(const struct addr *address)
{
	const struct net net = net_cut(address, ADDR_BITS);

	return standing_never_banned(address)    ? VISITOR_ASKS_NEVER
	       : conf_is_own(&net, CONF_OWN_AGE) ? VISITOR_ASKS_US
						 : VISITOR_ASKS_FINE;
}

/* Look at the words of a text, for those that are addresses. */
static enum visitor_asks
find_address(const char *text, struct addr *out)
{
	static const char of_word[] = TEXT_ALNUM ".:";
	enum visitor_asks best = VISITOR_ASKS_NO_ADDRESS;

	while (*text != '\0' && best != VISITOR_ASKS_FINE) {
		const size_t len = strspn(text, of_word);
		const size_t tag = strncasecmp(text, "IPv6:", 5) == 0 ? 5 : 0;
		size_t end = len;
		struct addr address;

		/* The end of a sentence, or of what goes before a bounce. */
		while (end > tag && strchr(".:", text[end - 1]) != NULL) {
			end--;
		}
		if (read_item(text + tag, end - tag, &address)) {
			const enum visitor_asks found = judge_address(&address);

			if (best == VISITOR_ASKS_NO_ADDRESS ||
			    found == VISITOR_ASKS_FINE) {
				best = found;
				*out = address;
			}
		}
		text += len + (text[len] != '\0');
	}
	return best;
}

enum visitor_asks
visitor_asks(const char *typed, bool pasted, struct visitor_asked *out)
{
	const char *ref = strcasestr(typed, "ref=");
	char word[VISITOR_WORD_SIZE];
	struct bounce bounce;
	struct addr host;
	struct net net;

	*out = (struct visitor_asked){ .ref = "" };
	if (bare(typed, strlen(typed), word) && net_read(word, &host, &net)) {
		out->address = host;
		return net.bits == ADDR_BITS ? judge_address(&host)
					     : VISITOR_ASKS_NETWORK;
	}
	if (!pasted) {
		return VISITOR_ASKS_NO_ADDRESS;
	}
	if (ref != NULL) {
		(void)snprintf(
		    out->ref, sizeof(out->ref), "%s", ref + strlen("ref="));
	}
	(void)bounce_decode(typed, strlen(typed), &bounce);
	for (size_t i = 0; i < bounce.finds; i++) {
		const struct bounce_find *find = &bounce.find[i];

		if (find->has_address &&
		    judge_address(&find->address) == VISITOR_ASKS_FINE) {
			out->address = find->address;
			memcpy(out->ref, find->ref, sizeof(out->ref));
			return VISITOR_ASKS_FINE;
		}
	}
	return find_address(typed, &out->address);
}

/* ---- several at once ---- */

/* Whether a word can be meant as nothing but an address or a network, right or
 * wrong: "192.0.2.256", "[IPv6:2001:db8::7]", "192.0.2.7:25". */
static bool
looks_like_address(const char *word)
{
	const char *at = word + (word[0] == '[');
	size_t v4;
	size_t v6;
	int dots = 0;
	int colons = 0;

	at += strncasecmp(at, "IPv6:", 5) == 0 ? 5 : 0;
	v4 = strspn(at, "0123456789.");
	v6 = strspn(at, "0123456789abcdefABCDEF.:");
	for (size_t i = 0; i < v6; i++) {
		dots += i < v4 && at[i] == '.';
		colons += at[i] == ':' ? at[i + 1] == ':' ? 7 : 1 : 0;
	}
	if (dots != 3 && colons < 7) {
		return false;
	}
	at += dots == 3 ? v4 : v6;
	return at[strspn(at, "]:/0123456789")] == '\0';
}

/* Whether a word may stand between the addresses of a list. */
static bool
joins_addresses(const char *word)
{
	static const char letters[] = TEXT_LETTERS;
	const size_t len = strcspn(word, ":");
	const size_t alphabetic = strspn(word, letters);

	return (alphabetic == len && len <= 3) ||
	       (len == 4 && (strncasecmp(word, "IPv4", len) == 0 ||
				strncasecmp(word, "IPv6", len) == 0 ||
				strncasecmp(word, "AAAA", len) == 0)) ||
	       (strpbrk(word, "0123456789") == NULL && alphabetic == 0);
}

/* The next word of a list from *at on, into `word`; false at the end, and,
 * with `word` empty, where it is too long for one. */
static bool
next_word(const char **at, char word[static VISITOR_WORD_SIZE])
{
	static const char between[] = " \t\r\n,;|\"'<>(){}";
	size_t len;

	*at += strspn(*at, between);
	len = strcspn(*at, between);
	word[0] = '\0';
	if (len == 0 || len >= VISITOR_WORD_SIZE) {
		return false;
	}
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len;
	return true;
}

size_t
visitor_list_count(const char *typed)
{
	char word[VISITOR_WORD_SIZE];
	size_t addresses = 0;

	while (next_word(&typed, word)) {
		if (looks_like_address(word)) {
			addresses++;
		} else if (!joins_addresses(word)) {
			return 1;
		}
	}
	return *typed == '\0' && addresses > 1 ? addresses : 1;
}

static void
add_item(struct visitor_list *list, const char *text, bool pasted)
{
	struct visitor_item *item = &list->item[list->count];

	if (list->count > ASKED_MAX) {
		return;
	}
	item->text = text;
	item->asks = visitor_asks(text, pasted, &item->asked);
	for (size_t i = 0; pasted && i < list->count; i++) {
		const struct visitor_item *other = &list->item[i];

		if (item->asks == VISITOR_ASKS_FINE &&
		    other->asks == item->asks &&
		    addr_equal(&item->asked.address, &other->asked.address)) {
			return;
		}
	}
	list->count++;
}

void
visitor_list_add(struct visitor_list *list, const char *typed, bool pasted)
{
	char word[VISITOR_WORD_SIZE];

	if (!pasted || visitor_list_count(typed) == 1) {
		if (!pasted || typed[strspn(typed, " \t\r\n")] != '\0') {
			add_item(list, typed, pasted);
		}
		return;
	}
	while (list->count <= ASKED_MAX && next_word(&typed, word)) {
		if (looks_like_address(word)) {
			char *copy = list->item[list->count].word;

			memcpy(copy, word, sizeof(word));
			add_item(list, copy, pasted);
		}
	}
}

/* ---- how often ---- */

void
rate_init(struct rate *rate)
{
	*rate = (struct rate){ .entry = { { { 0 } } } };
	(void)pthread_mutex_init(&rate->lock, NULL);
	proc_random(rate->key, sizeof(rate->key));
}

bool
rate_take(struct rate *rate, const struct addr *visitor, unsigned per_minute,
    unsigned requests, int64_t ticks, int64_t *wait)
{
	const int64_t now = ticks * A_MILLI;
	const struct net net = net_around(visitor, 32, V6_BITS);
	const uint64_t who = hash_bytes(rate->key, &net.addr, sizeof(net.addr));
	struct rate_entry *set = rate->entry[who % RATE_SETS];
	struct rate_entry *entry = set; /* or whoever has the most left */
	int64_t full_at;
	bool fine;

	*wait = 0;
	if (per_minute == 0) {
		return true;
	}
	requests = requests < per_minute ? requests : per_minute;
	(void)pthread_mutex_lock(&rate->lock);
	for (size_t i = 0; i < RATE_PLACES && entry->who != who; i++) {
		if (set[i].who == who || set[i].full_at < entry->full_at) {
			entry = &set[i];
		}
	}
	if (entry->who != who) {
		*entry = (struct rate_entry){ .who = who };
	}
	full_at = (entry->full_at > now ? entry->full_at : now) +
		  MINUTE * requests / per_minute;
	fine = full_at <= now + MINUTE;
	if (fine) {
		entry->full_at = full_at;
	} else {
		*wait = (full_at - now - MINUTE + 999999) / 1000000;
	}
	(void)pthread_mutex_unlock(&rate->lock);
	return fine;
}

/* ---- what is wished for ---- */

/* The weight of a header's item, "fr-CH;q=0.8", in thousandths; -1 where it is
 * none. */
static int
weight_of(const char *item)
{
	const char *at = item + strcspn(item, ";,");
	size_t len;
	double weight;

	while (*at == ';') {
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=", 2) == 0) {
			break;
		}
		at += strcspn(at, ";,");
	}
	if (*at == '\0' || *at == ',') {
		return WEIGHT_ONE;
	}
	at += strlen("q=");
	len = strspn(at, ".0123456789");
	weight = strtod(at, NULL);
	return len == 0 || len > 5 || len != strcspn(at, " \t;,") || weight > 1
		   ? NOT_NAMED
		   : (int)(weight * WEIGHT_ONE + 0.5);
}

/* The weight of a word in a header, or NOT_NAMED. */
static int
weight_in(const char *header, const char *word)
{
	int weight = NOT_NAMED;

	while (header[0] != '\0') {
		const char *item = header + strspn(header, " \t");
		const size_t len = strcspn(item, " \t;,");

		if (len == strlen(word) && strncasecmp(item, word, len) == 0 &&
		    weight_of(item) > weight) {
			weight = weight_of(item);
		}
		header = item + strcspn(item, ",");
		header += *header == ',';
	}
	return weight;
}

bool
negotiate_json(const char *accept)
{
	const int page = accept != NULL ? weight_in(accept, "text/html") : 0;

	return accept != NULL &&
	       weight_in(accept, "application/json") > (page > 0 ? page : 0);
}

/* ---- languages ---- */

/* Whether `len` bytes are the language's tag or one that it stands in for. */
static bool
goes_by(const struct language *language, const char *tag, size_t len)
{
	const char *other = language->also;

	if (strlen(language->tag) == len &&
	    strncasecmp(language->tag, tag, len) == 0) {
		return true;
	}
	for (; *other != '\0'; other += strspn(other, " \t\n")) {
		const size_t size = strcspn(other, " \t\n");

		if (size == len && strncasecmp(other, tag, len) == 0) {
			return true;
		}
		other += size;
	}
	return false;
}

/* The same; *whole is whether all of the tag is the language's. */
static const struct language *
look_up(const struct languages *spoken, const char *tag, bool *whole)
{
	const size_t size = strcspn(tag, " \t,;");
	const size_t first = strcspn(tag, " \t,;-");
	size_t len = size;

	while (len > 0) {
		for (size_t i = 0; i < spoken->count; i++) {
			*whole = len == size;
			if (goes_by(&spoken->language[i], tag, len)) {
				return &spoken->language[i];
			}
		}
		/* Without its last part, and one of a letter before it. */
		do {
			while (len > 0 && tag[--len] != '-') {
			}
		} while (len > 1 && tag[len - 2] == '-');
	}
	*whole = false;
	for (size_t i = 0; first > 0 && i < spoken->count; i++) {
		const struct language *language = &spoken->language[i];

		if (strcspn(language->tag, "-") == first &&
		    strncasecmp(language->tag, tag, first) == 0) {
			return language;
		}
	}
	return NULL;
}

const struct language *
languages_find(const struct languages *spoken, const char *tag)
{
	bool whole;

	return look_up(spoken, tag, &whole);
}

const struct language *
negotiate_language(
    const struct languages *spoken, const char *asked, const char *accept)
{
	int weights[LANGUAGES_MAX];
	size_t places[LANGUAGES_MAX];
	const struct language *found = asked != NULL
					   ? languages_find(spoken, asked)
					   : NULL;
	int others = 0; /* what is not named */
	size_t place = 0;
	size_t best = 0;
	bool whole;

	if (found != NULL || accept == NULL) {
		return found != NULL ? found : &spoken->language[0];
	}
	for (size_t i = 0; i < LANGUAGES_MAX; i++) {
		weights[i] = NOT_NAMED;
		places[i] = SIZE_MAX;
	}
	for (const char *at = accept; *at != '\0'; place++) {
		const char *item = at + strspn(at, " \t");
		const int weight = weight_of(item);

		found = look_up(spoken, item, &whole);
		if (item[0] == '*' && weight >= 0) {
			others = weight;
		} else if (found != NULL && (weight > 0 || whole) &&
			   weight > weights[found - spoken->language]) {
			weights[found - spoken->language] = weight;
			places[found - spoken->language] = place;
		}
		at = item + strcspn(item, ",");
		at += *at == ',';
	}
	for (size_t i = 0; i < spoken->count; i++) {
		if (weights[i] == NOT_NAMED) {
			weights[i] = others;
		}
		if (weights[i] > weights[best] ||
		    (weights[i] == weights[best] && weights[i] > 0 &&
			places[i] < places[best])) {
			best = i;
		}
	}
	return &spoken->language[best];
}
