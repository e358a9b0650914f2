/*
 * What is asked of a configuration that was read.
 */
#include <pthread.h>
#include <string.h>

#include "base/proc.h"
#include "conf/conf.h"
#include "conf/grammar.h"

enum {
	OWN_MAX = 256
};

bool
conf_is_mail(const char *text)
{
	char field[CONF_TEXT_SIZE];
	const struct key key = { .size = sizeof(field) };

	return text[0] != '\0' && field_mail(&key, field, text) == NULL;
}

const char *
conf_mode_name(enum conf_mode mode)
{
	return mode == CONF_OBSERVE ? "observe" : "enforce";
}

const char *
conf_paragraph(const struct conf *conf, const char *tag)
{
	for (size_t i = 0; i < LANGUAGES_MAX; i++) {
		if (strcmp(conf->web.paragraph_in[i].tag, tag) == 0) {
			return conf->web.paragraph_in[i].text;
		}
	}
	return conf->web.paragraph;
}

bool
conf_shares(const struct conf *conf)
{
	return conf->share_database[0] != '\0' && conf->share_name[0] != '\0';
}

bool
conf_watches(const struct conf *conf)
{
	return strcmp(conf->watch.journal, "no") != 0 ||
	       conf->watch.files.items > 0;
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

bool
conf_is_own(const struct net *client, int64_t age)
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
conf_allows(const struct conf *conf, const struct addr *address)
{
	const struct net client = net_cut(address, ADDR_BITS);

	for (size_t i = 0; i < conf->allows; i++) {
		if (net_contains_addr(&conf->allow[i], address)) {
			return true;
		}
	}
	return conf_is_own(&client, CONF_OWN_AGE);
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
conf_counted_by(const struct conf *conf, enum kind kind, enum conf_source who)
{
	return conf_counts(conf, kind, who, NULL) ||
	       (conf->source[kind] == CONF_UNSAID && who == CONF_WATCH &&
		   (kind == KIND_SPAM || kind == KIND_VIRUS) &&
		   conf->scanner_log.items > 0);
}

bool
conf_names_open(const struct conf *conf)
{
	return conf->contact[0] != '\0' || conf->web.abuse[0] != '\0' ||
	       conf->always_open.items > 0;
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

char *
conf_policy_hash(const struct conf *conf, char text[static HASH_TEXT_SIZE])
{
	static const unsigned char key[HASH_KEY_SIZE];

	return hash_text(key, &conf->policy, sizeof(conf->policy), text);
}
