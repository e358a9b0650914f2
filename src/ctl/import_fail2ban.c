/*
 * The bans that fail2ban has.
 */
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/import.h"
#include "engine/engine.h"

/* As `ban` has it. */
static const int64_t forever = INT64_C(36500) * STORE_DAY;

/* What a jail's name tells of it, as fail2ban ships them; the others are for
 * errors. */
static const char *const logins[] = { "sasl", "dovecot", "courier-auth",
	"courierlogin", "courierpop", "courierimap", "cyrus", "sieve", "-auth",
	"sshd", "login" };

struct importing {
	struct ctl *ctl;
	const char *wrong;
};

/* The reason that --jail gives it, or its name. */
static enum reason
reason_of(const struct args *args, const char *jail)
{
	enum reason reason = REASON_ERROR;

	if (args_jail(args->value[OPTION_JAIL], jail, &reason)) {
		return reason;
	}
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		if (strstr(jail, logins[i]) != NULL) {
			return REASON_AUTH;
		}
	}
	return reason;
}

static int64_t
ends_of(const struct ctl *ctl, const struct fail2ban_ban *row)
{
	const int64_t lasts = row->lasts != 0 ? row->lasts
					      : ctl->args->duration;

	return lasts < 0 || lasts > forever ? ctl->now + forever
	       : row->at < ctl->now         ? row->at + lasts
					    : ctl->now + lasts;
}

static void
take_row(void *to, const struct fail2ban_ban *row)
{
	struct importing *importing = to;
	struct ctl *ctl = importing->ctl;
	char note[BAN_NOTE_SIZE];
	struct import_ban ban = { .note = ctl->note };
	struct addr address;

	if (importing->wrong != NULL) {
		return;
	}
	if (row->lasts == 0 && ctl->args->value[OPTION_FOR] == NULL) {
		importing->wrong = "is of a version before 0.11, which does "
				   "not say how long bans last: give --for";
		return;
	}
	if (!net_parse(row->ip, &ban.who)) {
		import_leave_out(
		    piece("\"%.60s\"", row->ip), "it is no address");
		return;
	}
	if (addr_parse(row->ip, &address)) {
		ban.who = engine_client(ctl->conf, &address);
	}
	ban.reason = reason_of(ctl->args, row->jail);
	ban.ends = ends_of(ctl, row);
	if (ban.note == NULL && utf8_is_plain(row->jail) &&
	    text_copy(note, sizeof(note), piece("fail2ban %s", row->jail))) {
		ban.note = note;
	}
	importing->wrong = import_keep(ctl, &ban);
}

enum exit_status
import_fail2ban(struct ctl *ctl)
{
	struct importing importing = { .ctl = ctl };
	char error[STORE_ERROR_SIZE];
	FILE *from = import_open(ctl);
	enum store_result result;

	if (from == NULL) {
		return EXIT_USAGE;
	}
	import_close(from);
	result = store_fail2ban(
	    ctl->args->word[2], take_row, &importing, error);
	if (result != STORE_OK || importing.wrong != NULL) {
		output_complain("%s%s%s",
		    result != STORE_OK ? error : ctl->args->word[2],
		    result != STORE_OK ? "" : ": ",
		    result != STORE_OK ? "" : importing.wrong);
		return EXIT_USAGE;
	}
	return import_all(ctl, "import fail2ban", "fail2ban");
}
