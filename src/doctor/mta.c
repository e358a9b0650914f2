#include "doctor/mta.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum {
	PROGRAM_MS = 5000, /* for each program */
	FILE_MOST = 1024 * 1024,
	WORDS_MAX = 8,
	SMTP_PORT = 25
};

/* ---- running its programs ---- */

enum run_result
mta_run(const char *folder, const char *const *argv, int64_t milliseconds,
    struct run_output *output)
{
	const char *words[WORDS_MAX] = { argv[0] };
	size_t count = 1;

	if (folder[0] != '\0') {
		words[count++] = "-c";
		words[count++] = folder;
	}
	for (argv++; *argv != NULL && count + 1 < WORDS_MAX; argv++) {
		words[count++] = *argv;
	}
	return run_program(words, milliseconds, output);
}

static enum run_result
run(const struct mta *mta, const char *const *argv, struct run_output *output)
{
	return mta_run(mta->folder, argv, PROGRAM_MS, output);
}

/* ---- lists of networks and domains ---- */

/* Take an item; false where it is none. */
typedef bool adder(struct mta *mta, const char *item);

static bool
is_table(const char *item)
{
	return item[0] == '/' || strchr(item, ':') != NULL;
}

/* "192.0.2.0/24", or "[2001:db8::]/32" with its brackets. */
static bool
add_net(struct mta *mta, const char *item)
{
	char plain[NET_TEXT_SIZE];
	struct text text;
	struct net net;

	text_init(&text, plain, sizeof(plain));
	for (; *item != '\0'; item++) {
		if (*item != '[' && *item != ']') {
			text_add_char(&text, *item);
		}
	}
	if (text.cut || !net_parse(plain, &net)) {
		return false;
	}
	for (size_t i = 0; i < mta->nets; i++) {
		if (net_equal(&mta->net[i], &net)) {
			return true;
		}
	}
	if (mta->nets == MTA_NETS_MAX) {
		mta->nets_cut = true;
		return true;
	}
	mta->net[mta->nets++] = net;
	return true;
}

/* A host's name, in small letters; false where it is anything else, or names
 * no domain of the DNS. */
static bool
add_domain(struct mta *mta, const char *item)
{
	char out[MTA_DOMAIN_SIZE];
	struct text text;

	text_init(&text, out, sizeof(out));
	/* ".example.org" stands for what lies below it. */
	for (item += item[0] == '.'; *item != '\0'; item++) {
		unsigned char c = (unsigned char)*item;

		if (!isalnum(c) && strchr("-_.", c) == NULL) {
			return false;
		}
		text_add_char(&text, (char)tolower(c));
	}
	if (text.len > 0 && out[text.len - 1] == '.') {
		out[--text.len] = '\0';
	}
	if (text.cut || strchr(out, '.') == NULL || out[0] == '.' ||
	    strstr(out, "..") != NULL ||
	    text_after(out, "localhost.") != NULL ||
	    strspn(out, "0123456789.") == text.len) {
		return false;
	}
	for (size_t i = 0; i < mta->domains; i++) {
		if (strcmp(mta->domain[i], out) == 0) {
			return true;
		}
	}
	if (mta->domains == MTA_DOMAINS_MAX) {
		mta->cut = true;
		return true;
	}
	memcpy(mta->domain[mta->domains++], out, sizeof(out));
	return true;
}

static void add_items(
    struct mta *mta, const char *list, adder *add, bool follow);

/* What a table holds.  Of a file every word counts, of other tables the first
 * of each line, the key. */
static void
add_table(struct mta *mta, const char *table, adder *add)
{
	const char *path = table[0] == '/' ? table : text_after(table, "cidr:");
	struct run_output output = { .text = NULL };
	char why[FILE_WHY_SIZE];
	char *next;

	if (mta->state == MTA_THERE && path != NULL) {
		output.text = file_read(path, FILE_MOST, NULL, why);
	} else if (mta->state == MTA_THERE) {
		(void)run(mta,
		    (const char *const[]){ "postmap", "-s", table, NULL },
		    &output);
		mta->cut |= output.cut;
	}
	if (output.text == NULL && mta->unlisteds < MTA_TABLES_MAX) {
		(void)text_copy(
		    mta->unlisted[mta->unlisteds++], MTA_TABLE_SIZE, table);
	} else if (output.text == NULL) {
		mta->cut = true;
	}
	for (char *line = output.text; line != NULL && *line != '\0';
	     line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (table[0] != '/') {
			line[strcspn(line, " \t")] = '\0';
		}
		if (line[0] != '#') {
			add_items(mta, line, add, false);
		}
	}
	free(output.text);
}

/* `follow`: also what its tables hold; a table within one is passed over. */
static void
add_items(struct mta *mta, const char *list, adder *add, bool follow)
{
	char item[MTA_TABLE_SIZE];

	while (postconf_item(&list, item, sizeof(item))) {
		if (item[0] == '!' || add(mta, item) || !follow) {
			continue;
		}
		if (is_table(item)) {
			add_table(mta, item, add);
		} else {
			mta->nets_cut |= add == add_net;
		}
	}
}

/* ---- what postconf printed ---- */

const char *
mta_get(const struct mta *mta, const char *name)
{
	const char *value = postconf_get(&mta->said[MTA_MAIN], name);

	return value != NULL ? value : "";
}

/* What postconf says of "SERVICE/NAME", or NULL. */
static const char *
of_service(
    const struct postconf *postconf, const char *service, const char *name)
{
	char full[MTA_FOLDER_SIZE];

	(void)snprintf(full, sizeof(full), "%s/%s", service, name);
	return postconf_get(postconf, full);
}

const char *
mta_get_own(
    const struct mta *mta, const char *service, const char *name, bool *own)
{
	const char *value = of_service(
	    &mta->said[MTA_OVERRIDES], service, name);

	if (own != NULL) {
		*own = value != NULL;
	}
	return value != NULL ? value : mta_get(mta, name);
}

/* The port of "smtp/inet", "[::1]:2525/inet" or "smtpd/pass": to that, what
 * came to port 25 is handed by postscreen. */
static int
service_port(const char *service)
{
	static const struct {
		const char *name;
		int port;
	} known[] = { { "smtp/inet", SMTP_PORT }, { "smtpd/pass", SMTP_PORT },
		{ "submission/inet", 587 }, { "submissions/inet", 465 },
		{ "smtps/inet", 465 } };
	const char *colon = strrchr(service, ':');
	const char *name = colon != NULL ? colon + 1 : service;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i].name) == 0) {
			return known[i].port;
		}
	}
	return (int)strtol(name, NULL, 10);
}

/* Each "smtp/inet/command = smtpd -o ..." of master.cf's fields. */
static void
read_services(struct mta *mta)
{
	static const char *const here[] = { "127.",
		"[::1]:", "::1:", "localhost:" };
	const struct postconf *fields = &mta->said[MTA_FIELDS];
	const char *level = mta_get(mta, "compatibility_level");
	const char *line = NULL;

	while ((line = postconf_next(fields, line)) != NULL) {
		const char *command = strstr(line, "/command = smtpd");
		struct mta_service *service = &mta->service[mta->services];
		const char *chroot;
		struct text text;

		if (command == NULL || command == line ||
		    strchr(" \t", command[strlen("/command = smtpd")]) ==
			NULL) {
			continue;
		}
		if (mta->services == MTA_SERVICES_MAX) {
			mta->cut = true;
			return;
		}
		text_init(&text, service->name, sizeof(service->name));
		text_add_bytes(&text, line, (size_t)(command - line));
		service->port = service_port(service->name);
		for (size_t j = 0; j < sizeof(here) / sizeof(here[0]); j++) {
			service->loopback |= text_after(line, here[j]) != NULL;
		}
		chroot = of_service(fields, service->name, "chroot");
		/* Postfix 3.0 took the chroot out of the defaults. */
		service->chroot = chroot != NULL && chroot[0] != '-'
				      ? chroot[0] == 'y'
				      : level[0] == '0' || level[0] == '\0';
		mta->services++;
	}
}

void
mta_read(struct mta *mta)
{
	static const char *const lists[] = { "mydomain", "mydestination",
		"virtual_mailbox_domains", "relay_domains",
		"virtual_alias_domains" };

	read_services(mta);
	add_items(mta, mta_get(mta, "mynetworks"), add_net, true);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		add_items(mta, mta_get(mta, lists[i]), add_domain, true);
	}
}

/* ---- asking Postfix ---- */

void
mta_ask(struct mta *mta, const char *folder)
{
	static const char *const options[MTA_SAID][3] = {
		[MTA_MAIN] = { "-x" },
		[MTA_FIELDS] = { "-F", "*/*/chroot", "*/*/command" },
		[MTA_OVERRIDES] = { "-Px" },
	};

	(void)text_copy(
	    mta->folder, sizeof(mta->folder), folder != NULL ? folder : "");
	for (size_t i = 0; i < MTA_SAID; i++) {
		struct run_output output;
		enum run_result result = run(mta,
		    (const char *const[]){ "postconf", options[i][0],
			options[i][1], options[i][2], NULL },
		    &output);

		if (result != RUN_FINE) {
			mta->state = result == RUN_MISSING ? MTA_NONE
							   : MTA_MUTE;
			(void)text_copy(
			    mta->error, sizeof(mta->error), output.error);
			return;
		}
		mta->said[i] = postconf_read(output.text);
		mta->cut |= output.cut;
	}
	mta->state = MTA_THERE;
	mta_read(mta);
}

void
mta_ask_networks(struct mta *mta)
{
	struct run_output output;

	/* Without one postconf waits for a second before it says so. */
	if (access("/etc/postfix/main.cf", F_OK) == 0 &&
	    run(mta,
		(const char *const[]){ "postconf", "-x", "mynetworks", NULL },
		&output) == RUN_FINE) {
		mta->said[MTA_MAIN] = postconf_read(output.text);
		mta->state = MTA_THERE;
		add_items(mta, mta_get(mta, "mynetworks"), add_net, true);
	}
}

void
mta_clear(struct mta *mta)
{
	for (size_t i = 0; i < MTA_SAID; i++) {
		free(mta->said[i].text);
		mta->said[i].text = NULL;
	}
}

/* Whether a list or one of its tables has any of the keys; true as well where
 * a table cannot be asked. */
static bool
has_any(const struct mta *mta, const char *list, const char *const *keys)
{
	char item[MTA_TABLE_SIZE];

	while (postconf_item(&list, item, sizeof(item))) {
		/* proxymap may not run, and postmap needs it not. */
		const char *inner = text_after(item, "proxy:");
		const char *table = inner != NULL ? inner : item;

		for (size_t i = 0; keys[i] != NULL; i++) {
			struct run_output output = { .text = NULL };
			bool has = strcasecmp(table, keys[i]) == 0;

			/* Of a key that is not there it says nothing, but for
			 * warnings. */
			if (is_table(table)) {
				has = run(mta,
					  (const char *const[]){ "postmap",
					      "-q", keys[i], table, NULL },
					  &output) == RUN_FINE ||
				      (output.error[0] != '\0' &&
					  strstr(output.error, "warning:") ==
					      NULL);
				free(output.text);
			}
			if (has) {
				return true;
			}
		}
	}
	return false;
}

bool
mta_refuses(const struct mta *mta, const char *address)
{
	static const struct {
		const char *domains;
		const char *recipients; /* empty ones take everybody */
	} classes[] = { { "mydestination", "local_recipient_maps" },
		{ "virtual_mailbox_domains", "virtual_mailbox_maps" },
		{ "relay_domains", "relay_recipient_maps" },
		{ "virtual_alias_domains", "virtual_alias_maps" } };
	const char *at = strrchr(address, '@');
	char user[MTA_DOMAIN_SIZE];
	struct text text;

	if (mta->state != MTA_THERE || at == NULL) {
		return false;
	}
	text_init(&text, user, sizeof(user));
	text_add_bytes(&text, address, (size_t)(at - address));
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		const char *maps = mta_get(mta, classes[i].recipients);
		const char *const domain[] = { at + 1, NULL };
		const char *const keys[] = { address, user, at, NULL };

		if (has_any(mta, mta_get(mta, classes[i].domains), domain)) {
			return maps[0] != '\0' && !has_any(mta, maps, keys) &&
			       !has_any(mta, mta_get(mta, "virtual_alias_maps"),
				   keys);
		}
	}
	return false;
}
