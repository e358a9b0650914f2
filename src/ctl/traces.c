/* Where more is to be found of an address: who lifted its bans, and its lines in
 * the logs. */
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/piece.h"

enum {
	COLUMNS = 80,
	LIFTED_SIZE = 320,
	COMMAND_SIZE = 2 * CONF_PATH_SIZE
};

/* ---- who lifted a ban ---- */

struct lifting {
	const struct ban *ban;
	struct text text;
};

static bool
take_lifting(void *to, const struct audit *audit)
{
	struct lifting *lifting = to;
	struct net whom;

	if ((strcmp(audit->what, "clear") != 0 &&
		strcmp(audit->what, "allow add") != 0) ||
	    (strcmp(audit->subject, "all") != 0 &&
		(!net_parse(audit->subject, &whom) ||
		    !net_contains(&whom, &lifting->ban->who)))) {
		return true;
	}
	text_addf(&lifting->text, "%s by %s%s%s",
	    strcmp(audit->what, "clear") == 0 ? "lifted" : "allowed",
	    audit->who, audit->note[0] != '\0' ? ": " : "", audit->note);
	return false;
}

const char *
traces_lifted(struct ctl *ctl, const struct ban *ban)
{
	char words[LIFTED_SIZE];
	struct lifting lifting = { .ban = ban };

	text_init(&lifting.text, words, sizeof(words));
	if (ban->cleared != 0) {
		store_audit_at(
		    ctl->store, ban->cleared, take_lifting, &lifting);
	}
	return piece("%s", words);
}

/* ---- its lines ---- */

/* A command of two parts, on two lines where it is long; whether there was room
 * for it. */
static bool
put_command(const char *what, const struct text *rest)
{
	if (rest->cut) {
		return false;
	}
	output_string(NULL, piece("%s %s", what, rest->buf));
	if (strlen(what) + rest->len + sizeof("   ") > COLUMNS) {
		output_command("  %s \\", what);
		output_command("    %s", rest->buf);
	} else {
		output_command("  %s %s", what, rest->buf);
	}
	return true;
}

void
traces_logs(struct ctl *ctl, const struct addr *address, int64_t since)
{
	const struct conf *conf = ctl->conf;
	const char *journal = conf->watch.journal;
	char who[ADDR_TEXT_SIZE];
	char when[TIME_TEXT_SIZE];
	char command[COMMAND_SIZE];
	struct text text;
	bool any = false;

	(void)addr_format(address, who);
	output_say("\nIts lines in the logs:");
	output_list("look");
	if (strcmp(journal, "no") != 0) {
		(void)text_from_time(since, when);
		text_init(&text, command, sizeof(command));
		if (strcmp(journal, "yes") != 0) {
			text_add(&text, "--file=");
			text_add_quoted(&text, journal);
			text_add_char(&text, ' ');
		}
		text_add(&text, "--grep='");
		for (const char *at = who; *at != '\0'; at++) {
			text_addf(&text, *at == '.' ? "\\%c" : "%c", *at);
		}
		text_add_char(&text, '\'');
		any |= put_command(piece("journalctl --since='%.10s %.8s UTC'",
				       when, when + sizeof("2026-11-27T") - 1),
		    &text);
	}
	for (size_t i = 0; i < conf->watch.files.items; i++) {
		text_init(&text, command, sizeof(command));
		text_add_quoted(&text, conf->watch.files.item[i]);
		text_add_char(&text, '*');
		any |= put_command(piece("zgrep -hF %s", who), &text);
	}
	(void)output_end();
	if (!any) {
		output_say("  none is read: see watch in videur.conf(5)");
	}
}
