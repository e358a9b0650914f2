#include "ctl/target.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	INPUT_MAX = 65536,
	NAME_MAX_LEN = 253
};

/* Crockford's base 32; what is easily misread on the telephone is meant. */
static bool
read_ref(const char *word, char ref[static PROC_REF_SIZE])
{
	size_t len = 0;

	for (; word[len] != '\0'; len++) {
		const int c = toupper((unsigned char)word[len]);

		if (len == PROC_REF_SIZE - 1 || !isalnum(c) || c == 'U') {
			return false;
		}
		ref[len] = (char)(c == 'O'               ? '0'
				  : c == 'I' || c == 'L' ? '1'
							 : c);
	}
	ref[len] = '\0';
	return len == PROC_REF_SIZE - 1;
}

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
	} else if (read_ref(word, ref)) {
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
