/*
 * Sendmail, as its sendmail.cf tells of it: which filters it asks, where it
 * listens and what it lets strangers ask.
 *
 * The file is read, no more than SENDMAIL_FILE_MAX bytes of it, and no program
 * is run: rulesets are passed over.  Later lines go before earlier ones, as
 * they do there.  What does not fit is left out.
 */
#ifndef DOCTOR_SENDMAIL_H
#define DOCTOR_SENDMAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SENDMAIL_FILE_MAX = 1024 * 1024,
	SENDMAIL_FOLDER_SIZE = 256,
	SENDMAIL_FILTERS_MAX = 16,
	SENDMAIL_DAEMONS_MAX = 16,
	SENDMAIL_NAME_SIZE = 64,
	SENDMAIL_TEXT_SIZE = 512
};

/* "Xvideur, S=unix:/run/videur/milter.sock, F=T, T=S:2s;R:5s;E:10s" */
struct sendmail_filter {
	char name[SENDMAIL_NAME_SIZE];
	char socket[SENDMAIL_TEXT_SIZE]; /* S=, as written */
	char flags[16];                  /* F=, or empty: mail passes */
	/* T=: how long it waits, in seconds, for each answer to what it sends,
	 * and for that to the end of a message. */
	int64_t send, read, end;
};

/* "O DaemonPortOptions=Name=MTA, Port=smtp, M=A" */
struct sendmail_daemon {
	char name[SENDMAIL_NAME_SIZE];
	int port;
	bool loopback;                    /* nobody else gets there */
	bool no_auth;                     /* M=A */
	char filters[SENDMAIL_TEXT_SIZE]; /* its own, else those of all */
};

struct sendmail {
	bool there;
	char folder[SENDMAIL_FOLDER_SIZE]; /* that the file lies in */
	bool stale;                        /* sendmail.mc is younger */
	struct sendmail_filter filter[SENDMAIL_FILTERS_MAX];
	size_t filters;
	struct sendmail_daemon daemon[SENDMAIL_DAEMONS_MAX];
	size_t daemons;                      /* one at least */
	char privacy[SENDMAIL_TEXT_SIZE];    /* PrivacyOptions */
	char mechanisms[SENDMAIL_TEXT_SIZE]; /* AUTH is set up with; or empty */
	char auth_options[SENDMAIL_NAME_SIZE];
	char run_as[SENDMAIL_NAME_SIZE]; /* RunAsUser's name, or "root" */
};

/* Read FOLDER/sendmail.cf; where there is none, it is not there. */
void sendmail_look(struct sendmail *sendmail, const char *folder);

/* The filter of that name, or NULL. */
const struct sendmail_filter *sendmail_find(
    const struct sendmail *sendmail, const char *name);

/* Take the next word of a list, in which commas, semicolons and blanks stand
 * between words; false where there is none. */
bool sendmail_word(const char **at, char *word, size_t size);

#endif
