#include "ctl/loglines.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/rules.h"

enum {
	TEXT_SIZE = 64 * 1024
};

bool
loglines_open(struct loglines *lines, const char *path)
{
	*lines = (struct loglines){ .number = 0 };
	if (!logbytes_open(&lines->bytes, path)) {
		return false;
	}
	lines->text = malloc(TEXT_SIZE);
	if (lines->text == NULL) {
		logbytes_close(&lines->bytes);
		(void)text_copy(lines->bytes.error, sizeof(lines->bytes.error),
		    "out of memory");
	}
	return lines->text != NULL;
}

void
loglines_close(struct loglines *lines)
{
	logbytes_close(&lines->bytes);
	free(lines->text);
	lines->text = NULL;
}

/* Read more behind what is there, which leaves room. */
static enum loglines_result
read_more(struct loglines *lines)
{
	size_t len = 0;

	memmove(lines->text, lines->text + lines->at, lines->have - lines->at);
	lines->have -= lines->at;
	lines->at = 0;
	if (!logbytes_read(&lines->bytes, lines->text + lines->have,
		TEXT_SIZE - lines->have, &len)) {
		return LOGLINES_FAILED;
	}
	lines->have += len;
	return len > 0 ? LOGLINES_LINE : LOGLINES_END;
}

/* Give what stands up to `len`; the `step` bytes are done with. */
static void
give(struct loglines *lines, size_t len, size_t step, const char **text,
    size_t *out)
{
	*text = lines->text + lines->at;
	*out = len < RULES_LINE_MAX ? len : RULES_LINE_MAX;
	lines->at += step;
	lines->number++;
}

enum loglines_result
loglines_next(struct loglines *lines, const char **text, size_t *len)
{
	size_t looked = 0; /* bytes that hold no line's end */

	for (;;) {
		size_t there = lines->have - lines->at;
		const char *from = lines->text + lines->at;
		const char *end = memchr(from + looked, '\n', there - looked);
		enum loglines_result result;

		if (end != NULL && lines->passing) {
			lines->at += (size_t)(end - from) + 1;
			lines->passing = false;
			looked = 0;
			continue;
		}
		if (end != NULL) {
			give(lines, (size_t)(end - from),
			    (size_t)(end - from) + 1, text, len);
			return LOGLINES_LINE;
		}
		if (lines->passing) {
			lines->at = lines->have;
			there = 0;
		} else if (there > RULES_LINE_MAX) {
			give(lines, there, there, text, len);
			lines->passing = true;
			return LOGLINES_LINE;
		}
		looked = there;
		result = read_more(lines);
		if (result == LOGLINES_END && looked > 0) {
			give(lines, looked, looked, text, len);
			return LOGLINES_LINE;
		}
		if (result != LOGLINES_LINE) {
			return result;
		}
	}
}
