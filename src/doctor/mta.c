#include "doctor/mta.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"

enum {
	PROGRAM_MS = 5000, /* for each program */
	FILE_MOST = 1024 * 1024,
	WORDS_MAX = 8,
	SMTP_PORT = 25
};

/* ---- lists of networks and domains ---- */

static void
add_table(struct mta_tables *tables, const char *item)
{
	for (size_t i = 0; i < tables->tables; i++) {
		if (strcmp(tables->table[i], item) == 0) {
			return;
		}
	}
	if (tables->tables == MTA_TABLES_MAX ||
	    strlen(item) + 1 == MTA_TABLE_SIZE) {
		tables->cut = true;
		return;
	}
	(void)text_copy(tables->table[tables->tables++], MTA_TABLE_SIZE, item);
}

static bool
is_table(const char *item)
{
	return item[0] == '/' || strchr(item, ':') != NULL;
}

/* "192.0.2.0/24", or "[2001:db8::]/32" with its brackets. */
static bool
read_net(const char *item, struct net *out)
{
	char plain[NET_TEXT_SIZE];
	struct text text;

	text_init(&text, plain, sizeof(plain));
	for (; *item != '\0'; item++) {
		if (*item != '[' && *item != ']') {
			text_add_char(&text, *item);
		}
	}
	return !text.cut && net_parse(plain, out);
}

void
mta_add_nets(struct mta *mta, const char *list, struct mta_tables *tables)
{
	char item[MTA_TABLE_SIZE];

	while (postconf_item(&list, item, sizeof(item))) {
		struct net net;
		bool is_net = read_net(item, &net);
		bool known = false;

		if (item[0] == '!') {
			continue;
		}
		if (!is_net && tables != NULL) {
			if (is_table(item)) {
				add_table(tables, item);
			}
			mta->nets_cut |= !is_table(item) || tables->cut;
		}
		for (size_t i = 0; is_net && i < mta->nets; i++) {
			known = known || net_equal(&mta->net[i], &net);
		}
		if (is_net && !known && mta->nets < MTA_NETS_MAX) {
			mta->net[mta->nets++] = net;
		} else if (is_net && !known) {
			mta->nets_cut = true;
		}
	}
}

/* A host's name in small letters; false where it is anything else, or names
 * no domain of the DNS. */
static bool
read_domain(const char *item, char out[static MTA_DOMAIN_SIZE])
{
	struct text text;

	text_init(&text, out, MTA_DOMAIN_SIZE);
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
	return !text.cut && strchr(out, '.') != NULL && out[0] != '.' &&
	       strstr(out, "..") == NULL &&
	       text_after(out, "localhost.") == NULL &&
	       strspn(out, "0123456789.") < text.len;
}

void
mta_add_domains(struct mta *mta, const char *list, struct mta_tables *tables)
{
	char item[MTA_TABLE_SIZE];

	while (postconf_item(&list, item, sizeof(item))) {
		char domain[MTA_DOMAIN_SIZE];
		bool known = false;

		if (is_table(item) && item[0] != '!' && tables != NULL) {
			add_table(tables, item);
			mta->cut |= tables->cut;
		}
		if (!read_domain(item, domain)) {
			continue; /* that, or something else */
		}
		for (size_t i = 0; i < mta->domains; i++) {
			known = known || strcmp(mta->domain[i], domain) == 0;
		}
		if (!known && mta->domains < MTA_DOMAINS_MAX) {
			(void)text_copy(mta->domain[mta->domains++],
			    MTA_DOMAIN_SIZE, domain);
		} else if (!known) {
			mta->cut = true;
		}
	}
}

/* ---- what postconf printed ---- */

const char *
mta_get(const struct mta *mta, const char *name)
{
	const char *value = postconf_get(&mta->main, name);

	return value != NULL ? value : "";
}

/* What postconf says of "SERVICE/NAME", or NULL. */
static const char *
of_service(
    const struct postconf *postconf, const char *service, const char *name)
{
	char full[MTA_FOLDER_SIZE];
	struct text text;

	text_init(&text, full, sizeof(full));
	text_addf(&text, "%s/%s", service, name);
	return postconf_get(postconf, full);
}

const char *
mta_get_own(const struct mta *mta, const struct mta_service *service,
    const char *name, bool *own)
{
	const char *value = of_service(&mta->overrides, service->name, name);

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
	return atoi(name);
}

/* Each "smtp/inet/command = smtpd -o ..." of master.cf's fields; the name is
 * cut behind the service. */
static void
read_services(struct mta *mta)
{
	static const char field[] = "/command";
	static const char *const here[] = { "127.",
		"[::1]:", "::1:", "localhost:" };
	const char *level = mta_get(mta, "compatibility_level");

	for (size_t i = 0; i < mta->fields.lines; i++) {
		char *name = mta->fields.line[i].name;
		const char *options = text_after(
		    mta->fields.line[i].value, "smtpd");
		size_t len = strlen(name);
		struct mta_service *service;
		const char *chroot;

		if (len < sizeof(field) || options == NULL ||
		    strchr(" \t", options[0]) == NULL ||
		    strcmp(name + len - (sizeof(field) - 1), field) != 0) {
			continue;
		}
		if (mta->services == MTA_SERVICES_MAX) {
			mta->cut = true;
			return;
		}
		name[len - (sizeof(field) - 1)] = '\0';
		service = &mta->service[mta->services++];
		service->name = name;
		service->port = service_port(name);
		for (size_t j = 0; j < sizeof(here) / sizeof(here[0]); j++) {
			service->loopback |= text_after(name, here[j]) != NULL;
		}
		chroot = of_service(&mta->fields, name, "chroot");
		/* Postfix 3.0 took the chroot out of the defaults. */
		service->chroot = chroot != NULL && chroot[0] != '-'
				      ? chroot[0] == 'y'
				      : level[0] == '0' || level[0] == '\0';
	}
}

void
mta_read(struct mta *mta)
{
	static const char *const lists[] = { "mydomain", "mydestination",
		"virtual_mailbox_domains", "relay_domains",
		"virtual_alias_domains" };
	struct postconf *const outs[] = { &mta->main, &mta->fields,
		&mta->overrides };

	for (size_t i = 0; i < MTA_SAID; i++) {
		if (mta->said[i] != NULL) {
			postconf_read(mta->said[i], outs[i]);
			mta->cut |= outs[i]->cut;
		}
	}
	read_services(mta);
	mta_add_nets(mta, mta_get(mta, "mynetworks"), &mta->net_tables);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		mta_add_domains(
		    mta, mta_get(mta, lists[i]), &mta->domain_tables);
	}
}

/* ---- asking Postfix ---- */

/* "postconf -c FOLDER" and more; the words are borrowed. */
static enum run_result
run(const struct mta *mta, const char *program, const char *const *words,
    struct run_output *output)
{
	const char *argv[WORDS_MAX] = { program };
	size_t count = 1;

	if (mta->folder[0] != '\0') {
		argv[count++] = "-c";
		argv[count++] = mta->folder;
	}
	for (; *words != NULL && count + 1 < WORDS_MAX; words++) {
		argv[count++] = *words;
	}
	return run_program(argv, PROGRAM_MS, output);
}

/* Of a file every word counts, of other tables the first of each line, the
 * key.  A table within a table is not followed. */
static void
read_tables(struct mta *mta, const struct mta_tables *tables,
    void (*add)(struct mta *mta, const char *list, struct mta_tables *tables))
{
	for (size_t i = 0; i < tables->tables; i++) {
		const char *table = tables->table[i];
		const char *path = table[0] == '/' ? table
						   : text_after(table, "cidr:");
		struct run_output output = { .text = NULL };
		char why[FILE_WHY_SIZE];
		char *next;

		if (path != NULL) {
			output.text = file_read(path, FILE_MOST, NULL, why);
		} else {
			(void)run(mta, "postmap",
			    (const char *const[]){ "-s", table, NULL },
			    &output);
			mta->cut |= output.cut;
		}
		if (output.text == NULL) {
			add_table(&mta->unlisted, table);
			continue;
		}
		for (char *line = output.text; *line != '\0'; line = next) {
			size_t len = strcspn(line, "\n");

			next = line + len + (line[len] == '\n');
			line[len] = '\0';
			if (table[0] != '/') {
				line[strcspn(line, " \t")] = '\0';
			}
			if (line[0] != '#') {
				add(mta, line, NULL);
			}
		}
		free(output.text);
	}
}

void
mta_ask(struct mta *mta, const char *folder)
{
	static const char *const options[MTA_SAID][3] = { { "-x" },
		{ "-F", "*/*/chroot", "*/*/command" }, { "-Px" } };

	if (folder != NULL &&
	    !text_copy(mta->folder, sizeof(mta->folder), folder)) {
		mta->state = MTA_MUTE;
		(void)text_copy(
		    mta->error, sizeof(mta->error), "its path is too long");
		return;
	}
	for (size_t i = 0; i < MTA_SAID; i++) {
		struct run_output output;
		enum run_result result = run(mta, "postconf",
		    (const char *const[]){
			options[i][0], options[i][1], options[i][2], NULL },
		    &output);

		if (result != RUN_FINE) {
			mta->state = result == RUN_MISSING ? MTA_NONE
							   : MTA_MUTE;
			(void)text_copy(
			    mta->error, sizeof(mta->error), output.error);
			return;
		}
		mta->said[i] = output.text;
		mta->cut |= output.cut;
	}
	mta->state = MTA_THERE;
	mta_read(mta);
	read_tables(mta, &mta->net_tables, mta_add_nets);
	read_tables(mta, &mta->domain_tables, mta_add_domains);
}

void
mta_clear(struct mta *mta)
{
	for (size_t i = 0; i < MTA_SAID; i++) {
		free(mta->said[i]);
		mta->said[i] = NULL;
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
			struct run_output output;
			enum run_result result;

			if (!is_table(table)) {
				if (strcasecmp(table, keys[i]) == 0) {
					return true;
				}
				continue;
			}
			result = run(mta, "postmap",
			    (const char *const[]){ "-q", keys[i], table, NULL },
			    &output);
			free(output.text);
			/* Of a key that is not there it says nothing, but for
			 * warnings. */
			if (result == RUN_FINE ||
			    (output.error[0] != '\0' &&
				strstr(output.error, " warning: ") == NULL)) {
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
