/*
 * videur-feedback: reads the complaints of feedback loops.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "conf/conf.h"
#include "feedback/feedback.h"
#include "store/store.h"

enum {
	TIMEOUT_MS = 5000 /* an MTA waits, too */
};

/* The service's own options, by their place. */
enum {
	VALUE_MAILDIR,
	VALUE_CSV
};

static const struct service_info service = {
	.name = "videur-feedback",
	.usage =
	    "usage: videur-feedback [-c FILE] [--maildir DIR | --csv FILE]\n"
	    "       videur-feedback -V | -h\n"
	    "\n"
	    "Read a feedback loop's mail from standard input and count the "
	    "complaint.\n"
	    "  -c FILE        the configuration (" CONF_DEFAULT_FILE ")\n"
	    "  --csv FILE     read complaints per address and day instead "
	    "(\"-\" for\n"
	    "                 standard input)\n"
	    "  --maildir DIR  read the new mails of a maildir instead\n"
	    "  -V             print the version\n"
	    "  -h             print this help\n",
	.own = { "maildir", "csv" },
};

struct feedback {
	struct options options;
	struct conf *conf;
	struct store *store; /* NULL before it is needed */
	int64_t now;
};

/* ---- counting ---- */

/* False after a log line where the database could not be used. */
static bool
count_complaints(struct feedback *feedback, const struct complaint *complaint,
    size_t complaints, struct taken *taken)
{
	char error[STORE_ERROR_SIZE];
	enum store_result result = STORE_OK;

	*taken = (struct taken){ .counted = 0 };
	if (feedback->store == NULL) {
		result = store_open(&feedback->store, feedback->conf->database,
		    STORE_WRITE, TIMEOUT_MS, error);
	}
	if (result == STORE_OK) {
		result = complaints_take(feedback->store, feedback->conf,
		    complaint, complaints, feedback->now, taken);
		if (result != STORE_OK) {
			(void)text_copy(
			    error, sizeof(error), store_error(feedback->store));
		}
	}
	if (result != STORE_OK) {
		log_warn("%s%s; what was not counted can be read again",
		    result == STORE_BUSY ? "the database is busy: " : "",
		    error);
	}
	return result == STORE_OK;
}

/* ---- one mail ---- */

/* What became of a complaint, after whose it is. */
static void
say_taken(const char *name, const struct complaint *complaint,
    const struct taken *taken)
{
	char address[ADDR_TEXT_SIZE];
	char number[32] = "";
	char at[TIME_TEXT_SIZE] = "now";

	if (complaint->at != INT64_MIN) {
		(void)text_from_time(complaint->at, at);
	}
	if (complaint->number > 1) {
		(void)snprintf(
		    number, sizeof(number), " %" PRId64, complaint->number);
	}
	log_info("%s: %s:%s %s, of %s: %s", name,
	    addr_format(&complaint->address, address), number, complaint->type,
	    at,
	    taken->counted > 0 ? "counted"
	    : taken->old > 0   ? "not counted, from before what is kept"
	    : taken->not_counted > 0
		? "not counted, it is allowed or never banned"
		: "counted before");
}

/* Count it, or say why not; false where the database could not be used. */
static bool
take_mail(
    struct feedback *feedback, const char *name, const char *mail, size_t len)
{
	char why[FEEDBACK_WHY_SIZE];
	struct complaint complaint;
	struct taken taken;
	const enum arf_result result = arf_read(
	    mail, len, feedback->now, &complaint, why);

	if (name == NULL) {
		name = complaint.id[0] != '\0' ? complaint.id : "stdin";
	}
	if (result != ARF_COMPLAINT) {
		log_line(result == ARF_OTHER ? LOG_INFO : LOG_WARNING, "%s: %s",
		    name, why);
		return true;
	}
	if (!count_complaints(feedback, &complaint, 1, &taken)) {
		return false;
	}
	say_taken(name, &complaint, &taken);
	return true;
}

/* For the MTA whatever cannot be done now is to be tried again later. */
static int
read_pipe(struct feedback *feedback, char *mail)
{
	const size_t len = fread(mail, 1, FEEDBACK_SIZE, stdin);

	if (ferror(stdin) != 0) {
		log_warn("standard input: %s", strerrordesc_np(errno));
		return EX_TEMPFAIL;
	}
	return take_mail(feedback, NULL, mail, len) ? EXIT_FINE : EX_TEMPFAIL;
}

/* ---- a maildir ---- */

/* From new/ to cur/, as seen. */
static bool
put_away(const char *folder, const char *name)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	const int bare = (int)strcspn(name, ":");

	if (snprintf(from, sizeof(from), "%s/new/%s", folder, name) <
		(int)sizeof(from) &&
	    snprintf(to, sizeof(to), "%s/cur/%.*s:2,S", folder, bare, name) <
		(int)sizeof(to) &&
	    rename(from, to) == 0) {
		return true;
	}
	log_warn("%s/new/%s: it could not be moved to cur: %s", folder, name,
	    strerrordesc_np(errno));
	return false;
}

/* One mail; what cannot be read stays, after a log line. */
static enum exit_status
take_file(
    struct feedback *feedback, const char *folder, const char *name, char *mail)
{
	char path[PATH_MAX];
	size_t len;

	if (snprintf(path, sizeof(path), "%s/new/%s", folder, name) >=
	    (int)sizeof(path)) {
		log_warn("%s/new: a name is too long", folder);
		return EXIT_USAGE;
	}
	len = file_read_head(path, mail, FEEDBACK_SIZE + 1);
	if (len == 0 && access(path, R_OK) != 0) {
		log_warn("%s: %s", path, strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	return !take_mail(feedback, name, mail, len) ? EXIT_DATABASE
	       : put_away(folder, name)              ? EXIT_FINE
						     : EXIT_USAGE;
}

static int
is_mail(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static enum exit_status
read_maildir(struct feedback *feedback, char *mail)
{
	const char *folder = feedback->options.value[VALUE_MAILDIR];
	enum exit_status status = EXIT_FINE;
	struct dirent **entry = NULL;
	char path[PATH_MAX];
	int entries;

	(void)snprintf(path, sizeof(path), "%s/new", folder);
	entries = scandir(path, &entry, is_mail, alphasort);
	if (entries < 0) {
		log_warn("%s: %s", path, strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	for (int i = 0; i < entries; i++) {
		if (status != EXIT_DATABASE) {
			const enum exit_status one = take_file(
			    feedback, folder, entry[i]->d_name, mail);

			status = one > status ? one : status;
		}
		free(entry[i]);
	}
	free(entry);
	return status;
}

/* ---- a table ---- */

static enum exit_status
read_csv(struct feedback *feedback)
{
	const char *path = feedback->options.value[VALUE_CSV];
	const bool is_stdin = strcmp(path, "-") == 0;
	FILE *from = is_stdin ? stdin : fopen(path, "re");
	struct complaint *complaint = NULL;
	size_t complaints = 0;
	const char *wrong;
	struct taken taken;
	int64_t line;
	bool well = true;

	if (from == NULL) {
		log_warn("%s: %s", path, strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	wrong = aggregate_read(
	    from, feedback->now, &complaint, &complaints, &line);
	if (!is_stdin) {
		(void)fclose(from);
	}
	if (wrong != NULL) {
		log_warn("%s:%" PRId64 ": %s; nothing of it is counted",
		    is_stdin ? "stdin" : path, line, wrong);
		return EXIT_USAGE;
	}
	if (complaints > 0) {
		well = count_complaints(
		    feedback, complaint, complaints, &taken);
	} else {
		taken = (struct taken){ .counted = 0 };
	}
	free(complaint);
	if (well) {
		log_info("%s: %" PRId64 " counted, %" PRId64 " before, %" PRId64
			 " of addresses that are allowed or never "
			 "banned, %" PRId64 " from before what is kept",
		    is_stdin ? "stdin" : path, taken.counted, taken.repeated,
		    taken.not_counted, taken.old);
	}
	return well ? EXIT_FINE : EXIT_DATABASE;
}

/* ---- start ---- */

/* Configuration, user, sandbox; false after a log line. */
static bool
prepare(struct feedback *feedback)
{
	const char *folder = feedback->options.value[VALUE_MAILDIR];
	char error[CONF_ERROR_SIZE];
	char inside[PATH_MAX] = "";

	feedback->conf = conf_load(feedback->options.conf_path, error);
	log_warn_lines(error);
	if (feedback->conf == NULL ||
	    !proc_drop_root(feedback->conf->user, feedback->conf->database)) {
		return false;
	}
	if (folder != NULL) {
		(void)snprintf(inside, sizeof(inside), "%s/new", folder);
	}
	sandbox_calls(false);
	sandbox_files(
	    (const struct sandbox_place[]){
		{ feedback->conf->database, SANDBOX_WRITE },
		{ inside, SANDBOX_WRITE } },
	    2);
	return true;
}

int
main(int argc, char **argv)
{
	struct feedback feedback = { .options = options_read(
					 argc, argv, &service) };
	const char *const *value = feedback.options.value;
	const bool piped = value[VALUE_MAILDIR] == NULL &&
			   value[VALUE_CSV] == NULL;
	static char mail[FEEDBACK_SIZE + 1];
	int status;

	log_init("videur-feedback");
	if (feedback.options.done) {
		return feedback.options.status;
	}
	if (value[VALUE_MAILDIR] != NULL && value[VALUE_CSV] != NULL) {
		(void)fputs(service.usage, stderr);
		return EXIT_USAGE;
	}
	if (piped) {
		log_to_mail();
	}
	if (!prepare(&feedback)) {
		return piped ? EX_TEMPFAIL : EXIT_USAGE;
	}
	feedback.now = proc_now();
	status = piped ? read_pipe(&feedback, mail)
		 : value[VALUE_CSV] != NULL
		     ? (int)read_csv(&feedback)
		     : (int)read_maildir(&feedback, mail);
	store_close(feedback.store);
	conf_drop(feedback.conf);
	return status;
}
