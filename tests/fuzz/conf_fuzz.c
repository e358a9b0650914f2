/*
 * Whatever stands in a configuration, a policy or a scanner's file, it is read, or refused with
 * complaints that are one line each, begin with the file's name and are all
 * printable, as warnings are.
 *
 * The first byte says which of the three it is; the file is the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_errors(char *error)
{
	char *end;

	for (char *line = error; line != NULL; line = end) {
		end = strchr(line, '\n');
		if (end != NULL) {
			*end++ = '\0';
		}
		if (strncmp(line, "f.conf:", 7) != 0 || !utf8_is_plain(line)) {
			abort();
		}
	}
}

static bool
read_text(const char *text, uint8_t which, char error[static CONF_ERROR_SIZE])
{
	static struct conf conf;
	struct place seen[GRAMMAR_KEYS_MAX];
	struct errors errors;
	struct grammar keys = *keys_of_conf();

	memset(&conf, 0, sizeof(conf));
	errors_init(&errors, error, CONF_ERROR_SIZE);
	if (which == 2) {
		return grammar_read(
		    &keys_of_scanner, &conf, "f.conf", text, NULL, &errors);
	}
	if (which % 2 == 1) {
		grammar_defaults(&keys_of_policy, NULL, &conf.policy);
		return grammar_read(&keys_of_policy, &conf.policy, "f.conf",
		    text, NULL, &errors);
	}
	keys.include = false; /* no other file is looked at */
	grammar_defaults(&keys, NULL, &conf);
	return grammar_read(&keys, &conf, "f.conf", text, seen, &errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CONF_ERROR_SIZE];
	char *text;

	if (size == 0 || memchr(data + 1, '\0', size - 1) != NULL) {
		return 0; /* a NUL byte is refused before */
	}
	text = malloc(size);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	/* What is refused is told. */
	if (!read_text(text, data[0] % 4, error) && error[0] == '\0') {
		abort();
	}
	if (error[0] != '\0') {
		check_errors(error);
	}
	free(text);
	return 0;
}
