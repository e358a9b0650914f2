#include "ctl/piece.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"

enum {
	PIECES = 64,
	PIECE_SIZE = 640
};

static char *
next_piece(void)
{
	static char pieces[PIECES][PIECE_SIZE];
	static size_t next;

	return pieces[next++ % PIECES];
}

const char *
piece(const char *format, ...)
{
	char *text = next_piece();
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, PIECE_SIZE, format, args);
	va_end(args);
	return text;
}

const char *
piece_addr(const struct addr *addr)
{
	return addr_format(addr, next_piece());
}

const char *
piece_net(const struct net *net)
{
	return net_format(net, next_piece());
}

const char *
piece_time(int64_t at)
{
	char *text = next_piece();
	time_t when = (time_t)at;
	struct tm local;

	if (localtime_r(&when, &local) == NULL ||
	    strftime(text, PIECE_SIZE, "%Y-%m-%d %H:%M:%S %Z", &local) == 0) {
		text_from_time(at, text);
	}
	return text;
}

const char *
piece_when(const char *before, int64_t at)
{
	return at != 0 ? piece("%s%s", before, piece_time(at)) : "";
}

const char *
piece_duration(int64_t seconds)
{
	return text_from_duration(seconds, next_piece());
}

const char *
piece_short(int64_t seconds)
{
	struct text to;

	text_init(&to, next_piece(), PIECE_SIZE);
	for (const char *at = piece_duration(seconds); *at != '\0'; at++) {
		if (*at != ' ' && *at != 'i' && *at != 'n') {
			text_add_char(&to, *at); /* "min" is "m" */
		}
	}
	return to.buf;
}

const char *
piece_size(int64_t bytes)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1000;
		unit++;
	}
	return piece("%.*f %s", unit > 0 ? 1 : 0, size, units[unit]);
}

const char *
piece_count(int64_t count, const char *one, const char *many)
{
	return piece("%" PRId64 " %s", count, count == 1 ? one : many);
}
