#include "doctor/ssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum {
	PARENTS_MAX = 32,
	ENVIRONMENT_MAX = 256 * 1024,
	STAT_MAX = 1024,
	PATH_SIZE = 64
};

static const char *const names[] = { "SSH_CONNECTION", "SSH_CLIENT" };

enum {
	NAMES = sizeof(names) / sizeof(names[0])
};

bool
ssh_read_value(const char *value, struct addr *out)
{
	char from[ADDR_TEXT_SIZE];
	struct text text;

	text_init(&text, from, sizeof(from));
	/* A link-local address has its zone behind a '%'. */
	text_add_bytes(&text, value, strcspn(value, " %"));
	return !text.cut && addr_parse(from, out);
}

/* The value of a variable in the block, where its NUL is there too. */
static const char *
find_variable(const char *block, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	const char *end = block + len;

	while (block < end) {
		size_t left = (size_t)(end - block);
		size_t size = strnlen(block, left);

		if (size == left) {
			return NULL;
		}
		if (size > name_len && block[name_len] == '=' &&
		    strncmp(block, name, name_len) == 0) {
			return block + name_len + 1;
		}
		block += size + 1;
	}
	return NULL;
}

bool
ssh_read_environment(const char *block, size_t len, struct addr *out)
{
	for (size_t i = 0; i < NAMES; i++) {
		const char *value = find_variable(block, len, names[i]);

		if (value != NULL && ssh_read_value(value, out)) {
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

/* What there is of a file in /proc, at most `size`. */
static size_t
read_proc(long pid, const char *name, char *buf, size_t size)
{
	char path[PATH_SIZE];
	struct text text;
	FILE *file;
	size_t len;

	text_init(&text, path, sizeof(path));
	text_addf(&text, "/proc/%ld/%s", pid, name);
	file = fopen(path, "re");
	if (file == NULL) {
		return 0;
	}
	len = fread(buf, 1, size, file);
	(void)fclose(file);
	return len;
}

static bool
find_in_parents(char *block, struct addr *out)
{
	long pid = getppid();

	for (int i = 0; i < PARENTS_MAX && pid > 1; i++) {
		char stat[STAT_MAX];
		size_t len = read_proc(pid, "environ", block, ENVIRONMENT_MAX);

		if (ssh_read_environment(block, len, out)) {
			return true;
		}
		len = read_proc(pid, "stat", stat, sizeof(stat) - 1);
		stat[len] = '\0';
		pid = ssh_read_parent(stat);
	}
	return false;
}

bool
ssh_find(struct addr *out)
{
	char *block;
	bool found;

	for (size_t i = 0; i < NAMES; i++) {
		/* One thread, and nothing here changes the environment. */
		/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
		const char *value = getenv(names[i]);

		if (value != NULL && ssh_read_value(value, out)) {
			return true;
		}
	}
	block = malloc(ENVIRONMENT_MAX);
	found = block != NULL && find_in_parents(block, out);
	free(block);
	return found;
}
