#include "watch/allowed_names.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "conf/conf.h"
#include "dns/spf.h"
#include "engine/engine.h"

enum {
	EVERY = 3600,    /* s between two questions about a name, */
	AGAIN = 600,     /* and after one without an answer */
	NAMES_MAX = 64,  /* of one round */
	NAME_MS = 20000, /* for one of them */
	ROUND_S = 300,   /* for all */
	TIMEOUT = 1000,  /* ms to wait for the database, */
	WRITE_TIMEOUT = 10000
};

struct due {
	int64_t now;
	struct allow_name name[NAMES_MAX];
	size_t names;
};

static void
take_due(void *to, const struct allow_name *name)
{
	struct due *due = to;
	const int64_t every = name->error[0] != '\0' ? AGAIN : EVERY;

	if (due->names < NAMES_MAX &&
	    engine_due(name->asked + every, due->now, every) &&
	    (name->until == 0 || name->until > due->now)) {
		due->name[due->names++] = *name;
	}
}

/* NULL where it cannot be used. */
static struct store *
find_due(
    const struct conf *conf, enum store_mode mode, int64_t now, struct due *due)
{
	char error[STORE_ERROR_SIZE];
	struct store *store = NULL;

	*due = (struct due){ .now = now };
	if (store_open(&store, conf->database, mode,
		mode == STORE_READ ? TIMEOUT : WRITE_TIMEOUT,
		error) == STORE_OK) {
		store_names_each(store, take_due, due);
	}
	return store;
}

bool
allowed_names_due(const struct conf *conf, int64_t now)
{
	static struct due due;
	struct store *store = find_due(conf, STORE_READ, now, &due);

	store_close(store);
	return due.names > 0;
}

/* ---- asking ---- */

static bool
look_up(const struct conf *conf, const struct allow_name *name,
    struct spf_nets *out)
{
	struct dns *dns = dns_open(conf->nameserver, NAME_MS);
	bool fine = false;

	if (dns != NULL) {
		fine = name->how == ALLOW_SPF ? spf_domain(dns, name->name, out)
					      : spf_host(dns, name->name, out);
	}
	dns_close(dns);
	return fine;
}

/* Write an answer, unless the name was taken away meanwhile. */
static void
write_answer(struct store *store, const struct conf *conf,
    struct allow_name *name, const struct spf_nets *answer)
{
	const struct allow_name was = *name;
	const int64_t now = proc_now();
	int64_t lifted = 0;

	store_begin(store);
	if (!store_name_find(store, name)) {
		store_rollback(store);
		return;
	}
	if (answer->nets > 0) {
		lifted = engine_allow_name(
		    store, conf, name, answer->net, answer->nets, now);
	} else {
		engine_name_failed(store, name, answer->error, now);
	}
	if (store_commit(store) != STORE_OK) {
		log_warn("%s", store_error(store));
	} else if (answer->nets == 0 && was.error[0] == '\0') {
		log_warn("allow list: %s: what DNS said before stays",
		    answer->error);
	} else if (answer->nets > 0 && was.error[0] != '\0') {
		log_info("allow list: DNS answers for %s again", name->name);
	}
	if (lifted > 0) {
		log_info("allow list: %s is allowed at new addresses; lifted "
			 "%" PRId64 " bans",
		    name->name, lifted);
	}
}

pid_t
allowed_names_ask(const struct conf *conf)
{
	static struct due due;
	static struct spf_nets answer;
	const pid_t child = fork();
	struct store *store;

	if (child != 0) {
		return child > 0 ? child : 0;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(ROUND_S);
	sandbox_calls(true);
	/* Where there is none the log says so already. */
	if (sandbox_has_landlock()) {
		sandbox_files(
		    &(struct sandbox_place){ conf->database, SANDBOX_WRITE },
		    1);
	}
	store = find_due(conf, STORE_WRITE, proc_now(), &due);
	for (size_t i = 0; store != NULL && i < due.names; i++) {
		answer = (struct spf_nets){ .error = "the resolver fails" };
		(void)look_up(conf, &due.name[i], &answer);
		write_answer(store, conf, &due.name[i], &answer);
	}
	store_close(store);
	_exit(EXIT_FINE);
}
