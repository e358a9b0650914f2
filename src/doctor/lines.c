#include "doctor/lines.h"

#include <string.h>

void
lines_split(char *text, const char *between, struct lines *out)
{
	size_t gap = strlen(between);
	char *next;

	out->lines = 0;
	out->cut = false;
	for (char *line = text; *line != '\0'; line = next) {
		size_t len = strcspn(line, "\n");
		char *middle;

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		middle = strstr(line, between);
		if (middle == NULL) {
			continue;
		}
		if (out->lines == LINES_MAX) {
			out->cut = true;
			return;
		}
		*middle = '\0';
		out->line[out->lines].name = line;
		out->line[out->lines].value = middle + gap;
		out->lines++;
	}
}

const char *
lines_get(const struct lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->lines; i++) {
		if (strcmp(lines->line[i].name, name) == 0) {
			return lines->line[i].value;
		}
	}
	return NULL;
}
