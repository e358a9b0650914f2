#include "ctl/targets.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/ctl.h"

/* ---- names of hosts ---- */

static bool
add_addresses(const char *name, struct args *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	const int error = getaddrinfo(name, NULL, &hints, &found);
	const size_t before = out->targets;

	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		struct target target = { .word = name, .kind = TARGET_ADDRESS };

		if (!addr_from_sockaddr(at->ai_addr, &target.address) ||
		    out->targets == ARGS_WORDS_MAX) {
			continue;
		}
		target.who = net_cut(&target.address, ADDR_BITS);
		out->target[out->targets++] = target;
	}
	if (found != NULL) {
		freeaddrinfo(found);
	}
	if (out->targets == before) {
		output_complain("%s: %s", name,
		    error != 0 ? gai_strerror(error) : "has no address");
	}
	return out->targets > before;
}

bool
targets_look_up(struct args *args)
{
	static struct args found; /* too large for a stack */
	bool fine = true;

	/* The resolver's own way to be told how patient it is. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	(void)setenv("RES_OPTIONS", "timeout:2 attempts:1", 0);
	found.targets = 0;
	for (size_t i = 0; fine && i < args->targets; i++) {
		if (args->target[i].kind == TARGET_NAME) {
			fine = add_addresses(args->target[i].word, &found);
			args->several = true;
		} else if (found.targets < ARGS_WORDS_MAX) {
			found.target[found.targets++] = args->target[i];
		}
	}
	memcpy(args->target, found.target, sizeof(args->target));
	args->targets = found.targets;
	return fine;
}

/* ---- refs ---- */

bool
targets_find(struct ctl *ctl, struct args *args)
{
	bool fine = true;

	for (size_t i = 0; fine && i < args->targets; i++) {
		struct target *target = &args->target[i];
		struct ban ban;

		if (target->kind != TARGET_REF) {
			continue;
		}
		fine = store_ban_find(ctl->store, target->ref, &ban);
		if (fine) {
			target->kind = ban.who.bits == ADDR_BITS
					   ? TARGET_ADDRESS
					   : TARGET_NET;
			target->who = ban.who;
			target->address = ban.who.addr;
			target->reason = ban.reason;
		} else if (store_status(ctl->store) == STORE_OK) {
			output_complain(
			    "no ban has the ref \"%s\"", target->ref);
		}
	}
	return fine;
}
