#include "ctl/input.h"

const char *
input_line(FILE *from, char line[static INPUT_LINE_SIZE], bool *end)
{
	size_t len = 0;
	int c;

	while ((c = getc(from)) != EOF && c != '\n') {
		if (c == '\0') {
			return "a NUL byte";
		}
		if (len + 1 == INPUT_LINE_SIZE) {
			return "longer than 1023 bytes";
		}
		line[len++] = (char)c;
	}
	line[len] = '\0';
	*end = c == EOF && len == 0;
	return *end && ferror(from) ? "cannot be read" : NULL;
}
