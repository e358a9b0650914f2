#include "watch/announce.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"

enum {
	EVERY = 60,      /* s between two of one kind */
	LASTS_MS = 10000 /* no command runs longer */
};

static const char *const names[ANNOUNCE_KINDS] = {
	[ANNOUNCE_SUSPECT] = "suspect",
	[ANNOUNCE_BRAKE] = "brake",
	[ANNOUNCE_DATABASE] = "database",
	[ANNOUNCE_SERVICE] = "service",
	[ANNOUNCE_SOURCE] = "source",
};

void
announce_add(struct announce *announce, enum announce_kind kind, int64_t at,
    const char *text, const struct ban *ban, int64_t accepted)
{
	char *body = announce->kind[kind].body;
	char who[NET_TEXT_SIZE];
	struct json json;
	struct text out;

	if (body[0] != '\0') {
		announce->kind[kind].left_out++;
		return;
	}
	text_init(&out, body, ANNOUNCE_SIZE);
	json_init(&json, json_to_text, &out);
	json_time(&json, "at", at);
	json_string(&json, "text", text);
	if (ban != NULL) {
		json_string(&json, "client", net_format(&ban->who, who));
		json_string(&json, "reason", reason_name(ban->reason));
		json_string(&json, "rule", ban->rule);
		json_int(&json, "step", ban->step);
		json_time(&json, "begins", ban->begins);
		json_time(&json, "ends", ban->ends);
		json_string(&json, "ref", ban->ref);
		json_int(&json, "accepted", accepted);
	}
	if (out.cut) { /* no text is so long */
		body[0] = '\0';
	}
}

/* ---- the command ---- */

static _Noreturn void
be_command(const struct conf *conf, int input)
{
	static char argument[CONF_LIST_MAX][CONF_PATH_SIZE];
	static char *argv[CONF_LIST_MAX + 1];
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setpgid(0, 0);
	for (int number = 1; number < NSIG; number++) {
		(void)signal(number, SIG_DFL);
	}
	(void)sigemptyset(&none);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a process of one thread */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < conf->notify.items; i++) {
		(void)text_copy(
		    argument[i], CONF_PATH_SIZE, conf->notify.item[i]);
		argv[i] = argument[i];
	}
	if (dup2(input, STDIN_FILENO) >= 0 &&
	    dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) {
		(void)execvp(argv[0], argv);
	}
	log_warn("notify: %s: %s", argv[0], strerrordesc_np(errno));
	_exit(127);
}

/* What is written fits into the pipe: nobody is waited for. */
static void
run(struct announce *announce, const struct conf *conf, const char *json,
    int64_t ticks)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return;
	}
	if (write(ends[1], json, strlen(json)) < 0) {
		log_warn("notify: %s", strerrordesc_np(errno));
	}
	announce->child = fork();
	if (announce->child == 0) {
		be_command(conf, ends[0]);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	if (announce->child < 0) {
		announce->child = 0;
	}
	announce->kill_at = ticks + LASTS_MS;
}

/* See whether it has ended, and how; one that hangs is killed. */
static void
attend(struct announce *announce, int64_t ticks)
{
	int status;

	if (announce->child > 0 && ticks > announce->kill_at) {
		(void)kill(-announce->child, SIGKILL);
		(void)kill(announce->child, SIGKILL);
	}
	if (announce->child <= 0 ||
	    waitpid(announce->child, &status, WNOHANG) != announce->child) {
		return;
	}
	announce->child = 0;
	if (status != 0 && !announce->failed) {
		log_warn("notify: the command ended with %s %d%s",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status),
		    ticks > announce->kill_at ? ", as it took too long" : "");
	}
	announce->failed = status != 0;
}

/* ---- one after the other ---- */

static void
send_one(struct announce *announce, enum announce_kind kind,
    const struct conf *conf, int64_t ticks)
{
	char buf[ANNOUNCE_SIZE + 512];
	char host[256] = "";
	struct json json;
	struct text out;

	(void)gethostname(host, sizeof(host) - 1);
	text_init(&out, buf, sizeof(buf));
	json_init(&json, json_to_text, &out);
	json_object(&json, NULL);
	json_string(&json, "kind", names[kind]);
	json_string(&json, "host", host);
	json_int(&json, "left_out", announce->kind[kind].left_out);
	text_addf(&out, ",%s}\n", announce->kind[kind].body);
	announce->kind[kind].body[0] = '\0';
	announce->kind[kind].left_out = 0;
	announce->kind[kind].next_at = ticks / 1000 + EVERY;
	run(announce, conf, buf, ticks);
}

void
announce_tick(struct announce *announce, const struct conf *conf, int64_t ticks)
{
	attend(announce, ticks);
	for (enum announce_kind kind = 0;
	     kind < ANNOUNCE_KINDS && announce->child == 0; kind++) {
		if (announce->kind[kind].body[0] != '\0' &&
		    ticks / 1000 >= announce->kind[kind].next_at &&
		    conf->notify.items > 0) {
			send_one(announce, kind, conf, ticks);
		}
	}
}
