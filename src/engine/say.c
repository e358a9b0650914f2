#include "base/log.h"
#include "base/text.h"
#include "engine/engine.h"

void
engine_log_ban(const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[TIME_TEXT_SIZE];

	log_info("%s %s %s step %d until %s ref %s (%s)%s",
	    ban->observed ? "would ban" : "ban", net_format(&ban->who, who),
	    reason_name(ban->reason), ban->step,
	    text_from_time(ban->ends, until), ban->ref, ban->rule,
	    ban->observed && ban->honest ? ", held back by the brake" : "");
}
