/*
 * Whatever stands in a rule file, it is read or refused with a complaint, and
 * a rule that was read can be tried on a line.
 *
 * The file and, behind the last NUL byte, the text of the line.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/log_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FILE_MAX = 16 * 1024
};

static void
try_patterns(const struct rules *rules, const char *text, size_t len)
{
	char tag[48] = ""; /* as long as a daemon's that is remembered */

	memcpy(tag, text, len < sizeof(tag) ? len : sizeof(tag) - 1);
	for (size_t i = 0; i < rules->rules; i++) {
		const struct log_rule *rule = rules->rule[i];

		(void)log_rule_wants(rule, tag);
		for (size_t j = 0; j < rule->match.items; j++) {
			(void)pattern_may_match(&rule->match.item[j], text, len,
			    pattern_queue_span(text, len));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memrchr(data, '\0', size);
	size_t len = end == NULL ? size : (size_t)(end - data);
	char error[RULES_ERROR_SIZE];
	struct rules rules = { 0 };
	char *text;

	if (len > FILE_MAX || memchr(data, '\0', len) != NULL) {
		return 0; /* refused before it is parsed */
	}
	text = malloc(len + 1);
	if (text == NULL) {
		return 0;
	}
	if (len > 0) {
		memcpy(text, data, len);
	}
	text[len] = '\0';
	if (rule_file_read(&rules, "f.rule", text, error)) {
		try_patterns(&rules, (const char *)data + len, size - len);
	} else if (strncmp(error, "f.rule:", 7) != 0 &&
		   strcmp(error, "out of memory") != 0) {
		abort();
	}
	rule_file_clear(&rules);
	free(text);
	return 0;
}
