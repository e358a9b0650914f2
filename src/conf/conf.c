#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

bool
conf_is_policy_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < POLICY_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

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
conf_allows(const struct conf *conf, const struct addr *address)
{
	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains_addr(&conf->allow[i], address)) {
			return true;
		}
	}
	return false;
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
