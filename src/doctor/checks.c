#include "doctor/checks.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "doctor/facts.h"

extern const struct embedded doctor_files[];

/* ---- what is said ---- */

/* Write a text of the table up to its end or its fix; gives back where. */
static const char *
expand(struct text *to, const char *at, const char *const *words)
{
	for (; *at != '\0'; at++) {
		if (at[0] == '\n' &&
		    (at[1] != '\t' || text_after(at + 2, "-> ") != NULL)) {
			break;
		}
		if (at[0] == '\n') {
			text_add_char(to, ' ');
			at++; /* its tab */
		} else if (at[0] == '{' && at[1] > '0' &&
			   at[1] <= '0' + REMARK_WORDS && at[2] == '}') {
			const char *word = words[at[1] - '1'];

			text_add(to, word != NULL ? word : "");
			at += 2;
		} else {
			text_add_char(to, *at);
		}
	}
	return at;
}

void
diagnosis_add(struct diagnosis *out, const char *finding,
    const char *const words[static REMARK_WORDS])
{
	static const char fix[] = "\n\t-> ";
	struct remark *remark = &out->remark[out->remarks];
	struct remark made = { .check = out->check };
	const char *at = doctor_files[0].data;
	const char *state;
	struct text text;

	while ((state = text_after(at, finding)) == NULL || *state != ' ') {
		at = strchr(at, '\n');
		assert(at != NULL); /* each finding stands in the table */
		at++;
	}
	(void)text_copy(made.finding, sizeof(made.finding), finding);
	while (text_after(state + 1, severity_name(made.state)) == NULL) {
		made.state++;
	}
	text_init(&text, made.what, sizeof(made.what));
	if (out->place != NULL) {
		text_addf(&text, "%s: ", out->place);
	}
	at = expand(&text, strchr(state, '\n') + 2, words);
	if (text_after(at, fix) != NULL) {
		text_init(&text, made.fix, sizeof(made.fix));
		(void)expand(&text, at + strlen(fix), words);
	}
	for (size_t i = 0; i < out->remarks; i++) {
		if (strcmp(out->remark[i].finding, finding) == 0 &&
		    strcmp(out->remark[i].check, out->check) == 0 &&
		    strcmp(out->remark[i].what, made.what) == 0) {
			return;
		}
	}
	if (out->remarks == DIAGNOSIS_MAX) {
		out->lost += made.state != SEVERITY_OK;
		return;
	}
	*remark = made;
	out->remarks++;
}

const char *
diagnosis_change(struct diagnosis *out, const char *service, const char *name,
    const char *value)
{
	struct change *made = &out->change[out->changes];

	if (out->changes == CHANGES_MAX || value == NULL ||
	    !change_make(
		made, out->mta, service != NULL ? service : "", name, value)) {
		out->changes_cut = true;
		return "change it by hand: it is too long for a line";
	}
	for (size_t i = 0; i < out->changes; i++) {
		if (strcmp(out->change[i].line, made->line) == 0) {
			return out->change[i].line;
		}
	}
	out->changes++;
	return made->line;
}

const char *
diagnosis_number(int64_t number, char text[static NUMBER_SIZE])
{
	struct text to;

	text_init(&to, text, NUMBER_SIZE);
	text_add_int(&to, number, 0);
	return text;
}

size_t
diagnosis_count(const struct diagnosis *diagnosis, enum severity state)
{
	size_t count = state == SEVERITY_PROBLEM ? diagnosis->lost : 0;

	for (size_t i = 0; i < diagnosis->remarks; i++) {
		count += diagnosis->remark[i].state == state;
	}
	return count;
}

const char *
severity_name(enum severity state)
{
	static const char *const names[SEVERITY_COUNT] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_FIXED] = "fixed",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_PROBLEM] = "problem",
	};

	return names[state];
}

/* ---- the host and its services ---- */

static void
check_database(const struct facts *facts, struct diagnosis *out)
{
	const struct records *records = &facts->records;
	const struct state *damaged = &records->state[STATE_DAMAGED];
	const char *path = facts->conf->database;
	char at[TIME_TEXT_SIZE];

	if (records->result != STORE_OK) {
		diagnosis_say(out, "database-unusable",
		    records->error[0] != '\0' ? records->error
					      : "it cannot be used",
		    path);
	} else if (facts->damage[0] != '\0') {
		diagnosis_say(out, "database-damaged", path, facts->damage);
	} else if (facts->unlooked) {
		diagnosis_say(out, "database-large", path);
	}
	if (records->numbers.holder[0] != '\0') {
		diagnosis_say(out, "log-full", records->numbers.holder);
	}
	if (damaged->value[0] != '\0') {
		diagnosis_say(out, "database-was-damaged",
		    text_from_time(damaged->since, at), damaged->value);
	}
}

static void
check_services(const struct facts *facts, struct diagnosis *out)
{
	const struct {
		enum engine_state state;
		const char *name;
		bool configured;
	} services[] = { { STATE_MILTER, "videur-milter", true },
		{ STATE_WATCH, "videur-watch", conf_watches(facts->conf) },
		{ STATE_SHARE, "videur-share", conf_shares(facts->conf) } };

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		const struct state *state = &facts->records
						 .state[services[i].state];
		int64_t silence = facts->now - state->since;
		const char *name = services[i].name;
		char ago[DURATION_TEXT_SIZE];

		if (!services[i].configured) {
			continue;
		}
		if (state->since == 0) {
			diagnosis_say(out, "never-alive", name);
		} else if (silence > RECORDS_SILENCE) {
			diagnosis_say(out, "silent", name,
			    text_from_duration(silence, ago));
		} else if (strcmp(state->value, VIDEUR_VERSION) != 0) {
			diagnosis_say(out, "other-version", name, state->value,
			    VIDEUR_VERSION);
		}
	}
	if (facts->no_landlock) {
		diagnosis_say(out, "no-landlock", NULL);
	}
}

/* The server, and what other hosts are like. */
static void
check_sharing(const struct facts *facts, struct diagnosis *out)
{
	const struct records *records = &facts->records;
	const struct sharing *sharing = &records->sharing;
	char number[NUMBER_SIZE];
	char at[TIME_TEXT_SIZE];

	if (!conf_shares(facts->conf)) {
		return;
	}
	if (sharing->why[0] != '\0') {
		diagnosis_say(out, "share-lost",
		    text_from_time(sharing->since, at), sharing->why,
		    diagnosis_number(sharing->self.pending, number));
	}
	if (sharing->missed > 0 &&
	    facts->now - sharing->missed_at < facts->conf->keep_events) {
		diagnosis_say(out, "share-missed",
		    text_from_time(sharing->missed_at, at));
	}
	for (size_t i = 0; i < records->peers; i++) {
		const struct share_peer *peer = &records->peer[i];
		const unsigned faults = engine_peer_faults(
		    facts->conf, peer, sharing->asked);
		char ago[DURATION_TEXT_SIZE];

		if ((faults & 1U << PEER_AWAY) != 0) {
			diagnosis_say(out, "peer-away", peer->name,
			    text_from_duration(
				sharing->asked - peer->seen, ago));
		}
		if ((faults & 1U << PEER_VERSION) != 0) {
			diagnosis_say(out, "peer-version", peer->name,
			    peer->version, VIDEUR_VERSION);
		}
		if ((faults & 1U << PEER_POLICY) != 0) {
			diagnosis_say(out, "peer-policy", peer->name);
		}
		if ((faults & 1U << PEER_CLOCK) != 0) {
			diagnosis_say(out, "peer-clock", peer->name,
			    diagnosis_number(peer->clock, number));
		}
	}
}

/* The mode that is configured, and that each service runs in. */
static void
check_mode(const struct facts *facts, struct diagnosis *out)
{
	const struct records *records = &facts->records;
	const char *mode = conf_mode_name(facts->conf->mode);
	char numbers[2][NUMBER_SIZE];
	char since[TIME_TEXT_SIZE];

	if (facts->conf->mode == CONF_OBSERVE) {
		diagnosis_say(out,
		    records->observing != 0 ? "observing-since" : "observing",
		    diagnosis_number(records->observed.bans, numbers[0]),
		    diagnosis_number(records->observed.suspects, numbers[1]),
		    text_from_time(records->observing, since));
	}
	for (enum engine_state i = STATE_MILTER; i <= STATE_WATCH; i++) {
		const char *other = records_other_mode(
		    records->state, i, facts->conf->mode, facts->now);

		if (other != NULL) {
			diagnosis_say(out, "mode-differs", engine_state_name(i),
			    other, mode);
		}
	}
}

static void
check_clock(const struct facts *facts, struct diagnosis *out)
{
	const struct records *records = &facts->records;
	int64_t latest = facts->now + RECORDS_SLACK;
	int64_t sign = 0;
	char at[TIME_TEXT_SIZE];

	for (size_t i = 0; i < STATE_COUNT; i++) {
		if (records->state[i].since > sign) {
			sign = records->state[i].since;
		}
	}
	if (sign > latest) {
		diagnosis_say(out, "clock-jumped", "a sign of life",
		    text_from_time(sign, at));
	}
	if (records->ban_begins > latest) {
		diagnosis_say(out, "clock-jumped", "a ban",
		    text_from_time(records->ban_begins, at));
	}
	if (records->event_ahead) {
		diagnosis_say(out, "clock-jumped-events", NULL);
	}
	if (facts->clock_adrift) {
		diagnosis_say(out, "clock-adrift", NULL);
	}
}

/* Whether all who come to videur-web there would come from one address: a
 * proxy's, which is not trusted to tell whom it serves. */
static bool
hides_visitors(const struct conf *conf, const char *listen)
{
	bool is_local = text_after(listen, "127.") != NULL ||
			text_after(listen, "[::1]") != NULL ||
			text_after(listen, "localhost") != NULL;
	bool has_tls = text_after(conf->lookup_url, "https:") != NULL;

	return conf->lookup_url[0] != '\0' && conf->web.trusted_proxies == 0 &&
	       text_after(listen, "unix:") == NULL &&
	       (is_local || (has_tls && conf->web.certificate[0] == '\0'));
}

/* Whether the host of the page has an address of this one.  True as well
 * where that cannot be told: all of ours are private ones. */
static bool
leads_here(const struct facts *facts)
{
	const struct mx_host *host = &facts->page_host.host[0];
	bool is_public = false;

	for (size_t i = 0; i < facts->owns; i++) {
		is_public |= !standing_never_banned_net(&facts->own[i]);
		for (size_t j = 0; j < host->addresses; j++) {
			if (net_contains_addr(
				&facts->own[i], &host->address[j])) {
				return true;
			}
		}
	}
	return !is_public;
}

static void
check_page(const struct facts *facts, struct diagnosis *out)
{
	const struct conf *conf = facts->conf;
	const struct mx_domain *page = &facts->page_host;

	if (conf->lookup_url[0] == '\0') {
		diagnosis_say(out, "no-page", NULL);
	}
	if (conf->contact[0] == '\0') {
		diagnosis_say(out, "no-contact", NULL);
	}
	if (facts->refused_contact != NULL) {
		diagnosis_say(out, "contact-refused", facts->refused_contact);
	}
	/* What it tells of damage that was put right is told already. */
	if (facts->page == PAGE_SILENT ||
	    (facts->page == PAGE_SICK &&
		facts->records.state[STATE_DAMAGED].value[0] == '\0')) {
		diagnosis_say(out,
		    facts->page == PAGE_SILENT ? "page-down"
					       : "page-without-database",
		    facts->page_listen);
	}
	if (page->hosts > 0 && page->answer != DNS_FAILED &&
	    page->host[0].addresses == 0) {
		diagnosis_say(out, "page-nowhere", page->name);
	} else if (page->hosts > 0 && page->host[0].addresses > 0 &&
		   !leads_here(facts)) {
		char address[ADDR_TEXT_SIZE];

		addr_format(&page->host[0].address[0], address);
		diagnosis_say(out, "page-elsewhere", page->name, address);
	}
	for (size_t i = 0; i < conf->web.listen.items; i++) {
		if (hides_visitors(conf, conf->web.listen.item[i])) {
			diagnosis_say(
			    out, "proxy-untrusted", conf->web.listen.item[i]);
			break;
		}
	}
}

/* The owner's files of phrases. */
static void
check_languages(const struct facts *facts, struct diagnosis *out)
{
	const char *folder = facts->conf->web.templates;
	char number[NUMBER_SIZE];

	for (size_t i = 0; i < facts->languages; i++) {
		const struct language_faults *faults = &facts->language[i]
							    .faults;
		const char *tag = facts->language[i].tag;

		if (faults->wrong[0] != '\0') {
			diagnosis_say(
			    out, "phrases-wrong", folder, tag, faults->wrong);
		}
		if (faults->lacks > 0) {
			diagnosis_say(out, "phrases-missing", folder, tag,
			    diagnosis_number((int64_t)faults->lacks, number),
			    faults->lacking);
		}
		if (faults->unknown > 0) {
			diagnosis_say(out, "phrases-unknown", folder, tag,
			    diagnosis_number((int64_t)faults->unknown, number),
			    faults->strange);
		}
	}
}

static void
check_operator(const struct facts *facts, struct diagnosis *out)
{
	const struct conf_list *places = &facts->conf->web.operator_listen;

	for (size_t i = 0; i < places->items; i++) {
		const char *where = places->item[i];
		const char *path = text_after(where, "unix:");
		char folder[CONF_PATH_SIZE] = "";

		(void)file_folder(
		    path != NULL ? path : "", folder, sizeof(folder));
		if (facts->operator_open[i]) {
			diagnosis_say(out, "operator-open", where, folder);
		} else if (facts->operator_loose[i]) {
			diagnosis_say(out, "operator-loose", where, path);
		} else {
			diagnosis_say(out,
			    path != NULL ? "operator-socket" : "operator-port",
			    where);
		}
	}
}

/* ---- all checks ---- */

enum {
	NEEDS_POSTFIX = 1,
	NEEDS_RECORDS = 2,
	OF_EACH = 4, /* for each Postfix of this host */
	NEEDS_SENDMAIL = 8
};

static const struct {
	const char *name; /* and of the finding where nothing is wrong */
	unsigned needs;
	checker *run; /* or for each smtpd: */
	looker *look;
} checks[] = {
	{ "database", 0, check_database, NULL },
	{ "own-addresses", 0, check_own_addresses, NULL },
	{ "allow", NEEDS_RECORDS, check_allow, NULL },
	{ "postfix", OF_EACH, check_postfix, NULL },
	{ "mynetworks", NEEDS_POSTFIX, check_mynetworks, NULL },
	{ "mx", NEEDS_POSTFIX, check_mx, NULL },
	{ "ssh", 0, check_ssh, NULL },
	{ "proxy", NEEDS_RECORDS, check_proxy, NULL },
	{ "milter-chain", NEEDS_POSTFIX | OF_EACH, NULL, look_at_chain },
	{ "milter-action", NEEDS_POSTFIX | OF_EACH, NULL, look_at_action },
	{ "milter-socket", NEEDS_POSTFIX | OF_EACH, check_socket, NULL },
	{ "sendmail", NEEDS_SENDMAIL, check_sendmail, NULL },
	{ "helo", NEEDS_POSTFIX | OF_EACH, NULL, look_at_settings },
	{ "smtpd", NEEDS_POSTFIX | OF_EACH, NULL, look_at_settings },
	{ "logins", NEEDS_POSTFIX | OF_EACH, NULL, look_at_logins },
	{ "reach", NEEDS_RECORDS, check_reach, NULL },
	{ "scanners", 0, check_scanners, NULL },
	{ "milter", NEEDS_RECORDS, check_seen, NULL },
	{ "services", NEEDS_RECORDS, check_services, NULL },
	{ "sharing", NEEDS_RECORDS, check_sharing, NULL },
	{ "mode", NEEDS_RECORDS, check_mode, NULL },
	{ "logs", 0, check_logs, NULL },
	{ "clock", 0, check_clock, NULL },
	{ "page", 0, check_page, NULL },
	{ "languages", 0, check_languages, NULL },
	{ "operator", 0, check_operator, NULL },
};

/* Whether what it needs is there. */
static bool
run_check(const struct facts *facts, struct diagnosis *out, size_t check)
{
	unsigned needs = checks[check].needs;

	if (((needs & NEEDS_POSTFIX) != 0 && out->mta->state != MTA_THERE) ||
	    ((needs & NEEDS_SENDMAIL) != 0 && !facts->sendmail.there) ||
	    ((needs & NEEDS_RECORDS) != 0 &&
		facts->records.result != STORE_OK)) {
		return false;
	}
	if (checks[check].look != NULL) {
		each_service(facts, out, checks[check].look);
	} else {
		checks[check].run(facts, out);
	}
	return true;
}

/* Those that need all of `needs`. */
static void
run_checks(const struct facts *facts, struct diagnosis *out, unsigned needs)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t before = out->remarks + out->lost;
		size_t more = (checks[i].needs & OF_EACH) != 0
				  ? facts->instances
				  : 0;
		bool ran = false;

		if ((checks[i].needs & needs) != needs) {
			continue;
		}
		out->check = checks[i].name;
		for (size_t j = 0; j <= more; j++) {
			out->mta = &facts->mta[j];
			out->place = j > 0 ? out->mta->folder : NULL;
			ran = run_check(facts, out, i) || ran;
		}
		out->place = NULL;
		if (ran && out->remarks + out->lost == before) {
			diagnosis_say(out, checks[i].name, NULL);
		}
	}
}

void
diagnose(const struct facts *facts, struct diagnosis *out)
{
	run_checks(facts, out, 0);
}

void
diagnose_postfix(const struct facts *facts, struct diagnosis *out)
{
	run_checks(facts, out, OF_EACH);
}
