#include "base/csv.h"

#include <stdbool.h>

/* Take the quotes away from a field that begins at `from`, in place; gives back
 * what stands behind its last one, or NULL where there is none. */
static char *
unquote(char *from)
{
	char *to = from;

	for (char *c = from + 1; *c != '\0'; c++) {
		if (*c == '"' && c[1] != '"') {
			*to = '\0';
			return c + 1;
		}
		c += *c == '"';
		*to++ = *c;
	}
	return NULL;
}

const char *
csv_split(char *line, char separator, char **field, size_t most, size_t *fields)
{
	bool more = true;

	for (*fields = 0; more;) {
		if (*fields == most) {
			return "has too many fields";
		}
		field[(*fields)++] = line;
		if (*line == '"') {
			line = unquote(line);
			if (line == NULL) {
				return "has a quote that does not end";
			}
		} else {
			while (*line != '\0' && *line != separator) {
				line++;
			}
		}
		if (*line != '\0' && *line != separator) {
			return "has text behind a quote";
		}
		more = *line != '\0';
		*line++ = '\0';
	}
	return NULL;
}
