/*
 * Whatever is given as a bounce, it is read without a fault, nothing behind
 * its end is looked at, and what comes out is whole.
 */
#include <stdlib.h>
#include <string.h>

#include "bounce/bounce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
ended(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
made_of(const char *text, const char *any)
{
	return text[strspn(text, any)] == '\0';
}

static void
check_find(const struct bounce_find *find)
{
	size_t ref = strlen(find->ref);

	if (!ended(find->own, sizeof(find->own)) ||
	    !ended(find->code, sizeof(find->code)) ||
	    !ended(find->enhanced, sizeof(find->enhanced)) ||
	    !ended(find->ref, sizeof(find->ref))) {
		abort();
	}
	if (!made_of(find->own, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") ||
	    !made_of(find->code, "0123456789") ||
	    !made_of(find->enhanced, ".0123456789") ||
	    !made_of(find->ref, "ABCDEFGHJKMNPQRSTVWXYZ0123456789") ||
	    (ref != 0 && ref != BAN_REF_SIZE - 1)) {
		abort();
	}
	if (find->providers == 0 ||
	    find->providers >= UINT32_C(1) << BOUNCE_PROVIDERS ||
	    find->outcome > BOUNCE_FINAL || find->ends < 0 ||
	    (find->meaning == NULL && find->own[0] == '\0') ||
	    (find->own[0] != '\0' && find->phrase != NULL)) {
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bounce bounce;
	size_t known = 0;
	bool any = bounce_decode((const char *)data, size, &bounce);

	if (bounce.finds > BOUNCE_FINDS_MAX) {
		abort();
	}
	for (size_t i = 0; i < bounce.finds; i++) {
		check_find(&bounce.find[i]);
		known += bounce.find[i].meaning != NULL;
	}
	if (any != (known > 0)) {
		abort();
	}
	return 0;
}
