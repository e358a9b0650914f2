#include "milter/milter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "milter/session.h"
#include "milter/writer.h"

enum {
	BACKLOG = 256, /* libmilter's own is 5 */
	FOLDER_MODE = 0750,
	NOBODY_YET = 0177, /* umask: only we */
	GROUP_BUFFER = 4096,
	WHY_SIZE = 128
};

static struct writer *writer;    /* borrowed; set before any callback runs */
static struct limits *limits;    /* the same */
static struct endpoint endpoint; /* where we listen */
static atomic_int running;       /* callbacks */
static atomic_bool stopping;
static atomic_bool ended;

/* ---- between libmilter and the session ---- */

static sfsistat
leave(sfsistat status)
{
	atomic_fetch_sub(&running, 1);
	return status;
}

/* The session of this connection, made where there is none yet: an MTA may
 * use a connection again without negotiating.  Each callback begins with it and
 * ends with leave(), for which the end waits: once we are stopping none begins.
 * NULL then, or without memory. */
static struct session *
begin(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);
	struct conf *conf;

	atomic_fetch_add(&running, 1);
	if (session == NULL && !atomic_load(&stopping)) {
		conf = writer_conf(writer);
		session = session_new(writer, limits, conf);
		if (session == NULL) {
			conf_drop(conf);
		}
		(void)smfi_setpriv(ctx, session);
	}
	if (session == NULL || atomic_load(&stopping)) {
		(void)leave(SMFIS_CONTINUE);
		return NULL;
	}
	return session;
}

/* libmilter's names are not const, and it does not write to them. */
static const char *
macro(SMFICTX *ctx, const char *name)
{
	char copy[32];

	(void)text_copy(copy, sizeof(copy), name);
	return smfi_getsymval(ctx, copy);
}

/* Leave with a refusal; NULL for none. */
static sfsistat
answer(SMFICTX *ctx, struct refusal *refusal)
{
	if (refusal == NULL) {
		return leave(SMFIS_CONTINUE);
	}
	if (smfi_setreply(ctx, refusal->code,
		refusal->enhanced[0] == '\0' ? NULL : refusal->enhanced,
		refusal->text) != MI_SUCCESS) {
		log_warn("libmilter does not take the reply %s %s",
		    refusal->code, refusal->text);
	}
	return leave(refusal->code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT);
}

/* ---- callbacks ---- */

/* Of all the no-reply flags none is asked for: over TCP they cost more than
 * they save. */
static sfsistat
/* NOLINTNEXTLINE(readability-function-size): libmilter's parameters */
on_negotiate(SMFICTX *ctx, unsigned long offered_actions,
    unsigned long offered_steps, unsigned long unused2, unsigned long unused3,
    unsigned long *actions, unsigned long *steps, unsigned long *out2,
    unsigned long *out3)
{
	static char connect[] = "{daemon_port} {daemon_name}";
	static char mail[] = "{auth_type} {auth_authen}";
	static char rcpt[] = "{rcpt_mailer} {rcpt_host} {rcpt_addr}";
	struct session *session = begin(ctx);
	const struct conf *conf;

	(void)unused2;
	(void)unused3;
	if (session == NULL) {
		return SMFIS_ALL_OPTS;
	}
	*actions = offered_actions & SMFIF_SETSYMLIST;
	if (*actions != 0) {
		(void)smfi_setsymlist(ctx, SMFIM_CONNECT, connect);
		(void)smfi_setsymlist(ctx, SMFIM_ENVFROM, mail);
		(void)smfi_setsymlist(ctx, SMFIM_ENVRCPT, rcpt);
	}
	/* The steps we have no use for, of those the MTA offers to leave out.
	 * The end of the header goes only where headers go as well: libmilter
	 * does not answer the end of a message without headers that comes right
	 * after DATA. */
	conf = session_conf(session);
	*steps = SMFIP_RCPT_REJ | SMFIP_NOBODY;
	if (conf->milter.spam_header.items == 0 &&
	    conf->milter.virus_header.items == 0) {
		*steps |= SMFIP_NOHDRS | SMFIP_NOEOH;
	}
	*steps &= offered_steps;
	*out2 = 0;
	*out3 = 0;
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *sa)
{
	struct session *session = begin(ctx);
	struct addr address;
	bool known;

	(void)host;
	if (session == NULL) {
		return SMFIS_ACCEPT;
	}
	known = addr_from_sockaddr((const struct sockaddr *)sa, &address);
	session_connect(session, known ? &address : NULL,
	    session_service(session_conf(session), macro(ctx, "{daemon_port}"),
		macro(ctx, "{daemon_name}")));
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *session = begin(ctx);

	(void)name;
	if (session == NULL) {
		return SMFIS_CONTINUE;
	}
	return answer(ctx, session_helo(session, proc_now()));
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = begin(ctx);
	struct sender sender;

	if (session == NULL) {
		return SMFIS_CONTINUE;
	}
	sender = (struct sender){ .path = argv[0],
		.auth_type = macro(ctx, "{auth_type}"),
		.auth_authen = macro(ctx, "{auth_authen}") };
	return answer(ctx, session_mail(session, &sender, proc_now()));
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *session = begin(ctx);
	const char *mailer;
	struct recipient recipient;

	if (session == NULL) {
		return SMFIS_CONTINUE;
	}
	mailer = macro(ctx, "{rcpt_mailer}");
	recipient = (struct recipient){ .path = argv[0],
		.rejected = mailer != NULL && strcmp(mailer, "error") == 0 };
	if (recipient.rejected) {
		recipient.status = macro(ctx, "{rcpt_host}");
		recipient.text = macro(ctx, "{rcpt_addr}");
	}
	return answer(ctx, session_rcpt(session, &recipient, proc_now()));
}

/* A step without an answer. */
static sfsistat
step(SMFICTX *ctx, void (*verb)(struct session *session, int64_t now))
{
	struct session *session = begin(ctx);

	if (session == NULL) {
		return SMFIS_CONTINUE;
	}
	verb(session, proc_now());
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_unknown(SMFICTX *ctx, const char *verb)
{
	(void)verb;
	return step(ctx, session_unknown);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	return step(ctx, session_data);
}

static sfsistat
on_message(SMFICTX *ctx)
{
	return step(ctx, session_message);
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	return step(ctx, session_end);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = begin(ctx);

	if (session == NULL) {
		return SMFIS_CONTINUE;
	}
	session_header(session, name, value);
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	(void)smfi_setpriv(ctx, NULL);
	atomic_fetch_add(&running, 1);
	if (atomic_load(&stopping)) {
		session_free(session);
	} else {
		session_close(session, proc_now());
	}
	return leave(SMFIS_CONTINUE);
}

/* ---- bring-up and end ---- */

static char filter_name[] = "videur";
static const struct smfiDesc filter = {
	.xxfi_name = filter_name,
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_SETSYMLIST,
	.xxfi_connect = on_connect,
	.xxfi_helo = on_helo,
	.xxfi_envfrom = on_mail,
	.xxfi_envrcpt = on_rcpt,
	.xxfi_header = on_header,
	.xxfi_eom = on_message,
	.xxfi_abort = on_abort,
	.xxfi_close = on_close,
	.xxfi_unknown = on_unknown,
	.xxfi_data = on_data,
	.xxfi_negotiate = on_negotiate,
};

static void
warn_errno(const char *path, const char *what)
{
	char why[WHY_SIZE];

	log_warn("%s: %s: %s", path, what, strerror_r(errno, why, sizeof(why)));
}

/*
 * Hand what we just made to the group that may connect, then give it its mode;
 * that somebody put something else in its place meanwhile, such as a link, is
 * met.  Not being allowed to give it away is worth a warning; the MTA may have
 * other ways in.
 */
static bool
give_to_group(
    const char *path, mode_t type, const struct conf *conf, mode_t mode)
{
	const char *name = conf->milter.socket_group;
	char buffer[GROUP_BUFFER];
	struct group group;
	struct group *found = NULL;
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char self[64];
	struct text text;
	bool fine = fd >= 0 && fstat(fd, &st) == 0;

	if (fine && (st.st_mode & S_IFMT) != type) {
		errno = EEXIST;
		fine = false;
	}
	if (fine && name[0] != '\0' &&
	    getgrnam_r(name, &group, buffer, sizeof(buffer), &found) == 0 &&
	    found != NULL && st.st_gid != found->gr_gid &&
	    fchownat(fd, "", (uid_t)-1, found->gr_gid, AT_EMPTY_PATH) != 0) {
		warn_errno(path, "cannot be given to the socket's group");
	}
	/* By O_PATH alone there is no fchmod(). */
	text_init(&text, self, sizeof(self));
	text_addf(&text, "/proc/self/fd/%d", fd);
	fine = fine && chmod(self, mode) == 0;
	if (!fine) {
		warn_errno(path, "cannot be given its mode");
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return fine;
}

/* Make the socket's folder where only that is missing. */
static bool
make_folder(const char *path, const struct conf *conf)
{
	char folder[CONF_PATH_SIZE];

	(void)file_folder(path, folder, sizeof(folder));
	if (mkdir(folder, FOLDER_MODE) != 0) {
		if (errno == EEXIST) {
			return true;
		}
		warn_errno(folder, "cannot be made");
		return false;
	}
	/* Whatever the umask says. */
	return give_to_group(folder, S_IFDIR, conf, FOLDER_MODE);
}

bool
milter_open(const struct conf *conf)
{
	const char *path = endpoint.path; /* empty where it is no unix socket */
	char listen[CONF_PATH_SIZE];
	mode_t before;
	bool opened;
	int tries = 0;

	(void)endpoint_parse(conf->milter.listen, ENDPOINT_MILTER, &endpoint);
	(void)text_copy(listen, sizeof(listen), conf->milter.listen);
	/* libmilter would take the socket away from the one that listens,
	 * which then runs on and is never asked again. */
	while (path[0] != '\0' && file_connect(path) == 0) {
		if (!proc_wait_out(&tries)) {
			log_warn("%s: another program listens here: is "
				 "videur-milter running already?",
			    path);
			return false;
		}
	}
	if (path[0] != '\0' && !make_folder(path, conf)) {
		return false;
	}
	(void)smfi_setbacklog(BACKLOG);
	/* Nobody connects before it has its mode and group. */
	before = umask(NOBODY_YET);
	opened = smfi_setconn(listen) == MI_SUCCESS &&
		 smfi_register(filter) == MI_SUCCESS &&
		 smfi_opensocket(true) == MI_SUCCESS;
	(void)umask(before);
	if (!opened) {
		log_warn("cannot listen on %s", listen);
		return false;
	}
	return path[0] == '\0' || give_to_group(path, S_IFSOCK, conf,
				      (mode_t)conf->milter.socket_mode);
}

static void *
serve(void *unused)
{
	(void)unused;
	(void)smfi_main();
	atomic_store(&ended, true);
	return NULL;
}

bool
milter_serve(struct writer *a_writer, struct limits *some_limits)
{
	pthread_t thread;

	writer = a_writer;
	limits = some_limits;
	return pthread_create(&thread, NULL, serve, NULL) == 0 &&
	       pthread_detach(thread) == 0;
}

bool
milter_ended(void)
{
	return atomic_load(&ended);
}

bool
milter_stop(int64_t milliseconds)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	int64_t deadline = proc_ticks() + milliseconds;

	/* smfi_stop() would block until libmilter's listener wakes up, up to
	 * five seconds; the process ends without it. */
	atomic_store(&stopping, true);
	while (atomic_load(&running) > 0 && proc_ticks() < deadline) {
		(void)nanosleep(&moment, NULL);
	}
	if (endpoint.is_unix && unlink(endpoint.path) != 0 && errno != ENOENT &&
	    errno != EACCES) {
		log_warn("%s: cannot be removed", endpoint.path);
	}
	return atomic_load(&running) == 0;
}
