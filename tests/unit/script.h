/*
 * Scripts: what clients do and what becomes of it, a line a step.
 *
 *     TIME [ADDRESS] VERB [ARGUMENT ...] [= WANT] [: sentence]
 *
 * TIME is seconds after T0, as 60, 2h+21 or 90d-1; ADDRESS an address or a
 * network, 203.0.113.9 where none stands.
 *
 *     KIND [N]        N times, a second apart, the last at TIME: the bans that
 *                     began, and "observed", "honest", "braked" of the last
 *     KIND N at AT    the same, the last at AT and told of at TIME
 *     KIND N same     all in one second
 *     KIND N by NAME  of one user or recipient
 *     KIND N null     refused to the null sender
 *     KIND N nth      refused in one message, the first, second ...
 *     login NAME      a good one
 *     stores KIND     once: whether it is kept as an event
 *     accepted M R    messages and recipients
 *     banned bans verdict            its standing
 *     step begins ends rule reason code own ref    of the ban that ends last
 *     clear mistake   the bans that are lifted; also for "all"
 *     allow [UNTIL]   likewise
 *     hand LASTS      a ban by hand: 0 new, 1 prolonged, 2 replaced
 *     release on clients since       the brake
 *     rows            events kept, of all
 *     good held bad   its reputation; bans and events held against it
 *     daily WHAT NAME sums of the day of TIME
 *     prune           rows that went
 *     maintain UP     likewise, of a service whose host is so long up
 *     set RULE FIELD N     mode observe|enforce     policy NAME
 */
#ifndef UNIT_SCRIPT_H
#define UNIT_SCRIPT_H

#include "fixture.h"

enum {
	SCRIPT_WORDS = 8
};

struct script {
	struct fixture *fixture;
	const char *line;
	int64_t now;
	const char *who;
	char *word[SCRIPT_WORDS]; /* the verb and its arguments; NULL behind */
	char got[64];             /* a word, or: */
	int64_t number;
};

static inline int64_t
script_time(const char *text)
{
	int64_t sum = 0;
	char *end;

	while (*text != '\0') {
		int64_t part = strtoll(text, &end, 10);

		if (end == text) {
			fail_msg("no time: %s", text);
		}
		part *= *end == 'd'   ? DAY
			: *end == 'h' ? HOUR
			: *end == 'm' ? MINUTE
				      : 1;
		text = end + (*end == 'd' || *end == 'h' || *end == 'm');
		sum += part;
	}
	return sum;
}

static inline struct rule *
script_rule(struct fixture *fixture, const char *name)
{
	struct policy *policy = &fixture->conf->policy;
	size_t i = 0;

	while (i < policy->rules && strcmp(policy->rule[i].name, name) != 0) {
		i++;
	}
	assert_true(i < policy->rules);
	return &policy->rule[i];
}

static inline bool
script_is(const struct script *script, const char *verb)
{
	return strcmp(script->word[0], verb) == 0;
}

static inline int64_t
script_number(const struct script *script, size_t word, int64_t otherwise)
{
	return script->word[word] != NULL ? script_time(script->word[word])
					  : otherwise;
}

static inline bool
script_observes(struct script *script)
{
	const char *how = script->word[1] != NULL ? script->word[2] : "";
	bool same = how != NULL && strcmp(how, "same") == 0;
	bool late = how != NULL && strcmp(how, "at") == 0;
	bool nth = how != NULL && strcmp(how, "nth") == 0;
	struct fixture *fixture = script->fixture;
	struct outcome outcome = { .bans = 0 };
	char key[HASH_TEXT_SIZE] = "";
	bool storm = false;
	int64_t last, count;
	enum kind kind;
	struct text text;
	size_t bans = 0;

	if (!words_parse(&kind_words, script->word[0], &kind)) {
		return false;
	}
	count = script_number(script, 1, 1);
	if (how != NULL && strcmp(how, "by") == 0) {
		engine_key(fixture->store, script->word[3], key);
	}
	last = late ? T0 + script_number(script, 3, 0) : script->now;
	store_begin(fixture->store);
	for (int64_t i = count - 1; i >= 0; i--) {
		int64_t at = same ? last : last - i;

		const struct observation seen = {
			.address = addr_of(script->who),
			.kind = kind,
			.at = at,
			.source = "test",
			.key = key[0] != '\0' ? key : NULL,
			.null_sender = how != NULL && strcmp(how, "null") == 0,
			.nth = nth ? (int)(count - i) : 0,
		};

		engine_observe(fixture->store, fixture->conf, &seen, NULL,
		    late ? script->now : at, &outcome);
		bans += outcome.bans;
		storm |= outcome.storm;
	}
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	text_init(&text, script->got, sizeof(script->got));
	text_addf(&text, "%zu%s%s%s%s", bans,
	    outcome.bans > 0 && outcome.ban[0].observed ? " observed" : "",
	    outcome.bans > 0 && outcome.ban[0].honest ? " honest" : "",
	    outcome.braked ? " braked" : "", storm ? " storm" : "");
	return true;
}

static inline bool
script_asks(struct script *script)
{
	const struct standing standing = fixture_standing(
	    script->fixture, script->who, script->now);
	const struct ban *ban = &standing.ban[0];
	char *got = script->got;

	if (script_is(script, "banned")) {
		script->number = standing.verdict == STANDING_BANNED;
	} else if (script_is(script, "bans")) {
		script->number = (int64_t)standing.bans;
	} else if (script_is(script, "verdict")) {
		(void)text_copy(got, sizeof(script->got),
		    standing_verdict_name(standing.verdict));
	} else if (standing.bans == 0) {
		return false;
	} else if (script_is(script, "step")) {
		script->number = ban->step;
	} else if (script_is(script, "begins")) {
		script->number = ban->begins - T0;
	} else if (script_is(script, "ends")) {
		script->number = ban->ends - T0;
	} else {
		const char *const texts[][2] = {
			{ "rule", ban->rule },
			{ "reason", reason_name(ban->reason) },
			{ "code", ban->reply.code },
			{ "ref", ban->ref },
		};

		for (size_t i = 0; i < COUNT(texts); i++) {
			if (script_is(script, texts[i][0])) {
				(void)text_copy(
				    got, sizeof(script->got), texts[i][1]);
			}
		}
	}
	return got[0] != '\0' || script->number != INT64_MIN;
}

struct script_daily {
	int64_t day;
	const char *what, *name;
	int64_t number;
};

static inline void
script_add_daily(void *to, const struct daily_row *row)
{
	static const char *const names[DAILY_COUNT] = { "event", "ban",
		"refused", "limited", "sessions", "messages", "recipients",
		"accepted" };
	struct script_daily *daily = to;

	if (row->day == daily->day &&
	    strcmp(names[row->what], daily->what) == 0 &&
	    (daily->name == NULL || strcmp(row->name, daily->name) == 0)) {
		daily->number += row->number;
	}
}

/* Verbs that write, in a transaction. */
static inline bool
script_acts(struct script *script)
{
	struct store *store = script->fixture->store;
	struct conf *conf = script->fixture->conf;
	int64_t now = script->now;
	int64_t *number = &script->number;
	bool known = true;
	int64_t was;

	store_begin(store);
	if (script_is(script, "clear") || script_is(script, "mistake")) {
		struct clearing clearing = { .who = net_of(script->who),
			.everybody = script->word[1] != NULL,
			.mistake = script_is(script, "mistake") };

		*number = engine_clear(store, conf, &clearing, now);
	} else if (script_is(script, "allow")) {
		struct allow allow = { .net = net_of(script->who),
			.until = script_number(script, 1, -T0) + T0 };

		*number = engine_allow(store, conf, &allow, now);
	} else if (script_is(script, "hand")) {
		struct ban ban = { .who = net_of(script->who),
			.reason = REASON_ERROR,
			.ends = now + script_number(script, 1, 0) };

		*number = engine_ban(store, conf, &ban, now, &was);
	} else if (script_is(script, "release")) {
		engine_brake_release(store, now);
	} else if (script_is(script, "maintain")) {
		*number = engine_maintain(
		    store, conf, now, script_number(script, 1, 0) * 1000);
	} else if (script_is(script, "login")) {
		fixture_login(
		    script->fixture, script->who, script->word[1], now);
	} else if (script_is(script, "prune")) {
		*number = engine_prune(store, conf, now);
	} else if (script_is(script, "accepted")) {
		fixture_accepted(script->fixture, script->who, now,
		    script_number(script, 1, 0), script_number(script, 2, 0));
	} else {
		known = false;
	}
	assert_int_equal(store_commit(store), STORE_OK);
	return known;
}

static inline bool
script_sets(struct script *script)
{
	struct conf *conf = script->fixture->conf;
	char error[CONF_ERROR_SIZE];

	if (script_is(script, "mode")) {
		conf->mode = script->word[1][0] == 'o' ? CONF_OBSERVE
						       : CONF_ENFORCE;
	} else if (script_is(script, "policy")) {
		if (!conf_policy(script->word[1], CONF_DEFAULT_FILE,
			&conf->policy, error)) {
			fail_msg("%s", error);
		}
	} else if (script_is(script, "set")) {
		struct rule *rule = script_rule(
		    script->fixture, script->word[1]);
		const struct {
			const char *name;
			int64_t *field;
		} fields[] = { { "limit", &rule->limit },
			{ "within", &rule->within }, { "ratio", &rule->ratio },
			{ "credit", &rule->credit }, { "soft", &rule->soft },
			{ "weight", &rule->weight }, { "ban", &rule->ban[0] },
			{ "same_user", &rule->same_user },
			{ "same_recipient", &rule->same_recipient } };
		size_t i = 0;

		while (strcmp(fields[i].name, script->word[2]) != 0) {
			i++;
			assert_true(i < COUNT(fields));
		}
		*fields[i].field = script_number(script, 3, 0);
	} else {
		return false;
	}
	return true;
}

/* What is known beside standings. */
static inline bool
script_looks(struct script *script)
{
	struct store *store = script->fixture->store;
	struct conf *conf = script->fixture->conf;
	struct store_numbers numbers;
	struct brake_counts brake;
	struct repute repute;
	const struct net who = net_of(script->who);
	const struct net client = engine_client(conf, &who.addr);

	store_read(store);
	engine_brake_counts(store, conf, script->now, &brake);
	engine_repute(store, conf, &client, NULL, script->now, &repute);
	store_numbers(store, &numbers);
	if (script_is(script, "rows")) {
		script->number = numbers.events;
	} else if (script_is(script, "on")) {
		script->number = brake.brake.on;
	} else if (script_is(script, "clients")) {
		script->number = brake.clients;
	} else if (script_is(script, "since")) {
		script->number = brake.brake.since - T0;
	} else if (script_is(script, "held")) {
		script->number = repute.facts.bans;
	} else if (script_is(script, "bad")) {
		script->number = reputation_bad(&repute.facts.tally);
	} else if (script_is(script, "good")) {
		script->number = repute.reputation == REPUTATION_GOOD;
	} else if (script_is(script, "daily")) {
		struct script_daily daily = { .day = script->now -
						     script->now % DAY,
			.what = script->word[1],
			.name = script->word[2] };

		store_daily_each(store, 0, script_add_daily, &daily);
		script->number = daily.number;
	}
	assert_int_equal(store_read_end(store), STORE_OK);
	return script->number != INT64_MIN;
}

static inline void
script_line(struct fixture *fixture, const char *line)
{
	struct script script = { .fixture = fixture,
		.line = line,
		.who = "203.0.113.9",
		.number = INT64_MIN };
	char copy[160];
	char *want, *word, *rest = copy;
	size_t words = 0;

	assert_true(text_copy(copy, sizeof(copy), line));
	want = strstr(copy, " : ");
	if (want != NULL) {
		*want = '\0';
	}
	want = strstr(copy, " = ");
	if (want != NULL) {
		*want = '\0';
		want += 3;
	}
	script.now = T0 + script_time(strtok_r(rest, " ", &rest));
	while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
		if (words == 0 && strpbrk(word, ".:") != NULL) {
			script.who = word;
		} else {
			assert_true(words + 1 < SCRIPT_WORDS);
			script.word[words++] = word;
		}
	}
	assert_true(words > 0);
	if (script_is(&script, "stores")) {
		enum kind kind;

		assert_true(words_parse(&kind_words, script.word[1], &kind));
		script.number = fixture_observe(
		    fixture, script.who, kind, script.now, script.now)
				    .stored;
	} else if (!script_observes(&script) && !script_sets(&script) &&
		   !script_acts(&script) && !script_looks(&script) &&
		   !script_asks(&script)) {
		fail_msg("%s: no such verb, or no ban", line);
	}
	if (want != NULL && script.got[0] != '\0') {
		check_text(line, script.got, want);
	} else if (want != NULL) {
		check_int(line, script.number, script_time(want));
	}
}

/* Each script of a file, "== what it is about" and its lines, in a fixture of
 * its own.  "#" begins a comment. */
static inline void
script_file(const char *path)
{
	FILE *file = fopen(path, "r");
	void *state = NULL;
	char line[160];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "== ", 3) == 0) {
			if (state != NULL) {
				(void)fixture_down(&state);
			}
			(void)fixture_up(&state);
		} else if (line[0] != '\0' && line[0] != '#') {
			script_line(state, line);
		}
	}
	assert_non_null(state);
	(void)fixture_down(&state);
	assert_int_equal(fclose(file), 0);
}

/* A script line with values in it. */
__attribute__((format(printf, 2, 3))) static inline void
script(struct fixture *fixture, const char *format, ...)
{
	char line[160];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	script_line(fixture, line);
}

#endif
