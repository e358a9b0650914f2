#include "bounce/bounce_reply.h"

#include <string.h>

#include "bounce/bounce_table.h"

static bool
same_or_missing(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

/* Whether two finds can be one thing that was said twice. */
static bool
may_be_one(const struct bounce_find *a, const struct bounce_find *b)
{
	return a->meaning == b->meaning && a->providers == b->providers &&
	       strcmp(a->own, b->own) == 0 &&
	       same_or_missing(a->code, b->code) &&
	       same_or_missing(a->enhanced, b->enhanced) &&
	       same_or_missing(a->ref, b->ref) &&
	       (a->ends == 0 || b->ends == 0 || a->ends == b->ends) &&
	       (!a->has_address || !b->has_address ||
		   addr_equal(&a->address, &b->address));
}

static enum bounce_outcome
outcome_of(const struct bounce_find *find)
{
	const char *code = find->code[0] != '\0' ? find->code : find->enhanced;

	if (code[0] != '\0') {
		return code[0] == '4' ? BOUNCE_TEMPORARY : BOUNCE_FINAL;
	}
	return find->meaning != NULL ? find->meaning->outcome : BOUNCE_UNSAID;
}

/* Take over what `to` does not know yet. */
static void
complete(struct bounce_find *to, const struct bounce_find *from)
{
	if (to->code[0] == '\0') {
		memcpy(to->code, from->code, sizeof(to->code));
	}
	if (to->enhanced[0] == '\0') {
		memcpy(to->enhanced, from->enhanced, sizeof(to->enhanced));
	}
	if (to->ref[0] == '\0') {
		memcpy(to->ref, from->ref, sizeof(to->ref));
	}
	if (to->ends == 0) {
		to->ends = from->ends;
	}
	if (!to->has_address) {
		to->has_address = from->has_address;
		to->address = from->address;
	}
	to->outcome = outcome_of(to);
}

static void
give(struct bounce *out, const struct bounce_find *find)
{
	for (size_t i = 0; i < out->finds; i++) {
		if (may_be_one(&out->find[i], find)) {
			complete(&out->find[i], find);
			return;
		}
	}
	if (out->finds == BOUNCE_FINDS_MAX) {
		out->more = true;
		return;
	}
	out->find[out->finds++] = *find;
	out->known += find->meaning != NULL;
}

bool
bounce_reply_add(struct bounce_reply *reply, const struct bounce_find *find)
{
	for (size_t i = 0; i < reply->finds; i++) {
		if (reply->find[i].meaning == find->meaning &&
		    reply->find[i].providers == find->providers &&
		    strcmp(reply->find[i].own, find->own) == 0) {
			return true; /* said twice */
		}
	}
	if (reply->finds == BOUNCE_FINDS_MAX) {
		return false;
	}
	reply->find[reply->finds++] = *find;
	return true;
}

/* Which providers' known codes stand in the reply: their phrases there say
 * nothing more. */
static uint32_t
coded(const struct bounce_reply *reply)
{
	uint32_t providers = 0;

	for (size_t i = 0; i < reply->finds; i++) {
		const struct bounce_find *find = &reply->find[i];

		if (find->own[0] != '\0' && find->meaning != NULL) {
			providers |= find->providers;
		}
	}
	return providers;
}

/* Weigh what was found only now that all of it is known. */
static void
settle(struct bounce_reply *reply)
{
	const uint32_t videur = bounce_bit(BOUNCE_VIDEUR);
	struct bounce_find find = {
		.providers = videur,
		.meaning = bounce_meaning(videur, "blocked"),
	};

	if (!reply->common.has_address && reply->common.ends == 0) {
		reply->common.ref[0] = '\0'; /* of another's page */
	}
	if (reply->finds == 0 && reply->common.ends != 0) {
		/* videur's form with a phrase of the host's own. */
		(void)bounce_reply_add(reply, &find);
	}
}

void
bounce_reply_end(struct bounce_reply *reply, struct bounce *out)
{
	uint32_t codes = coded(reply);

	settle(reply);
	for (size_t i = 0; i < reply->finds; i++) {
		struct bounce_find *find = &reply->find[i];

		if (find->own[0] != '\0' || (find->providers & codes) == 0) {
			complete(find, &reply->common);
			give(out, find);
		}
	}
	reply->common = (struct bounce_find){ .ends = 0 };
	reply->finds = 0;
	reply->continued = false;
}
