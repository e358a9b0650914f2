/*
 * A milter that does nothing: what libmilter itself costs.
 *
 * It registers the callbacks and negotiates the steps and macros that
 * videur-milter does, so that the difference between the two is videur's own
 * work.
 */
#include <libmilter/mfapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether headers are declined, as videur-milter does where no scanner's
 * headers are trusted. */
static bool no_headers;

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *sa)
{
	(void)ctx;
	(void)host;
	(void)sa;
	return SMFIS_CONTINUE;
}

static sfsistat
on_text(SMFICTX *ctx, char *text)
{
	(void)ctx;
	(void)text;
	return SMFIS_CONTINUE;
}

static sfsistat
on_arguments(SMFICTX *ctx, char **arguments)
{
	(void)ctx;
	(void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return SMFIS_CONTINUE;
}

static sfsistat
on_unknown(SMFICTX *ctx, const char *command)
{
	(void)ctx;
	(void)command;
	return SMFIS_CONTINUE;
}

static sfsistat
on_event(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

/* The signature is libmilter's. */
static sfsistat /* NOLINTNEXTLINE(readability-function-size) */
on_negotiate(SMFICTX *ctx, unsigned long offered_actions,
    unsigned long offered_steps, unsigned long f2, unsigned long f3,
    unsigned long *actions, unsigned long *steps, unsigned long *pf2,
    unsigned long *pf3)
{
	static char connect[] = "{daemon_port} {daemon_name}";
	static char mail[] = "{auth_type} {auth_authen}";
	static char rcpt[] = "{rcpt_mailer} {rcpt_host} {rcpt_addr}";

	(void)f2;
	(void)f3;
	*actions = offered_actions & SMFIF_SETSYMLIST;
	*steps = offered_steps &
		 (SMFIP_NOBODY | SMFIP_RCPT_REJ |
		     (no_headers ? SMFIP_NOHDRS | SMFIP_NOEOH : 0));
	*pf2 = 0;
	*pf3 = 0;
	(void)smfi_setsymlist(ctx, SMFIM_CONNECT, connect);
	(void)smfi_setsymlist(ctx, SMFIM_ENVFROM, mail);
	(void)smfi_setsymlist(ctx, SMFIM_ENVRCPT, rcpt);
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	struct smfiDesc filter = {
		.xxfi_name = (char[]){ "null" },
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_SETSYMLIST,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_text,
		.xxfi_envfrom = on_arguments,
		.xxfi_envrcpt = on_arguments,
		.xxfi_header = on_header,
		.xxfi_eom = on_event,
		.xxfi_abort = on_event,
		.xxfi_close = on_event,
		.xxfi_unknown = on_unknown,
		.xxfi_data = on_event,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		no_headers = true;
		argv++;
		argc--;
	}
	if (argc != 2) {
		fputs("usage: null_milter [-n] SOCKET\n", stderr);
		return 2;
	}
	(void)umask(0);
	(void)smfi_setbacklog(256);
	if (smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS)
		return EXIT_FAILURE;
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
