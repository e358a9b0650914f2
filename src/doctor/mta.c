#include "doctor/mta.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "doctor/list.h"

/* ---- domains ---- */

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
	       strncmp(out, "localhost.", strlen("localhost.")) != 0 &&
	       strspn(out, "0123456789.") < text.len;
}

static void
add_domain(struct mta *mta, const char *item)
{
	char domain[MTA_DOMAIN_SIZE];

	if (!read_domain(item, domain)) {
		return;
	}
	for (size_t i = 0; i < mta->domains; i++) {
		if (strcmp(mta->domain[i], domain) == 0) {
			return;
		}
	}
	if (mta->domains == MTA_DOMAINS_MAX) {
		mta->cut = true;
		return;
	}
	(void)text_copy(mta->domain[mta->domains++], MTA_DOMAIN_SIZE, domain);
}

static void
add_table(struct nets *tables, const char *item)
{
	for (size_t i = 0; i < tables->tables; i++) {
		if (strcmp(tables->table[i], item) == 0) {
			return;
		}
	}
	if (tables->tables == NETS_TABLES_MAX ||
	    !text_copy(tables->table[tables->tables], NETS_TABLE_SIZE, item)) {
		tables->cut = true;
		return;
	}
	tables->tables++;
}

void
mta_add_domains(struct mta *mta, const char *list, struct nets *tables)
{
	char item[NETS_TABLE_SIZE];

	while (list_next(&list, item, sizeof(item))) {
		if (item[0] == '!') {
			continue;
		}
		if (item[0] == '/' || strchr(item, ':') != NULL) {
			add_table(tables, item);
		} else {
			add_domain(mta, item);
		}
	}
}

/* ---- settings ---- */

static const char *
setting(const struct mta *mta, const char *name)
{
	const char *value = lines_get(&mta->main, name);

	return value != NULL ? value : "";
}

/* A service's own setting, else main.cf's. */
static const char *
service_setting(
    const struct mta *mta, const char *service, const char *name, bool *own)
{
	char full[MTA_FOLDER_SIZE];
	const char *value;
	struct text text;

	text_init(&text, full, sizeof(full));
	text_addf(&text, "%s/%s", service, name);
	value = lines_get(&mta->overrides, full);
	*own = value != NULL;
	return value != NULL ? value : setting(mta, name);
}

/* ---- master.cf ---- */

/* "smtp/inet/chroot" is a field of a service: the service's name, cut off in
 * place, and the field. */
static bool
field_of(const char *line, const char *field)
{
	size_t len = strlen(line);
	size_t tail = strlen(field);

	return len > tail && strcmp(line + len - tail, field) == 0;
}

/* Postfix 3.0 took the chroot out of the defaults. */
static bool
chroot_by_default(const struct mta *mta)
{
	const char *level = setting(mta, "compatibility_level");

	return level[0] == '0' || level[0] == '\0';
}

static bool
is_loopback(const char *service)
{
	static const char *const hosts[] = { "127.",
		"[::1]:", "::1:", "localhost:" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (strncmp(service, hosts[i], strlen(hosts[i])) == 0) {
			return true;
		}
	}
	return false;
}

static void
add_service(struct mta *mta, const char *name)
{
	struct mta_service *service;
	char full[MTA_FOLDER_SIZE];
	const char *chroot;
	struct text text;

	if (mta->services == MTA_SERVICES_MAX) {
		mta->cut = true;
		return;
	}
	service = &mta->service[mta->services++];
	text_init(&text, full, sizeof(full));
	text_addf(&text, "%s/chroot", name);
	chroot = lines_get(&mta->fields, full);
	service->name = name;
	service->chroot = chroot != NULL && chroot[0] != '-'
			      ? chroot[0] == 'y'
			      : chroot_by_default(mta);
	service->loopback = is_loopback(name);
	service->milters = service_setting(
	    mta, name, "smtpd_milters", &service->own_chain);
	service->helo = service_setting(
	    mta, name, "smtpd_helo_required", &service->own_helo);
	service->action = service_setting(
	    mta, name, "milter_default_action", &service->own_action);
}

/* What follows "smtpd" are its options. */
static bool
runs_smtpd(const char *command)
{
	size_t len = strcspn(command, " \t");

	return len == strlen("smtpd") && strncmp(command, "smtpd", len) == 0;
}

static void
read_services(struct mta *mta)
{
	static const char command[] = "/command";

	for (size_t i = 0; i < mta->fields.lines; i++) {
		char *line = mta->fields.line[i].name;

		if (!field_of(line, command) ||
		    !runs_smtpd(mta->fields.line[i].value)) {
			continue;
		}
		line[strlen(line) - (sizeof(command) - 1)] = '\0';
		add_service(mta, line);
	}
}

void
mta_understand(struct mta *mta, struct nets *tables)
{
	static const char *const lists[] = { "mydomain", "mydestination",
		"virtual_mailbox_domains", "relay_domains",
		"virtual_alias_domains" };
	struct lines *const outs[] = { &mta->main, &mta->fields,
		&mta->overrides };

	for (size_t i = 0; i < sizeof(outs) / sizeof(outs[0]); i++) {
		if (mta->said[i] != NULL) {
			lines_split(mta->said[i], " = ", outs[i]);
			mta->cut |= outs[i]->cut;
		}
	}
	mta->queue = setting(mta, "queue_directory");
	mta->owner = setting(mta, "mail_owner");
	read_services(mta);
	nets_read(&mta->trusted, setting(mta, "mynetworks"));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		mta_add_domains(mta, setting(mta, lists[i]), tables);
	}
}
