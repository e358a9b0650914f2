#include "ctl/brake.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "engine/engine.h"

struct picture {
	struct brake_counts counts;
	int64_t held; /* live bans that it holds back */
};

/* ---- looking ---- */

static bool
count_held(void *to, const struct ban *ban)
{
	struct picture *picture = to;

	picture->held += ban->observed && ban->honest;
	return true;
}

static enum store_result
look(struct ctl *ctl, struct picture *picture)
{
	const struct ban_query live = {
		.scope = BAN_ANYBODY,
		.active_at = ctl->now,
		.observed = true,
	};
	enum store_result result = engine_brake_counts(
	    ctl->store, ctl->conf, ctl->now, &picture->counts);

	if (result == STORE_OK) {
		result = store_ban_each(ctl->store, &live, count_held, picture);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

static void
put_since(struct json *json, const char *name, int64_t since)
{
	if (since != 0) {
		json_time(json, name, since);
	} else {
		json_null(json, name);
	}
}

/* ---- how it is ---- */

static void
tell_state(const struct ctl *ctl, const struct brake *brake)
{
	char since[PRINT_TIME_SIZE];

	if (brake->since == 0) {
		print_line("the brake is off");
	} else if (brake->on) {
		print_line("THE BRAKE IS ON since %s: new bans of clients "
			   "whose mail was accepted before refuse nobody",
		    print_time(brake->since, since));
	} else {
		print_line("the brake is off, since its release at %s",
		    print_time(brake->since, since));
	}
	if (ctl->conf->mode == CONF_OBSERVE) {
		print_line("mode is observe: there is nothing to brake");
	} else if (ctl->conf->brake_bans == 0) {
		print_line("the configuration has none (bans = 0): it holds "
			   "nothing back");
	}
}

static void
tell(const struct ctl *ctl, const struct picture *picture)
{
	const struct conf *conf = ctl->conf;
	const struct brake *brake = &picture->counts.brake;
	char within[DURATION_TEXT_SIZE];
	char span[DURATION_TEXT_SIZE];
	char clients[PRINT_COUNT_SIZE];

	tell_state(ctl, brake);
	print_line("it counts clients with %" PRId64 " or more messages "
		   "accepted in the last %s, and goes on for %" PRId64
		   " with a new ban within %s",
	    conf->brake_accepted, text_from_duration(REPUTATION_SPAN, span),
	    conf->brake_bans, text_from_duration(conf->brake_within, within));
	if (brake->on || picture->held > 0) {
		print_line("bans held back that would hold now: %" PRId64,
		    picture->held);
	}
	if (brake->on) {
		print_line("look at maps, resolver and scanner, then: videur "
			   "brake release");
	} else {
		print_line(
		    "%s now", print_count(picture->counts.clients,
				  "client counts", "clients count", clients));
	}
}

static void
tell_json(const struct ctl *ctl, const struct picture *picture)
{
	const struct brake *brake = &picture->counts.brake;
	struct json json;

	print_json_begin(&json);
	json_object(&json, NULL);
	json_bool(&json, "on", brake->on);
	put_since(&json, "since", brake->since);
	json_int(&json, "bans", ctl->conf->brake_bans);
	json_int(&json, "within", ctl->conf->brake_within);
	json_int(&json, "accepted", ctl->conf->brake_accepted);
	json_int(&json, "clients", picture->counts.clients);
	json_int(&json, "held", picture->held);
	json_time(&json, "checked_at", ctl->now);
	json_object_end(&json);
	print_json_end(&json);
}

enum exit_status
brake_show(struct ctl *ctl)
{
	struct picture picture = { .held = 0 };
	enum store_result result = look(ctl, &picture);

	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	if (args_given(&ctl->args, OPTION_JSON)) {
		tell_json(ctl, &picture);
	} else {
		tell(ctl, &picture);
	}
	return picture.counts.brake.on ? EXIT_NO : EXIT_FINE;
}

/* ---- its release ---- */

static void
tell_released(const struct ctl *ctl, const struct brake *brake)
{
	char since[PRINT_TIME_SIZE];
	struct json json;

	if (!args_given(&ctl->args, OPTION_JSON)) {
		if (brake->on) {
			print_line("released the brake, which was on since %s",
			    print_time(brake->since, since));
		} else {
			print_line("the brake is not on");
		}
		return;
	}
	print_json_begin(&json);
	json_object(&json, NULL);
	json_bool(&json, "released", brake->on);
	put_since(&json, "since", brake->since);
	json_time(&json, "checked_at", ctl->now);
	json_object_end(&json);
	print_json_end(&json);
}

enum exit_status
brake_release(struct ctl *ctl)
{
	struct brake brake = { .on = false };
	enum store_result result = ctl_begin(ctl);

	if (result == STORE_OK) {
		result = engine_brake(ctl->store, &brake);
	}
	if (result == STORE_OK && brake.on) {
		result = engine_brake_release(ctl->store, ctl->now);
		if (result == STORE_OK) {
			result = ctl_commit(
			    ctl, "brake release", "all", ctl->args.note);
		}
	} else if (result == STORE_OK) {
		store_rollback(ctl->store);
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	tell_released(ctl, &brake);
	return brake.on ? EXIT_FINE : EXIT_NO;
}
