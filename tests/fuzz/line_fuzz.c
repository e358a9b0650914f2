/*
 * Whatever stands in a log, a line is taken apart, its time is read and the
 * shipped rules are tried without a fault, and what comes out is whole.
 *
 * The first byte chooses how the line comes: as a file has it, or as the
 * journal does, by one of a few tags.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tags[] = { NULL, "postfix/smtpd",
	"postfix/submission/smtpd", "postfix/cleanup", "postfix/postscreen",
	"dovecot", "amavis", "rspamd", "exim", "sendmail", "systemd-journald",
	"", "x" };

static struct rules *rules;
static struct rules_scratch *scratch;

static void
load(void)
{
	char error[RULES_ERROR_SIZE];

	rules = rules_load(NULL, error);
	scratch = rules == NULL ? NULL : rules_scratch_new(rules);
	if (scratch == NULL) {
		abort();
	}
}

static void
check(const struct finding *finding)
{
	static const struct addr none;

	if (finding->events < 1 || finding->recipients < 0 ||
	    finding->messages < 0 || finding->rule == NULL ||
	    memchr(finding->user, '\0', sizeof(finding->user)) == NULL ||
	    memchr(finding->queue, '\0', sizeof(finding->queue)) == NULL) {
		abort();
	}
	if (finding->what == FINDING_OFFENCE && finding->kind >= KIND_COUNT) {
		abort();
	}
	if (finding->what == FINDING_SUPPRESSED &&
	    !addr_equal(&finding->address, &none)) {
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules_clock clock = rules_clock(1795305600, NULL);
	struct finding finding;
	struct log_line line;

	if (rules == NULL) {
		load();
	}
	if (size == 0) {
		return 0;
	}
	line = (struct log_line){ .text = (const char *)data + 1,
		.tag = tags[data[0] % (sizeof(tags) / sizeof(tags[0]))],
		.at = 1 };
	for (const char *end = line.text + size - 1; line.text <= end;
	     line.text += line.len + 1) {
		const char *newline = memchr(
		    line.text, '\n', (size_t)(end - line.text));
		char *copy;

		line.len = (size_t)((newline != NULL ? newline : end) -
				    line.text);
		/* A copy, so that reading on is found. */
		copy = malloc(line.len > 0 ? line.len : 1);
		if (copy == NULL) {
			abort();
		}
		memcpy(copy, line.text, line.len);
		if (rules_match(rules, scratch,
			&(struct log_line){ .text = copy,
			    .len = line.len,
			    .tag = line.tag,
			    .at = line.at },
			&clock, &finding)) {
			check(&finding);
		} else if (finding.what != FINDING_NOTHING) {
			abort();
		}
		free(copy);
	}
	return 0;
}
