#include "conf/zone.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/conf.h"

/* Words of letters, digits, '_', '+' and '-', parted by single slashes: no
 * way out of the folder. */
static bool
is_name(const char *name)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_+-";
	size_t len = strspn(name, word);

	while (len > 0 && name[len] == '/') {
		name += len + 1;
		len = strspn(name, word);
	}
	return len > 0 && name[len] == '\0';
}

/* A compiled zone begins with "TZif" (RFC 8536 3.1); the folder holds tables
 * in plain text too. */
static bool
is_zone(const char *path)
{
	static const char magic[4] = { 'T', 'Z', 'i', 'f' };
	char head[sizeof(magic)] = "";
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len;

	if (file < 0) {
		return false;
	}
	len = read(file, head, sizeof(head));
	(void)close(file);
	return len == (ssize_t)sizeof(head) &&
	       memcmp(head, magic, sizeof(magic)) == 0;
}

const char *
zone_check(const char *folder, const char *name)
{
	char path[CONF_PATH_SIZE];
	struct stat status;
	struct text text;

	if (!is_name(name)) {
		return "must be the name of a time zone, such as Europe/Paris";
	}
	text_init(&text, path, sizeof(path));
	text_addf(&text, "%s/%s", folder, name);
	if (stat(folder, &status) == 0 && (text.cut || !is_zone(path))) {
		return "is no time zone that this system knows";
	}
	return NULL;
}
