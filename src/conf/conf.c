#include "conf/conf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"

enum {
	OWN_MAX = 256,
	OWN_AGE = 60 * 1000 /* milliseconds */
};

struct conf *
conf_hold(struct conf *conf)
{
	(void)__atomic_add_fetch(&conf->references, 1, __ATOMIC_RELAXED);
	return conf;
}

void
conf_drop(struct conf *conf)
{
	/* Release and acquire: what others did with it comes before free. */
	if (conf != NULL &&
	    __atomic_sub_fetch(&conf->references, 1, __ATOMIC_ACQ_REL) == 0) {
		free(conf);
	}
}

bool
conf_list_has(const struct conf_list *list, const char *text)
{
	for (size_t i = 0; i < list->items; i++) {
		if (strcmp(list->item[i], text) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether an address of this host is in `client`, by what was known at most `age` milliseconds ago. */
static bool
is_own(const struct net *client, int64_t age)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct net own[OWN_MAX];
	static size_t owns;
	static int64_t read_at;
	const int64_t now = proc_ticks();
	bool found = false;

	(void)pthread_mutex_lock(&lock);
	if (owns == 0 || now - read_at >= age) {
		owns = proc_own_addresses(own, OWN_MAX);
		read_at = now;
	}
	for (size_t i = 0; i < owns && !found; i++) {
		found = net_contains(client, &own[i]);
	}
	(void)pthread_mutex_unlock(&lock);
	return found;
}

bool
conf_is_own(const struct net *client)
{
	return is_own(client, 0);
}

bool
conf_allows(const struct conf *conf, const struct addr *address)
{
	const struct net client = net_cut(address, ADDR_BITS);

	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains_addr(&conf->allow[i], address)) {
			return true;
		}
	}
	return is_own(&client, OWN_AGE);
}

bool
conf_counts(const struct conf *conf, enum kind kind, enum conf_source who,
    const char *rule_file)
{
	if (conf->source[kind] != CONF_UNSAID) {
		return conf->source[kind] == who;
	}
	if (kind != KIND_SPAM && kind != KIND_VIRUS) {
		return strcmp(kind_source(kind),
			   who == CONF_MILTER ? "milter" : "watch") == 0;
	}
	/* A heuristic one in a virus header may be spam. */
	return who == CONF_MILTER
		   ? conf->milter.spam_header.items +
			     conf->milter.virus_header.items >
			 0
		   : rule_file != NULL &&
			 conf_list_has(&conf->scanner_log, rule_file);
}

bool
conf_forwards(const struct conf *conf, const struct net *client)
{
	for (size_t i = 0; i < conf->forwarders; i++) {
		if (net_contains(&conf->forwarder[i], client) ||
		    net_contains(client, &conf->forwarder[i])) {
			return true;
		}
	}
	return false;
}
