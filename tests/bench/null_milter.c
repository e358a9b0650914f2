/*
 * A milter that does nothing: what libmilter itself costs.
 *
 * It registers the callbacks and negotiates the steps and macros that
 * videur-milter does, so that the difference between the two is videur's own
 * work.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

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
	(void)ctx;
	(void)offered_actions;
	(void)f2;
	(void)f3;
	*actions = 0;
	*steps = offered_steps & (SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_RCPT_REJ);
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	struct smfiDesc filter = {
		.xxfi_name = (char[]){ "null" },
		.xxfi_version = SMFI_VERSION,
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

	if (argc != 2) {
		fputs("usage: null_milter SOCKET\n", stderr);
		return 2;
	}
	umask(0);
	if (smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		return EXIT_FAILURE;
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
