#include "core/ban.h"

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
