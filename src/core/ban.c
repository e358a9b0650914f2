#include "core/ban.h"

const struct reply *
ban_reply(const struct ban *ban)
{
	return ban->hits > 0 && ban->again.code[0] != '\0' ? &ban->again
							   : &ban->reply;
}

int64_t
ban_over(const struct ban *ban)
{
	return ban->cleared != 0 && ban->cleared < ban->ends ? ban->cleared
							     : ban->ends;
}

bool
ban_active(const struct ban *ban, int64_t now)
{
	return ban->cleared == 0 && ban->begins <= now && now < ban->ends;
}
