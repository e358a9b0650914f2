#include "ctl/target.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	INPUT_MAX = 65536,
	NAME_MAX_LEN = 253
};

bool
target_is_host(const char *word)
{
	const char *last = strrchr(word, '.');

	if (last == NULL || strlen(word) > NAME_MAX_LEN ||
	    !isalpha((unsigned char)last[1])) {
		return false;
	}
	for (; *word != '\0'; word++) {
		if (!isalnum((unsigned char)*word) && *word != '-' &&
		    *word != '.' && *word != '_') {
			return false;
		}
	}
	return true;
}

bool
target_read(const char *word, unsigned also, struct target *out)
{
	char ref[PROC_REF_SIZE];

	*out = (struct target){ .word = word, .kind = TARGET_ADDRESS };
	if (addr_parse(word, &out->address)) {
		out->who = net_cut(&out->address, ADDR_BITS);
	} else if ((also & TARGET_NETS) != 0 && net_parse(word, &out->who)) {
		out->kind = TARGET_NET;
		out->address = out->who.addr;
	} else if (proc_ref_read(word, ref) != NULL) {
		out->kind = TARGET_REF;
		memcpy(out->ref, ref, sizeof(ref));
	} else if ((also & TARGET_EVERYBODY) != 0 && strcmp(word, "all") == 0) {
		out->kind = TARGET_ALL;
	} else if ((also & TARGET_NAMES) != 0 && target_is_host(word)) {
		out->kind = TARGET_NAME;
	} else {
		return false;
	}
	return true;
}

const char *
target_next_word(void)
{
	static char input[INPUT_MAX];
	static size_t len;
	const size_t from = len;
	int c;

	do {
		c = getchar();
	} while (c != EOF && isspace(c));
	while (c != EOF && !isspace(c) && len + 1 < sizeof(input)) {
		input[len++] = (char)(c != '\0' ? c : '?');
		c = getchar();
	}
	if (len == from) {
		return NULL;
	}
	input[len] = '\0';
	len += len + 1 < sizeof(input);
	return input + from;
}
