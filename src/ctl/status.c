#include "ctl/status.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "core/ban.h"
#include "ctl/ctl.h"
#include "ctl/print.h"

/* The keys of the state table that are services, as they sign it. */
static const char *const services[] = { "milter", "watch" };
static const char brake[] = "brake";
static const char suppressed[] = "suppressed";

enum {
	SERVICES = sizeof(services) / sizeof(services[0])
};

/* One row of the state table, or nothing where it was not there. */
struct sign {
	bool there;
	char value[STORE_KEY_SIZE];
	int64_t since;
};

struct picture {
	struct store_numbers numbers;
	int64_t v4; /* enforced bans that are active */
	int64_t v6;
	int64_t reason[REASON_COUNT]; /* the same by reason */
	int64_t observed;             /* active, and refuse nobody */
	int64_t allows;
	struct sign service[SERVICES];
	struct sign brake;
	struct sign suppressed; /* log lines that the journal dropped */
};

/* ---- looking ---- */

static bool
count_ban(void *to, const struct ban *ban)
{
	struct picture *picture = to;

	if (ban->observed) {
		picture->observed++;
	} else {
		picture->reason[ban->reason]++;
	}
	return true;
}

static void
count_allow(void *to, const struct allow *allow)
{
	struct picture *picture = to;

	(void)allow;
	picture->allows++;
}

static struct sign *
find_sign(struct picture *picture, const char *key)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (strcmp(key, services[i]) == 0) {
			return &picture->service[i];
		}
	}
	if (strcmp(key, suppressed) == 0) {
		return &picture->suppressed;
	}
	return strcmp(key, brake) == 0 ? &picture->brake : NULL;
}

static void
keep_sign(void *to, const char *key, const char *value, int64_t since)
{
	struct sign *sign = find_sign(to, key);

	if (sign != NULL) {
		sign->there = true;
		sign->since = since;
		/* A longer value is shown as far as it fits. */
		(void)text_copy(sign->value, sizeof(sign->value), value);
	}
}

static enum store_result
look(struct ctl *ctl, struct picture *picture)
{
	const struct ban_query active = {
		.scope = BAN_ANYBODY,
		.active_at = ctl->now,
		.observed = true,
	};
	struct store *store = ctl->store;
	enum store_result result;

	result = store_numbers(store, &picture->numbers);
	if (result == STORE_OK) {
		result = store_ban_listed(
		    store, ctl->now, &picture->v4, &picture->v6);
	}
	if (result == STORE_OK) {
		result = store_ban_each(store, &active, count_ban, picture);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = store_allow_each(
		    store, ctl->now, count_allow, picture);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = store_state_each(store, keep_sign, picture);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

static const char *
mode_name(enum conf_mode mode)
{
	return mode == CONF_OBSERVE ? "observe" : "enforce";
}

/* ---- telling ---- */

static void
tell_size(const struct ctl *ctl, const struct store_numbers *numbers)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
	double size = (double)numbers->bytes;
	size_t unit = 0;

	while (size >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1000;
		unit++;
	}
	print_line("database   %s, %.*f %s, schema version %" PRId64,
	    ctl->conf->database, unit > 0 ? 1 : 0, size, units[unit],
	    numbers->version);
}

static void
tell_bans(const struct picture *picture)
{
	print_line("bans       %" PRId64 " active: %" PRId64 " IPv4, %" PRId64
		   " IPv6",
	    picture->v4 + picture->v6, picture->v4, picture->v6);
	for (int i = 0; i < REASON_COUNT; i++) {
		if (picture->reason[i] > 0) {
			print_line("           %" PRId64 " for %s",
			    picture->reason[i], reason_name((enum reason)i));
		}
	}
	if (picture->observed > 0) {
		print_line("           %" PRId64
			   " more only observed: they refuse nobody",
		    picture->observed);
	}
}

static void
tell_service(const char *name, const struct sign *sign, int64_t now)
{
	char since[PRINT_TIME_SIZE];
	char ago[DURATION_TEXT_SIZE];

	if (!sign->there) {
		print_line("%-10s no sign of life yet", name);
		return;
	}
	print_line("%-10s last sign of life %s, %s ago%s%s%s", name,
	    print_time(sign->since, since),
	    text_from_duration(now - sign->since, ago),
	    sign->value[0] != '\0' ? " (" : "", sign->value,
	    sign->value[0] != '\0' ? ")" : "");
}

static bool
is_on(const struct sign *sign)
{
	return sign->there && strcmp(sign->value, "on") == 0;
}

static void
tell(const struct ctl *ctl, const struct picture *picture)
{
	const struct conf *conf = ctl->conf;
	char since[PRINT_TIME_SIZE];
	char allows[PRINT_COUNT_SIZE];

	if (is_on(&picture->brake)) {
		print_line("BRAKE ON   new bans of clients whose mail was "
			   "accepted before refuse nobody: see \"videur "
			   "brake\"");
	}
	tell_size(ctl, &picture->numbers);
	print_line("mode       %s%s", mode_name(conf->mode),
	    conf->mode == CONF_OBSERVE ? ": new bans refuse nobody" : "");
	print_line(
	    "policy     %s, %zu rules", conf->policy.name, conf->policy.rules);
	tell_bans(picture);
	print_line("events     about %" PRId64, picture->numbers.events);
	print_line("allowed    %s by command, %zu by configuration and as this "
		   "host's own",
	    print_count(picture->allows, "network", "networks", allows),
	    conf->allows);
	for (size_t i = 0; i < SERVICES; i++) {
		tell_service(services[i], &picture->service[i], ctl->now);
	}
	if (picture->suppressed.there) {
		print_line("missed     %s log lines of the mail system, which "
			   "the journal dropped (RateLimitBurst=), last %s",
		    picture->suppressed.value,
		    print_time(picture->suppressed.since, since));
	}
	if (picture->brake.there) {
		print_line("brake      %s since %s", picture->brake.value,
		    print_time(picture->brake.since, since));
	}
}

static void
tell_sign_json(struct json *json, const char *name, const struct sign *sign)
{
	if (!sign->there) {
		json_null(json, name);
		return;
	}
	json_object(json, name);
	json_string(json, "value", sign->value);
	json_time(json, "since", sign->since);
	json_object_end(json);
}

static void
tell_json(const struct ctl *ctl, const struct picture *picture)
{
	struct json json;

	print_json_begin(&json);
	json_object(&json, NULL);
	json_string(&json, "database", ctl->conf->database);
	json_int(&json, "bytes", picture->numbers.bytes);
	json_int(&json, "schema", picture->numbers.version);
	json_string(&json, "mode", mode_name(ctl->conf->mode));
	json_string(&json, "policy", ctl->conf->policy.name);
	json_object(&json, "listed");
	json_int(&json, "ipv4", picture->v4);
	json_int(&json, "ipv6", picture->v6);
	json_object_end(&json);
	json_object(&json, "reasons");
	for (int i = 0; i < REASON_COUNT; i++) {
		json_int(
		    &json, reason_name((enum reason)i), picture->reason[i]);
	}
	json_object_end(&json);
	json_int(&json, "observed", picture->observed);
	json_int(&json, "events", picture->numbers.events);
	json_int(&json, "allowed", picture->allows);
	json_object(&json, "services");
	for (size_t i = 0; i < SERVICES; i++) {
		tell_sign_json(&json, services[i], &picture->service[i]);
	}
	json_object_end(&json);
	tell_sign_json(&json, suppressed, &picture->suppressed);
	tell_sign_json(&json, brake, &picture->brake);
	json_time(&json, "checked_at", ctl->now);
	json_object_end(&json);
	print_json_end(&json);
}

enum exit_status
status_show(struct ctl *ctl)
{
	struct picture picture = { .v4 = 0 };
	enum store_result result = look(ctl, &picture);

	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	if (args_given(&ctl->args, OPTION_JSON)) {
		tell_json(ctl, &picture);
	} else {
		tell(ctl, &picture);
	}
	return EXIT_FINE;
}
