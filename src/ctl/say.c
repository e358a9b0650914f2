#include "ctl/say.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"

enum {
	STEP_SIZE = 24,
	SPEECH_SIZE = 96
};

const char *
say_state(const struct ban *ban, int64_t now)
{
	if (ban->mistake) {
		return "mistake";
	}
	if (ban->cleared != 0) {
		return "cleared";
	}
	if (now >= ban->ends) {
		return ban->observed ? "observed, over" : "over";
	}
	return ban->observed ? "observed" : "active";
}

static char *
say_step(const struct ban *ban, char text[static STEP_SIZE])
{
	if (ban->step == 0) {
		(void)text_copy(text, STEP_SIZE, "by hand");
	} else {
		(void)snprintf(text, STEP_SIZE, "step %d", ban->step);
	}
	return text;
}

void
say_began(const struct ban *ban, int64_t now)
{
	char who[NET_TEXT_SIZE];
	char until[PRINT_TIME_SIZE];
	char step[STEP_SIZE];

	print_line("%s %s until %s: reason %s, rule %s, %s (ref %s)%s",
	    ban->observed ? "observed" : "banned", net_format(&ban->who, who),
	    print_time(ban->ends, until), reason_name(ban->reason), ban->rule,
	    say_step(ban, step), ban->ref,
	    now >= ban->ends ? ", over already" : "");
}

/* Add where a ban speaks to sessions of one service, if another that ends
 * later does not speak for it. */
static void
add_speech(const struct standing *standing, const struct ban *ban,
    enum service service, struct text *to)
{
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		struct session_facts facts = {
			.service = service,
			.stage = (enum stage)stage,
		};

		if (standing_speaker(standing, &facts) == ban) {
			text_addf(to, "%s at %s on %s",
			    to->len > 0 ? " and" : "speaks",
			    stage_name((enum stage)stage),
			    service_name(service));
			return;
		}
	}
}

/* "speaks at rcpt on mx and at rcpt on submission". */
static char *
say_speech(const struct standing *standing, const struct ban *ban,
    char speech[static SPEECH_SIZE])
{
	struct text text;

	text_init(&text, speech, SPEECH_SIZE);
	add_speech(standing, ban, SERVICE_MX, &text);
	add_speech(standing, ban, SERVICE_SUBMISSION, &text);
	if (text.len == 0) {
		text_add(&text, "silent: the one that ends later speaks");
	}
	return speech;
}

static void
say_banned(const struct standing *standing, const struct ban *ban)
{
	char address[ADDR_TEXT_SIZE];
	char who[NET_TEXT_SIZE];
	char until[PRINT_TIME_SIZE];
	char left[DURATION_TEXT_SIZE];
	char step[STEP_SIZE];
	char speech[SPEECH_SIZE];

	print_line("%s is banned until %s (%s left): reason %s, rule %s, %s, "
		   "ref %s, as %s; %s",
	    addr_format(&standing->address, address),
	    print_time(ban->ends, until),
	    text_from_duration(ban->ends - standing->checked_at, left),
	    reason_name(ban->reason), ban->rule, say_step(ban, step), ban->ref,
	    net_format(&ban->who, who), say_speech(standing, ban, speech));
}

static enum store_result
say_allowed(struct ctl *ctl, const struct standing *standing)
{
	char address[ADDR_TEXT_SIZE];
	char net[NET_TEXT_SIZE];
	char until[PRINT_TIME_SIZE];
	struct allow allow;
	enum store_result result = store_allow_covers(
	    ctl->store, &standing->address, standing->checked_at, &allow);

	addr_format(&standing->address, address);
	if (result == STORE_NONE) {
		print_line("%s is allowed: by the configuration, or as one of "
			   "this host's own",
		    address);
		return STORE_OK;
	}
	if (result == STORE_OK) {
		print_line("%s is allowed: %s is on the allow list%s%s%s%s",
		    address, net_format(&allow.net, net),
		    allow.until != 0 ? " until " : "",
		    allow.until != 0 ? print_time(allow.until, until) : "",
		    allow.note[0] != '\0' ? ": " : "", allow.note);
	}
	return result;
}

enum store_result
say_standing(struct ctl *ctl, const struct standing *standing)
{
	char address[ADDR_TEXT_SIZE];

	addr_format(&standing->address, address);
	switch (standing->verdict) {
	case STANDING_CLEAR:
		print_line("%s is clear", address);
		break;
	case STANDING_BANNED:
		for (size_t i = 0; i < standing->bans; i++) {
			say_banned(standing, &standing->ban[i]);
		}
		break;
	case STANDING_ALLOWED:
		return say_allowed(ctl, standing);
	case STANDING_NEVER:
		print_line("%s is never banned: it lies in a private or "
			   "reserved range",
		    address);
		break;
	}
	return STORE_OK;
}
