#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/line.h"
#include "rules/log_rule.h"

enum {
	/* Work for one pattern on one line before it gives up: some hundred
	 * times what the longest line needs of a pattern that is any good. */
	MATCH_LIMIT = 200000,
	DEPTH_LIMIT = 10000,
	HEAP_LIMIT = 1024, /* KiB */
	JIT_STACK_MIN = 32 * 1024,
	JIT_STACK_MAX = 256 * 1024,
	DAEMONS = 128, /* remembered; a power of 2 */
	WAYS = 8,      /* places where one may be */
	DAEMON_TAG_MAX = 63,
	WORDS = (int)RULE_PATTERNS_MAX / 64
};

/* Which patterns are tried on lines of one daemon: a bit each. */
struct daemon {
	char tag[DAEMON_TAG_MAX + 1];
	size_t len;   /* 0: free */
	size_t words; /* of `probes`, those behind being 0 */
	uint64_t probes[WORDS];
};

struct rules_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct daemon daemon[DAEMONS];
};

/* ---- scratch ---- */

struct rules_scratch *
rules_scratch_new(const struct rules *rules)
{
	struct rules_scratch *scratch = calloc(1, sizeof(*scratch));
	uint32_t most = 0;

	if (scratch == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < rules->patterns; i++) {
		uint32_t groups = 0;

		(void)pcre2_pattern_info(rules->probe[i].pattern->code,
		    PCRE2_INFO_CAPTURECOUNT, &groups);
		most = groups > most ? groups : most;
	}
	scratch->data = pcre2_match_data_create(most + 1, NULL);
	scratch->context = pcre2_match_context_create(NULL);
	scratch->stack = pcre2_jit_stack_create(
	    JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (scratch->data == NULL || scratch->context == NULL) {
		rules_scratch_free(scratch);
		return NULL;
	}
	(void)pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(scratch->context, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(scratch->context, HEAP_LIMIT);
	if (scratch->stack != NULL) {
		pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
	}
	return scratch;
}

void
rules_scratch_free(struct rules_scratch *scratch)
{
	if (scratch != NULL) {
		pcre2_jit_stack_free(scratch->stack);
		pcre2_match_context_free(scratch->context);
		pcre2_match_data_free(scratch->data);
		free(scratch);
	}
}

/* ---- by daemon ---- */

static const struct daemon *
add_daemon(const struct rules *rules, struct daemon *daemon, const char *tag,
    size_t len)
{
	const struct log_rule *asked = NULL;
	bool wants = false;

	*daemon = (struct daemon){ .len = len };
	memcpy(daemon->tag, tag, len);
	for (size_t i = 0; i < rules->patterns; i++) {
		if (rules->probe[i].rule != asked) {
			asked = rules->probe[i].rule;
			wants = log_rule_wants(asked, daemon->tag);
		}
		if (wants) {
			daemon->probes[i / 64] |= UINT64_C(1) << i % 64;
			daemon->words = i / 64 + 1;
		}
	}
	return daemon;
}

/* NULL for a longer tag than any daemon's.  A tag is looked for by its length
 * and both ends, which tell nearly all apart: a keyed hash would cost a fifth
 * of all that a line costs, and a full row of places only time. */
static const struct daemon *
find_daemon(const struct rules *rules, struct rules_scratch *scratch,
    const char *tag, size_t len)
{
	uint32_t head = 0;
	uint32_t tail = 0;
	size_t home;

	if (len == 0 || len > DAEMON_TAG_MAX) {
		return NULL;
	}
	if (len >= sizeof(head)) {
		memcpy(&head, tag, sizeof(head));
		memcpy(&tail, tag + len - sizeof(tail), sizeof(tail));
	}
	home = ((head ^ tail * 31 ^ (uint32_t)len) * 2654435761U) >> 16;
	for (size_t i = 0; i < WAYS; i++) {
		struct daemon *daemon = &scratch->daemon[(home + i) % DAEMONS];

		if (daemon->len == len && memcmp(daemon->tag, tag, len) == 0) {
			return daemon;
		}
		if (daemon->len == 0) {
			return add_daemon(rules, daemon, tag, len);
		}
	}
	return add_daemon(rules, &scratch->daemon[home % DAEMONS], tag, len);
}

/* ---- one pattern ---- */

static bool
matches(const struct pattern *pattern, struct rules_scratch *scratch,
    const struct line_parts *parts)
{
	/* What pcre2_match() does besides is to look for mistakes of ours. */
	int (*match)(const pcre2_code *, PCRE2_SPTR, PCRE2_SIZE, PCRE2_SIZE,
	    uint32_t, pcre2_match_data *,
	    pcre2_match_context *) = pattern->compiled ? pcre2_jit_match
						       : pcre2_match;

	/* Below 0: no match, or a limit met, which is the same to us; 0: more
	 * groups than are read. */
	return match(pattern->code, (PCRE2_SPTR)parts->text, parts->text_len, 0,
		   PCRE2_NO_UTF_CHECK, scratch->data, scratch->context) >= 0;
}

/* What the pattern matched in a text. */
struct groups {
	const struct pattern *pattern;
	const size_t *at;
	const char *text;
};

/* What a group matched as text, cut at `size`, or an empty one; false then. */
static bool
copy_group(const struct groups *groups, enum pattern_group group, char *to,
    size_t size)
{
	to[0] = '\0';
	/* Of groups of one name, the first that matched. */
	for (size_t i = 0; i < PATTERN_SAME_MAX; i++) {
		size_t number = groups->pattern->group[group][i];
		const size_t *at = groups->at + 2 * number;

		if (number != 0 && at[0] != PCRE2_UNSET) {
			size_t len = at[1] - at[0];

			len = len < size ? len : size - 1;
			memcpy(to, groups->text + at[0], len);
			to[len] = '\0';
			return len > 0;
		}
	}
	return false;
}

/* As a number, or `otherwise`. */
static int64_t
number_group(
    const struct groups *groups, enum pattern_group group, int64_t otherwise)
{
	char digits[16];

	(void)copy_group(groups, group, digits, sizeof(digits));
	(void)text_to_int(digits, 0, INT32_MAX, &otherwise);
	return otherwise;
}

/* ---- one line ---- */

static void
set_rule(struct finding *finding, const struct log_rule *rule)
{
	finding->what = rule->what;
	finding->rule = rule->name;
	finding->file = rule->stem;
	finding->source = rule->source;
	finding->kind = rule->kind;
	finding->milter_saw = rule->milter_saw == MILTER_SAW;
	finding->milter_never = rule->milter_saw == MILTER_NEVER;
}

/* What the match says; false where it lacks what the finding needs. */
static bool
read_groups(const struct probe *probe, const struct rules_scratch *scratch,
    const struct line_parts *parts, struct finding *finding)
{
	const struct groups groups = { probe->pattern,
		pcre2_get_ovector_pointer(scratch->data), parts->text };
	enum finding_what what = probe->rule->what;
	char some[ADDR_TEXT_SIZE];
	int64_t events = parts->repeated * number_group(&groups, GROUP_EVENTS,
					       probe->rule->events);
	int64_t most = what == FINDING_SUPPRESSED ? INT32_MAX
						  : RULES_EVENTS_MAX;

	finding->events = (int)(events < most ? events : most);
	finding->address = (struct addr){ 0 };
	(void)copy_group(&groups, GROUP_IP, some, sizeof(some));
	if (events == 0 || (!addr_parse(some, &finding->address) &&
			       what != FINDING_SUPPRESSED)) {
		return false;
	}
	finding->recipients = number_group(&groups, GROUP_RECIPIENTS, 0);
	finding->messages = number_group(&groups, GROUP_MESSAGES, 0);
	finding->heuristic = copy_group(
	    &groups, GROUP_HEURISTIC, some, sizeof(some));
	finding->null_sender = copy_group(
	    &groups, GROUP_NULLSENDER, some, sizeof(some));
	(void)copy_group(
	    &groups, GROUP_USER, finding->user, sizeof(finding->user));
	/* "NOQUEUE: client=..." is nobody's message. */
	return copy_group(&groups, GROUP_QUEUE, finding->queue,
		   sizeof(finding->queue)) ||
	       (what != FINDING_QUEUE && what != FINDING_SENT);
}

/* Try one pattern; true where the line is decided by it. */
static bool
try_probe(const struct probe *probe, struct rules_scratch *scratch,
    const struct line_parts *parts, struct finding *finding)
{
	const struct log_rule *rule = probe->rule;

	if (!matches(probe->pattern, scratch, parts) ||
	    (rule->what != FINDING_NOTHING &&
		!read_groups(probe, scratch, parts, finding))) {
		return false;
	}
	for (size_t i = 0; i < rule->not_match.items; i++) {
		if (matches(&rule->not_match.item[i], scratch, parts)) {
			return false;
		}
	}
	set_rule(finding, rule);
	return true;
}

/* The line before, some times more; its rule may be gone since. */
static bool
repeat_last(const struct rules *rules, const struct line_parts *parts,
    const struct finding *last, struct finding *finding)
{
	const struct log_rule *rule = NULL;

	for (size_t i = 0; last->what == FINDING_OFFENCE && i < rules->rules;
	     i++) {
		rule = rules->rule[i]->name == last->rule ? rules->rule[i]
							  : rule;
	}
	if (rule == NULL) {
		return false;
	}
	*finding = *last;
	set_rule(finding, rule);
	finding->events = last->events * parts->repeated;
	if (finding->events > RULES_EVENTS_MAX) {
		finding->events = RULES_EVENTS_MAX;
	}
	return true;
}

/* Try the patterns of a daemon; true where one decided. */
static bool
try_daemon(const struct rules *rules, struct rules_scratch *scratch,
    const struct daemon *daemon, const struct line_parts *parts,
    struct finding *finding)
{
	size_t queue = pattern_queue_span(parts->text, parts->text_len);
	/* The text's first byte, and the one behind its queue id. */
	char head = (char)(parts->text_len > 0 ? parts->text[0] : '\0');
	char behind = (char)(parts->text_len > queue ? parts->text[queue]
						     : '\0');

	for (size_t word = 0; word < daemon->words; word++) {
		uint64_t bits = daemon->probes[word];

		for (; bits != 0; bits &= bits - 1) {
			size_t i = word * 64 + (size_t)__builtin_ctzll(bits);
			const struct probe *probe = &rules->probe[i];

			/* Most need no closer look. */
			if ((probe->first == '\0' || probe->first == head ||
				probe->first == behind) &&
			    pattern_may_match(probe->pattern, parts->text,
				parts->text_len, queue) &&
			    try_probe(probe, scratch, parts, finding)) {
				finding->service = log_rule_service(
				    probe->rule, daemon->tag);
				return true;
			}
		}
	}
	return false;
}

bool
rules_match(const struct rules *rules, struct rules_scratch *scratch,
    const struct log_line *line, struct rules_clock *clock,
    struct finding *finding)
{
	struct line_parts parts;
	const struct daemon *daemon;
	bool decided;

	finding->what = FINDING_NOTHING;
	finding->understood = false;
	if (!line_split(line, &parts)) {
		clock->last.what = FINDING_NOTHING;
		return false;
	}
	if (parts.again) {
		decided = repeat_last(rules, &parts, &clock->last, finding);
	} else {
		clock->last.what = FINDING_NOTHING;
		daemon = find_daemon(rules, scratch, parts.tag, parts.tag_len);
		if (daemon == NULL || daemon->words == 0) {
			return false;
		}
		decided = try_daemon(rules, scratch, daemon, &parts, finding);
	}
	finding->pid = parts.pid;
	finding->at = line->at;
	finding->understood = (decided || !parts.guessed) &&
			      (parts.time == NULL ||
				  stamp_read(parts.time, &parts.stamp, clock,
				      &finding->at));
	if (!finding->understood) {
		finding->what = FINDING_NOTHING;
	} else if (finding->what == FINDING_OFFENCE && !parts.again) {
		clock->last = *finding;
	}
	return finding->what != FINDING_NOTHING;
}
