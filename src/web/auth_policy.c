/*
 * Dovecot asks whether a client may log in: its auth_policy_server_url, which
 * speaks as weakforced does.  POST /?command=allow brings an object of JSON, of
 * which "remote" (auth_policy_request_attributes) is the client's address; it
 * gets {"status":0,"msg":""}, or {"status":-1,"msg":why} where the client is to
 * be refused before its password is looked at.
 *
 * Refused is who would be after a good login at submission: for a ban that is
 * for failed logins, and for no other.  Dovecot logs a refusal as one more
 * failed login, and while such a ban holds those are not counted; for another
 * they would be, and honest users would be banned for what they did not do.
 * What cannot be known refuses nobody.  Nothing is written:
 * ?command=report, which says what came of a login, is only acknowledged, since
 * the log says the same and videur-watch counts it there.
 */
#include <gnutls/abstract.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/reply.h"
#include "web/lookup.h"
#include "web/response.h"
#include "web/site.h"

enum {
	GATE_MS = 60 * 1000,
	PROTOCOL_SIZE = 17
};

/* What is asked, and what there is to answer it from. */
struct login_asked {
	bool is_json;
	bool has_remote;
	struct addr remote;
	char protocol[PROTOCOL_SIZE]; /* "imap"; or empty */
	struct standing standing;
	char observed[BAN_REF_SIZE]; /* a ban that is no more than that */
};

const char *
auth_policy_header(
    const struct conf *conf, char name[static AUTH_POLICY_HEADER_SIZE])
{
	const char *header = conf->web.auth_policy_header;
	const char *colon = strchr(header, ':');
	struct text text;

	text_init(&text, name, AUTH_POLICY_HEADER_SIZE);
	if (colon == NULL) {
		text_add(&text, "X-API-Key");
	} else {
		text_add_bytes(&text, header, (size_t)(colon - header));
	}
	return name;
}

/* Whether it brought what only Dovecot knows; how much of it was right shows in
 * no time that it takes. */
static bool
has_secret(const struct request *request)
{
	const char *header = request->site->conf->web.auth_policy_header;
	const char *colon = strchr(header, ':');
	const char *secret = colon != NULL ? colon + 1 : header;

	secret += strspn(secret, " ");
	return secret[0] == '\0' ||
	       (request->secret != NULL &&
		   strlen(request->secret) == strlen(secret) &&
		   gnutls_memcmp(request->secret, secret, strlen(secret)) == 0);
}

/* True once a minute for each gate. */
static bool
may_log(const struct request *request, atomic_llong *until)
{
	long long closed = atomic_load(until);

	return request->ticks >= closed &&
	       atomic_compare_exchange_strong(
		   until, &closed, request->ticks + GATE_MS);
}

/* ---- who asks to log in ---- */

static bool
note_observed(void *to, const struct ban *ban)
{
	struct login_asked *login = to;

	if (!ban->observed || !ban_fits(ban, SERVICE_SUBMISSION)) {
		return true;
	}
	memcpy(login->observed, ban->ref, sizeof(login->observed));
	return false;
}

/* False where the database cannot be read. */
static bool
read_login(const struct request *request, struct login_asked *login)
{
	const struct conf *conf = request->site->conf;
	struct lookup *lookup = &request->web->lookup;
	struct lookup_reader *reader = lookup_begin(lookup, conf);
	const enum reason reason = REASON_AUTH;
	char remote[ADDR_TEXT_SIZE];

	*login = (struct login_asked){ .is_json = false };
	if (reader == NULL) {
		return false;
	}
	login->is_json = store_json_text(
	    reader->store, request->body, "$.remote", remote, sizeof(remote));
	(void)store_json_text(reader->store, request->body, "$.protocol",
	    login->protocol, sizeof(login->protocol));
	login->has_remote = addr_parse(remote, &login->remote);
	if (login->has_remote) {
		engine_standing(reader->store, conf, &login->remote,
		    request->now, &login->standing);
	}
	if (login->has_remote && login->standing.verdict <= STANDING_BANNED) {
		store_ban_each(reader->store,
		    &(const struct ban_query){ .scope = BAN_COVERING,
			.who = net_cut(&login->remote, ADDR_BITS),
			.active_at = request->now,
			.observed = true,
			.reason = &reason },
		    note_observed, login);
	}
	return lookup_end(lookup, reader);
}

/* ---- answers ---- */

static void
say_status(struct response *response, int status, const char *why)
{
	struct json json = response_json(response, 200);

	json_object(&json, NULL);
	json_int(&json, "status", status);
	json_string(&json, "msg", why);
	json_object_end(&json);
	text_add_char(&response->body, '\n');
}

static enum auth_policy_answer
refuse_login(const struct request *request, const struct login_asked *login,
    const struct ban *ban, struct response *response)
{
	const struct conf *conf = request->site->conf;
	char network[NET_TEXT_SIZE];
	char who[ADDR_TEXT_SIZE];
	char line[REPLY_TEXT_SIZE];

	say_status(response, -1,
	    reply_line(ban_reply(ban), addr_format(&login->remote, who),
		ban_network(ban, network), ban->ends, conf->lookup_url,
		ban->ref, line));
	return AUTH_POLICY_REFUSED;
}

/* Let it pass, and say who would not have been. */
static enum auth_policy_answer
pass_observed(const struct request *request, const struct login_asked *login,
    struct response *response)
{
	char who[ADDR_TEXT_SIZE];

	if (may_log(request, &request->web->auth_policy.observed_until)) {
		log_info("auth-policy: %s (%s) may log in, its ban %s is only "
			 "observed",
		    addr_format(&login->remote, who), login->protocol,
		    login->observed);
	}
	say_status(response, 0, "");
	return AUTH_POLICY_OBSERVED;
}

static enum auth_policy_answer
answer_allow(const struct request *request, struct response *response)
{
	static const struct session_facts facts = {
		.service = SERVICE_SUBMISSION,
		.stage = STAGE_RCPT,
		.authenticated = true,
	};
	const struct ban *ban;
	struct login_asked login;

	if (!read_login(request, &login)) {
		say_status(response, 0, "");
		return AUTH_POLICY_UNAVAILABLE;
	}
	ban = standing_refusal(&login.standing, &facts);
	if (!login.is_json) {
		response_say(response, 400, "this is no JSON\n");
		return AUTH_POLICY_WRONG;
	}
	if (ban != NULL) {
		return refuse_login(request, &login, ban, response);
	}
	if (login.observed[0] != '\0') {
		return pass_observed(request, &login, response);
	}
	say_status(response, 0, "");
	return AUTH_POLICY_ALLOWED;
}

static enum auth_policy_answer
answer_wrong(unsigned status, const char *words, struct response *response)
{
	response_say(response, status, words);
	return AUTH_POLICY_WRONG;
}

static enum auth_policy_answer
answer_question(const struct request *request, struct response *response)
{
	const char *command = request->command != NULL ? request->command : "";

	if (request->wrong == 413) {
		/* No honest login is so long; a long name, or what a program
		 * says of itself, must be no way around a ban. */
		say_status(response, -1, "This login is too long.");
		return AUTH_POLICY_WRONG;
	}
	if (request->wrong != 0) {
		return answer_wrong(
		    request->wrong, "this request is wrong\n", response);
	}
	if (strcmp(request->path, "/") != 0) {
		return answer_wrong(404, "only / is here\n", response);
	}
	if (request->body == NULL) {
		response->methods = "POST";
		return answer_wrong(405, "only POST is answered\n", response);
	}
	if (!has_secret(request)) {
		return answer_wrong(403,
		    "this is not what auth-policy-header says\n", response);
	}
	if (strcmp(command, "report") == 0) {
		say_status(response, 0, "");
		return AUTH_POLICY_REPORT;
	}
	return strcmp(command, "allow") == 0
		   ? answer_allow(request, response)
		   : answer_wrong(
			 400, "command must be allow or report\n", response);
}

void
auth_policy_answer(const struct request *request, struct response *response)
{
	struct auth_policy *policy = &request->web->auth_policy;
	const enum auth_policy_answer answer = answer_question(
	    request, response);

	response->is_ours = true;
	atomic_fetch_add(&policy->answered[answer], 1);
	if (answer == AUTH_POLICY_WRONG &&
	    may_log(request, &policy->wrong_until)) {
		log_warn("auth-policy: a question was answered with %u: %.*s",
		    response->status, (int)strcspn(response->body.buf, "\n"),
		    response->body.buf);
	}
}
