#include "web/visitor.h"

#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"

enum {
	WORD_SIZE = 64, /* "[v6]:port" */
	V6_BITS = 64
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
bare(const char *at, size_t len, char word[static WORD_SIZE])
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
	text_init(&out, word, WORD_SIZE);
	text_add_bytes(&out, at, len);
	return !out.cut;
}

/* Read "192.0.2.7", "192.0.2.7:4711", "2001:db8::7" or "[2001:db8::7]:4711",
 * blanks around it allowed. */
static bool
read_item(const char *at, size_t len, struct addr *out)
{
	char item[WORD_SIZE];
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

enum visitor_asks
visitor_asks(const char *typed, struct addr *out)
{
	char buf[WORD_SIZE];
	char *word = buf;
	struct addr host;
	struct net net;
	size_t len;

	if (!bare(typed, strlen(typed), buf)) {
		return VISITOR_ASKS_NO_ADDRESS;
	}
	len = strlen(word);
	if (len > 1 && word[0] == '[' && word[len - 1] == ']') {
		word[len - 1] = '\0';
		word++;
	}
	if (!addr_parse(word, out)) {
		return net_read(word, &host, &net) ? VISITOR_ASKS_NETWORK
						   : VISITOR_ASKS_NO_ADDRESS;
	}
	return standing_never_banned(out) ? VISITOR_ASKS_NEVER
					  : VISITOR_ASKS_FINE;
}

/* ---- how often ---- */

void
rate_init(struct rate *rate)
{
	*rate = (struct rate){ .entry = { { { 0 } } } };
	(void)pthread_mutex_init(&rate->lock, NULL);
	proc_random(rate->key, sizeof(rate->key));
}

/* The visitor's entry, or the place of whoever has the most left. */
static struct rate_entry *
find(struct rate *rate, uint64_t who)
{
	struct rate_entry *set = rate->entry[who % RATE_SETS];
	struct rate_entry *place = set;

	for (size_t i = 0; i < RATE_PLACES; i++) {
		if (set[i].who == who) {
			return &set[i];
		}
		if (set[i].full_at < place->full_at) {
			place = &set[i];
		}
	}
	*place = (struct rate_entry){ .who = who };
	return place;
}

bool
rate_take(struct rate *rate, const struct addr *visitor, unsigned per_minute,
    int64_t ticks, int64_t *wait)
{
	const int64_t now = ticks * A_MILLI;
	struct net who = net_around(visitor, 32, V6_BITS);
	struct rate_entry *entry;
	int64_t full_at;
	bool fine;

	*wait = 0;
	if (per_minute == 0) {
		return true;
	}
	(void)pthread_mutex_lock(&rate->lock);
	entry = find(rate, hash_bytes(rate->key, &who.addr, sizeof(who.addr)));
	full_at = (entry->full_at > now ? entry->full_at : now) +
		  MINUTE / per_minute;
	fine = full_at <= now + MINUTE;
	if (fine) {
		entry->full_at = full_at;
	} else {
		*wait = (full_at - now - MINUTE + 999999) / 1000000;
	}
	(void)pthread_mutex_unlock(&rate->lock);
	return fine;
}
