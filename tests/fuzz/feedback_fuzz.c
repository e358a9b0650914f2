/*
 * Whatever comes as a mail of a feedback loop, or as a table of complaints, it
 * is read without a fault, and what comes out is whole and of no time to come.
 */
#include <stdlib.h>
#include <string.h>

#include "feedback/feedback.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	NOW = 1795737600, /* 2026-11-27 */
	AHEAD = 24 * 3600
};

static void
check_complaint(const struct complaint *complaint, int64_t most)
{
	if (complaint->number < 1 || complaint->number > most ||
	    complaint->at > NOW + AHEAD ||
	    (complaint->at < 0 && complaint->at != INT64_MIN) ||
	    memchr(complaint->type, '\0', sizeof(complaint->type)) == NULL ||
	    memchr(complaint->id, '\0', sizeof(complaint->id)) == NULL ||
	    complaint->type[0] == '\0' || complaint->id[0] == '\0') {
		abort();
	}
}

static void
read_mail(const uint8_t *data, size_t size)
{
	char why[FEEDBACK_WHY_SIZE];
	struct complaint complaint;

	switch (arf_read((const char *)data, size, NOW, &complaint, why)) {
	case ARF_COMPLAINT:
		check_complaint(&complaint, FEEDBACK_MAIL_MAX);
		break;
	case ARF_OTHER:
	case ARF_UNUSABLE:
		if (why[0] == '\0' || memchr(why, '\0', sizeof(why)) == NULL) {
			abort();
		}
	}
}

static void
read_table(const uint8_t *data, size_t size)
{
	/* fmemopen() must not write. */
	FILE *from = fmemopen((void *)(uintptr_t)data, size, "r");
	struct complaint *complaint;
	size_t complaints;
	int64_t line;
	const char *wrong;

	if (from == NULL) {
		return;
	}
	wrong = aggregate_read(from, NOW, &complaint, &complaints, &line);
	if (line < 1 || (wrong != NULL && complaints > 0)) {
		abort();
	}
	for (size_t i = 0; i < complaints; i++) {
		check_complaint(&complaint[i], FEEDBACK_DAY_MAX);
	}
	free(complaint);
	(void)fclose(from);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_mail(data, size);
	if (size > 0) {
		read_table(data, size);
	}
	return 0;
}
