#include "doctor/mta.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

enum {
	PROGRAM_MS = 5000, /* for each program */
	FILE_MOST = 1024 * 1024,
	WORDS_MAX = 24
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

static const char *
setting(const struct mta *mta, const char *name)
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

/* A service's own setting, else main.cf's. */
static const char *
service_setting(
    const struct mta *mta, const char *service, const char *name, bool *own)
{
	const char *value = of_service(&mta->overrides, service, name);

	*own = value != NULL;
	return value != NULL ? value : setting(mta, name);
}

/* Each "smtp/inet/command = smtpd -o ..." of master.cf's fields; the name is
 * cut behind the service. */
static void
read_services(struct mta *mta)
{
	static const char field[] = "/command";
	static const char *const here[] = { "127.",
		"[::1]:", "::1:", "localhost:" };
	const char *level = setting(mta, "compatibility_level");

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
		for (size_t j = 0; j < sizeof(here) / sizeof(here[0]); j++) {
			service->loopback |= text_after(name, here[j]) != NULL;
		}
		chroot = of_service(&mta->fields, name, "chroot");
		/* Postfix 3.0 took the chroot out of the defaults. */
		service->chroot = chroot != NULL && chroot[0] != '-'
				      ? chroot[0] == 'y'
				      : level[0] == '0' || level[0] == '\0';
		service->milters = service_setting(
		    mta, name, "smtpd_milters", &service->own_milters);
		service->helo = service_setting(
		    mta, name, "smtpd_helo_required", &service->own_helo);
		service->action = service_setting(
		    mta, name, "milter_default_action", &service->own_action);
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
	mta->queue = setting(mta, "queue_directory");
	mta->owner = setting(mta, "mail_owner");
	read_services(mta);
	mta_add_nets(mta, setting(mta, "mynetworks"), &mta->net_tables);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		mta_add_domains(
		    mta, setting(mta, lists[i]), &mta->domain_tables);
	}
}

/* ---- asking Postfix ---- */

/* "postconf -c FOLDER" and more; the words are borrowed. */
static enum run_result
run(const struct mta *mta, const char *program, const char *const *words,
    struct run_output *output)
{
	const char *argv[WORDS_MAX];
	size_t count = 0;

	argv[count++] = program;
	if (mta->folder[0] != '\0') {
		argv[count++] = "-c";
		argv[count++] = mta->folder;
	}
	for (; *words != NULL && count + 1 < WORDS_MAX; words++) {
		argv[count++] = *words;
	}
	argv[count] = NULL;
	return run_program(argv, PROGRAM_MS, output);
}

/* A table's text, of a kind that can list it; NULL where it cannot be had. */
static char *
table_text(struct mta *mta, const char *table)
{
	const char *path = table[0] == '/' ? table : text_after(table, "cidr:");
	char why[FILE_WHY_SIZE];
	struct run_output output;

	if (path != NULL) {
		return file_read(path, FILE_MOST, NULL, why);
	}
	if (run(mta, "postmap", (const char *const[]){ "-s", table, NULL },
		&output) != RUN_FINE) {
		return NULL;
	}
	mta->cut |= output.cut;
	return output.text;
}

/* Of a file every word counts, of other tables the first of each line, the
 * key.  A table within a table is not followed. */
static void
read_tables(struct mta *mta, const struct mta_tables *tables,
    void (*add)(struct mta *mta, const char *list, struct mta_tables *tables))
{
	for (size_t i = 0; i < tables->tables; i++) {
		const char *table = tables->table[i];
		char *text = table_text(mta, table);
		char *next;

		if (text == NULL) {
			add_table(&mta->unlisted, table);
			continue;
		}
		for (char *line = text; *line != '\0'; line = next) {
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
		free(text);
	}
}

void
mta_ask(struct mta *mta, const char *folder)
{
	static const char *const settings[] = { "-x", "queue_directory",
		"mail_owner", "compatibility_level", "smtpd_milters",
		"smtpd_helo_required", "milter_default_action", "mynetworks",
		"mydomain", "mydestination", "virtual_mailbox_domains",
		"relay_domains", "virtual_alias_domains", NULL };
	static const char *const fields[] = { "-F", "*/*/chroot", "*/*/command",
		NULL };
	static const char *const overrides[] = { "-Px", NULL };
	static const char *const *const words[MTA_SAID] = { settings, fields,
		overrides };

	if (folder != NULL &&
	    !text_copy(mta->folder, sizeof(mta->folder), folder)) {
		mta->state = MTA_MUTE;
		(void)text_copy(
		    mta->error, sizeof(mta->error), "its path is too long");
		return;
	}
	for (size_t i = 0; i < MTA_SAID; i++) {
		struct run_output output;
		enum run_result result = run(
		    mta, "postconf", words[i], &output);

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
