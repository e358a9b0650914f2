/*
 * Which phrases speak of a kind and of a reason.
 */
#include "base/text.h"
#include "web/page_part.h"

const struct kind_phrases kind_phrases[KIND_COUNT] = {
	[KIND_SPAM] = { "deed-spam", "kind-spam", "why-spam", "fix-spam" },
	[KIND_VIRUS] = { "deed-virus", "kind-virus", "why-virus", "fix-virus" },
	[KIND_COMPLAINT] = { "deed-complaint", "kind-complaint",
	    "why-complaint", "fix-complaint" },
	[KIND_AUTH] = { "deed-auth", "kind-auth", "why-auth", "fix-auth" },
	[KIND_RECIPIENT] = { "deed-recipient", "kind-recipient",
	    "why-recipient", "fix-recipient" },
	[KIND_SENDER] = { "deed-sender", "kind-sender", "why-sender",
	    "fix-sender" },
	[KIND_HELO] = { "deed-helo", "kind-helo", "why-helo", "fix-helo" },
	[KIND_COMMAND] = { "deed-command", "kind-command", "why-command",
	    "fix-command" },
	[KIND_DISCONNECT] = { "deed-disconnect", "kind-disconnect",
	    "why-disconnect", "fix-disconnect" },
	[KIND_PROBE] = { "deed-probe", "kind-probe", "why-probe", "fix-probe" },
	[KIND_GREYLIST] = { "deed-greylist", "kind-greylist", "why-greylist",
	    "fix-greylist" },
	[KIND_RELAY] = { "deed-relay", "kind-relay", "why-relay", "fix-relay" },
	[KIND_VOLUME] = { "deed-volume", "kind-volume", "why-volume",
	    "fix-volume" },
};

const struct reason_phrases reason_phrases[REASON_COUNT] = {
	[REASON_SPAM] = { "reason-spam", "reason-name-spam",
	    "reason-why-spam" },
	[REASON_VIRUS] = { "reason-virus", "reason-name-virus",
	    "reason-why-virus" },
	[REASON_AUTH] = { "reason-auth", "reason-name-auth",
	    "reason-why-auth" },
	[REASON_ERROR] = { "reason-error", "reason-name-error",
	    "reason-why-error" },
	[REASON_RECIPIENT] = { "reason-recipient", "reason-name-recipient",
	    "reason-why-recipient" },
	[REASON_VOLUME] = { "reason-volume", "reason-name-volume",
	    "reason-why-volume" },
};

uint32_t
page_reason_kinds(enum reason reason)
{
	static const uint32_t kinds[REASON_COUNT] = {
		[REASON_SPAM] = 1U << KIND_SPAM | 1U << KIND_COMPLAINT,
		[REASON_VIRUS] = 1U << KIND_VIRUS,
		[REASON_AUTH] = 1U << KIND_AUTH,
		[REASON_ERROR] = 1U << KIND_RECIPIENT | 1U << KIND_SENDER |
				 1U << KIND_HELO | 1U << KIND_COMMAND |
				 1U << KIND_DISCONNECT | 1U << KIND_PROBE |
				 1U << KIND_GREYLIST | 1U << KIND_RELAY,
		[REASON_RECIPIENT] = 1U << KIND_RECIPIENT,
		[REASON_VOLUME] = 1U << KIND_VOLUME,
	};

	return kinds[reason];
}

void
page_tell_deeds(struct page_part *part, struct scope *scope, uint32_t kinds)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((kinds & kind_bit((enum kind)kind)) != 0) {
			told_phrase(part->told,
			    told_item(part->told, scope, SLOT_DEEDS), SLOT_DEED,
			    kind_phrases[kind].deed);
		}
	}
}

void
page_tell_fixes(struct page_part *part, struct scope *scope, uint32_t kinds)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((kinds & kind_bit((enum kind)kind)) != 0) {
			told_phrase(part->told,
			    told_item(part->told, scope, SLOT_FIXES), SLOT_FIX,
			    kind_phrases[kind].fix);
		}
	}
}
