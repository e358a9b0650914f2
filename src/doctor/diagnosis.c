#include "doctor/diagnosis.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool
alike(const struct symptom *a, const struct symptom *b)
{
	return a->state == b->state && strcmp(a->check, b->check) == 0 &&
	       strcmp(a->what, b->what) == 0;
}

void
diagnosis_add(
    struct diagnosis *diagnosis, enum health state, const char *format, ...)
{
	struct symptom *symptom;
	va_list args;

	diagnosis->open = 0;
	if (diagnosis->symptoms == DIAGNOSIS_MAX) {
		diagnosis->lost += state != HEALTH_OK;
		return;
	}
	symptom = &diagnosis->symptom[diagnosis->symptoms];
	*symptom = (struct symptom){ .check = diagnosis->check,
		.state = state };
	va_start(args, format);
	if (vsnprintf(symptom->what, sizeof(symptom->what), format, args) < 0) {
		symptom->what[0] = '\0';
	}
	va_end(args);
	for (size_t i = 0; i < diagnosis->symptoms; i++) {
		if (alike(&diagnosis->symptom[i], symptom)) {
			return;
		}
	}
	diagnosis->open = ++diagnosis->symptoms;
}

void
diagnosis_mend(struct diagnosis *diagnosis, const char *format, ...)
{
	struct symptom *symptom;
	va_list args;

	if (diagnosis->open == 0) {
		return;
	}
	symptom = &diagnosis->symptom[diagnosis->open - 1];
	va_start(args, format);
	if (vsnprintf(symptom->mend, sizeof(symptom->mend), format, args) < 0) {
		symptom->mend[0] = '\0';
	}
	va_end(args);
}

size_t
diagnosis_count(const struct diagnosis *diagnosis, enum health state)
{
	size_t count = state == HEALTH_PROBLEM ? diagnosis->lost : 0;

	for (size_t i = 0; i < diagnosis->symptoms; i++) {
		count += diagnosis->symptom[i].state == state;
	}
	return count;
}

const char *
diagnosis_name(enum health state)
{
	static const char *const names[HEALTH_COUNT] = {
		[HEALTH_OK] = "ok",
		[HEALTH_MENDED] = "mended",
		[HEALTH_WARNING] = "warning",
		[HEALTH_PROBLEM] = "problem",
	};

	return names[state];
}
