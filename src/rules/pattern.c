#include <string.h>

#include "base/text.h"
#include "rules/log_rule.h"

enum {
	PATTERN_TEXT_MAX = 4096, /* with its words replaced */
	COMPLAINT_SIZE = 256,
	QUEUE_MIN = 5, /* shortest and longest queue id */
	QUEUE_MAX = 20
};

#define IP    "(?:IPv6:)?(?<ip>[0-9A-Fa-f.:]{2,45})"
#define QUEUE "(?:NOQUEUE|(?<queue>[0-9A-Za-z]{5,20}))"

/* The words a pattern may use.  None of them holds a blank, so that what a
 * client says cannot look like the text around its address. */
static const struct {
	const char *name;
	const char *means;
} meanings[] = {
	{ "ip", IP },
	/* Postfix: name[address], the name "unknown" where it has none; with
	 * smtpd_client_port_logging ":port" follows. */
	{ "client", "[^\\s\\[\\]]++\\[" IP "\\](?::\\d{1,5})?" },
	/* postscreen, Amavis: [address]:port */
	{ "peer", "\\[" IP "\\](?::\\d{1,5})?" },
	/* Sendmail: name [address], and what it thinks of the name. */
	{ "relay",
	    "(?:[^\\s\\[\\]]++ )?\\[" IP "\\](?: \\(may be forged\\))?" },
	/* Exim: H=name (helo) [address]:port */
	{ "host", "(?:H=)?(?:[^\\s()\\[\\]]++ )?(?:\\([^\\s()]*+\\) )?\\[" IP
		  "\\](?::\\d{1,5})?" },
	/* Exim: its time again and its process id, when it logs so. */
	{ "exim", "(?:\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?"
		  "(?: [+-]\\d{4})? )?(?:\\[\\d+\\] )?" },
	{ "queue", QUEUE },
	/* How ClamAV names what is suspicious or unwanted and no virus. */
	{ "heuristic", "(?<heuristic>(?:Heuristics|PUA)\\.)" },
	/* A mail address that nothing can hide in; any, quoted as Postfix 3.5
	 * and later do. */
	{ "address", "<[^\\s<>\"]*+>" },
	{ "path", "<(?:\"(?:[^\"\\\\]|\\\\.)*+\"|[^<>\"])*+>" },
	/* No more comes than any syslog daemon lets through: nothing was cut
	 * off behind it. */
	{ "whole", "(?=(?s:.{0,800}+)\\z)" },
};
static const struct words meaning_words = WORDS_OF(meanings);

static const char *const group_names[GROUP_COUNT] = {
	[GROUP_IP] = "ip",
	[GROUP_USER] = "user",
	[GROUP_QUEUE] = "queue",
	[GROUP_EVENTS] = "events",
	[GROUP_RECIPIENTS] = "recipients",
	[GROUP_MESSAGES] = "messages",
	[GROUP_HEURISTIC] = "heuristic",
	[GROUP_NULLSENDER] = "nullsender",
};
static const struct words group_words = WORDS_OF(group_names);

static const char blanks[] = " \t\r\n";

/* ---- the text ---- */

/* Put in for each word what it stands for; a line's end and the blanks around
 * it stand for nothing, but one behind a backslash stays.  False with what is
 * no word. */
static bool
replace_words(const char *at, struct text *out, char name[static 32])
{
	while (*at != '\0') {
		size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz-");

		if (*at == '{' && len > 0 && len < 32 && at[1 + len] == '}') {
			size_t word;

			memcpy(name, at + 1, len);
			name[len] = '\0';
			word = words_find(&meaning_words, name);
			if (word == meaning_words.count) {
				return false;
			}
			text_add(out, meanings[word].means);
			at += len + 2;
		} else if (*at == '\n') {
			while (
			    out->len > 0 &&
			    strchr(blanks, out->buf[out->len - 1]) != NULL &&
			    (out->len < 2 || out->buf[out->len - 2] != '\\')) {
				out->buf[--out->len] = '\0';
			}
			at += strspn(at, blanks);
		} else {
			if (*at == '\\' && at[1] != '\0') {
				text_add_char(out, *at++);
			}
			text_add_char(out, *at++);
		}
	}
	return true;
}

/* ---- the literal beginning ---- */

/* `at` is the pattern with its words replaced. */
static void
take_prefix(const char *at, struct pattern *pattern)
{
	static const char queue[] = QUEUE ": ";
	static const char special[] = "^$.[]()|?*+{}";
	int depth = 0;
	bool class = false;

	pattern->queue = strncmp(at, queue, sizeof(queue) - 1) == 0;
	at += pattern->queue ? sizeof(queue) - 1 : 0;
	while (pattern->prefix_len < PATTERN_PREFIX_MAX && *at != '\0') {
		const char *c = at + (*at == '\\');

		/* A character that stands for itself, and need be there: not
		 * of "x?", "x*" or "x{0}". */
		if (*c == '\0' || (strchr(special, *c) != NULL) != (c != at) ||
		    (c[1] != '\0' && strchr("?*+{", c[1]) != NULL)) {
			break;
		}
		pattern->prefix[pattern->prefix_len++] = *c;
		at = c + 1;
	}
	/* With a '|' outside all parentheses there is no one beginning. */
	for (; *at != '\0'; at++) {
		if (*at == '\\') {
			at += at[1] != '\0';
		} else if (class) {
			class = *at != ']';
		} else if (*at == '[') {
			class = true;
			at += at[1] == '^';
			at += at[1] == ']';
		} else if (*at == '|' && depth == 0) {
			pattern->queue = false;
			pattern->prefix_len = 0;
			pattern->prefix[0] = '\0';
			return;
		} else {
			depth += (*at == '(') - (*at == ')');
		}
	}
}

/* ---- compiling ---- */

/* Note the numbers of the groups whose names are ours; false where there is no
 * room for one. */
static bool
note_groups(struct pattern *pattern)
{
	uint32_t count = 0;
	uint32_t size = 0;
	PCRE2_SPTR entry = NULL;

	(void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
	(void)pcre2_pattern_info(
	    pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &entry);
	for (uint32_t i = 0; i < count; i++, entry += size) {
		size_t group = words_find(
		    &group_words, (const char *)entry + 2);
		size_t same = 0;

		if (group == GROUP_COUNT) {
			continue;
		}
		while (same < PATTERN_SAME_MAX &&
		       pattern->group[group][same] != 0) {
			same++;
		}
		if (same == PATTERN_SAME_MAX || entry[0] != 0) {
			return false;
		}
		pattern->group[group][same] = entry[1];
	}
	return true;
}

const char *
pattern_compile(const char *text, struct pattern *pattern)
{
	static _Thread_local char complaint[COMPLAINT_SIZE];
	char replaced[PATTERN_TEXT_MAX];
	char name[32];
	struct text out;
	int number;
	size_t where;

	*pattern = (struct pattern){ 0 };
	text_init(&out, replaced, sizeof(replaced));
	if (text[0] == '\0') {
		return "is empty and would match everything";
	}
	if (!replace_words(text, &out, name)) {
		(void)text_print(complaint, sizeof(complaint),
		    "there is no {%s} in patterns", name);
		return complaint;
	}
	if (out.cut) {
		return "is too long";
	}
	pattern->code = pcre2_compile((PCRE2_SPTR)replaced, out.len,
	    PCRE2_ANCHORED | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
		PCRE2_DUPNAMES | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF |
		PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C,
	    &number, &where, NULL);
	if (pattern->code == NULL) {
		/* Where, in a text the file does not have, would not help. */
		(void)pcre2_get_error_message(
		    number, (PCRE2_UCHAR *)complaint, sizeof(complaint));
		return complaint;
	}
	/* Where this machine has no JIT the pattern works without it. */
	pattern->compiled = pcre2_jit_compile(
				pattern->code, PCRE2_JIT_COMPLETE) == 0;
	take_prefix(replaced, pattern);
	if (!note_groups(pattern)) {
		pcre2_code_free(pattern->code);
		pattern->code = NULL;
		return "one name is given to more than 4 groups";
	}
	return NULL;
}

/* ---- a first look at a line ---- */

size_t
pattern_queue_span(const char *text, size_t len)
{
	size_t span = 0;

	while (span < len && span <= QUEUE_MAX &&
	       ((text[span] >= '0' && text[span] <= '9') ||
		   (text[span] >= 'A' && text[span] <= 'Z') ||
		   (text[span] >= 'a' && text[span] <= 'z'))) {
		span++;
	}
	if (span < QUEUE_MIN || span > QUEUE_MAX || span + 2 > len ||
	    text[span] != ':' || text[span + 1] != ' ') {
		return 0;
	}
	return span + 2;
}

bool
pattern_may_match(
    const struct pattern *pattern, const char *text, size_t len, size_t queue)
{
	if (pattern->queue) {
		if (queue == 0) {
			return false;
		}
		text += queue;
		len -= queue;
	}
	if (pattern->prefix_len == 0) {
		return true;
	}
	/* The first byte tells nearly all apart. */
	return len >= pattern->prefix_len && text[0] == pattern->prefix[0] &&
	       memcmp(text, pattern->prefix, pattern->prefix_len) == 0;
}
