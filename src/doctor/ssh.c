#include "doctor/facts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum {
	PROCESSES_MAX = 32,
	ENVIRONMENT_MAX = 256 * 1024,
	STAT_MAX = 1024,
	PATH_SIZE = 64
};

bool
ssh_read_environment(const char *block, size_t len, struct addr *out)
{
	const char *end = block + len;
	size_t size;

	for (const char *at = block; at < end; at += size + 1) {
		const char *value;
		char from[ADDR_TEXT_SIZE];
		struct text text;

		size = strnlen(at, (size_t)(end - at));
		if (at + size == end) {
			return false; /* cut off */
		}
		value = text_after(at, "SSH_CONNECTION=");
		if (value == NULL) {
			value = text_after(at, "SSH_CLIENT=");
		}
		if (value == NULL) {
			continue;
		}
		text_init(&text, from, sizeof(from));
		/* A link-local address has its zone behind a '%'. */
		text_add_bytes(&text, value, strcspn(value, " %"));
		if (!text.cut && addr_parse(from, out)) {
			return true;
		}
	}
	return false;
}

long
ssh_read_parent(const char *stat)
{
	/* The second field is a name in brackets that may hold anything. */
	const char *at = strrchr(stat, ')');
	char number[24];
	struct text text;
	int64_t parent;

	if (at == NULL || strlen(at) < strlen(") S 1")) {
		return 0;
	}
	at += strlen(") S ");
	text_init(&text, number, sizeof(number));
	text_add_bytes(&text, at, strcspn(at, " \n"));
	return text_to_int(number, 1, INT32_MAX, &parent) ? (long)parent : 0;
}

bool
ssh_find(struct addr *out)
{
	static char environment[ENVIRONMENT_MAX]; /* too large for a stack */
	long pid = getpid();

	for (int i = 0; i < PROCESSES_MAX && pid > 0; i++) {
		char path[PATH_SIZE];
		char stat[STAT_MAX];
		size_t len;

		(void)snprintf(path, sizeof(path), "/proc/%ld/environ", pid);
		len = file_read_head(path, environment, sizeof(environment));
		if (ssh_read_environment(environment, len, out)) {
			return true;
		}
		(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
		(void)file_read_head(path, stat, sizeof(stat));
		pid = ssh_read_parent(stat);
	}
	return false;
}
