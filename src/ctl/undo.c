#include "ctl/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/output.h"
#include "doctor/change.h"

enum {
	UNDO_MOST = 16 * 1024 * 1024,
	CF_MOST = 4 * 1024 * 1024,
	UNDO_MODE = 0600,
	FD_PATH_SIZE = 32
};

static const char head[] = "videur setup postfix 1\n";

/* ---- its lines ---- */

/* A field: a tab before it, and no tab, newline or backslash in it. */
static void
put_field(FILE *to, const char *value)
{
	(void)fputc('\t', to);
	for (; *value != '\0'; value++) {
		if (*value == '\t' || *value == '\n' || *value == '\\') {
			(void)fputc('\\', to);
		}
		(void)fputc(*value == '\t'   ? 't'
			    : *value == '\n' ? 'n'
					     : *value,
		    to);
	}
}

/* Take the field at *at, which is behind a tab, and make it a text in place;
 * "" where there is none. */
static char *
take_field(char **at)
{
	char *from = *at;
	char *to = from;
	char *value = from;

	while (*from != '\0' && *from != '\t' && *from != '\n') {
		if (*from == '\\' && from[1] != '\0') {
			from++;
			*to = *from;
			if (*from == 't') {
				*to = '\t';
			} else if (*from == 'n') {
				*to = '\n';
			}
			to++;
		} else {
			*to++ = *from;
		}
		from++;
	}
	*at = from + (*from == '\t');
	*to = '\0';
	return value;
}

static void
put_step(FILE *to, const struct undo_step *step)
{
	(void)fputs("step", to);
	put_field(to, step->folder);
	for (int i = 0; i < UNDO_FILES; i++) {
		put_field(to, step->before[i]);
		put_field(to, step->after[i]);
	}
	(void)fputc('\n', to);
	for (size_t i = 0; i < step->settings; i++) {
		const struct undo_setting *setting = &step->setting[i];

		(void)fputs(setting->before != NULL ? "changed" : "added", to);
		put_field(to, setting->service);
		put_field(to, setting->name);
		put_field(to, setting->before != NULL ? setting->before : "");
		put_field(to, setting->after);
		(void)fputc('\n', to);
	}
}

/* Understand a line of `texts`, in place; false where it is none. */
static bool
read_line(struct undo *undo, char *line, size_t at)
{
	const char *word = line;
	struct undo_step *step;
	struct undo_setting *setting;

	line += strcspn(line, "\t");
	if (*line == '\0') {
		return false;
	}
	*line++ = '\0';
	if (strcmp(word, "step") == 0) {
		if (undo->steps == UNDO_STEPS_MAX) {
			return false;
		}
		step = &undo->step[undo->steps++];
		step->at = at;
		step->folder = take_field(&line);
		for (int i = 0; i < UNDO_FILES; i++) {
			step->before[i] = take_field(&line);
			step->after[i] = take_field(&line);
		}
		return step->folder[0] == '/';
	}
	step = undo->steps > 0 ? &undo->step[undo->steps - 1] : NULL;
	if (step == NULL || step->settings == UNDO_SETTINGS_MAX) {
		return false;
	}
	setting = &step->setting[step->settings++];
	setting->service = take_field(&line);
	setting->name = take_field(&line);
	setting->before = take_field(&line);
	setting->after = take_field(&line);
	if (strcmp(word, "added") == 0) {
		setting->before = NULL;
	}
	return setting->name[0] != '\0';
}

/* ---- the file ---- */

static bool
path_of(const char *database, char *path, size_t size)
{
	return file_beside(database, "postfix.undo", path, size);
}

/* What is kept, or NULL: with errno ENOENT there is nothing. */
static char *
read_kept(const char *path, char why[static FILE_WHY_SIZE])
{
	const int fd = open(
	    path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char held[FD_PATH_SIZE];
	struct stat status;
	char *text = NULL;
	int kept = errno;

	if (fd < 0) {
		(void)text_copy(why, FILE_WHY_SIZE, strerrordesc_np(errno));
	} else if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
		   status.st_uid != geteuid() ||
		   (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)text_copy(why, FILE_WHY_SIZE,
		    "is not yours alone, and nothing of it is believed");
		kept = EPERM;
	} else {
		(void)snprintf(held, sizeof(held), "/proc/self/fd/%d", fd);
		text = file_read_text(held, UNDO_MOST, why);
		kept = errno == ENOENT ? EIO : errno;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	errno = kept;
	return text;
}

bool
undo_read(
    const char *database, struct undo *out, char why[static FILE_WHY_SIZE])
{
	char path[PATH_MAX];
	char *next;

	*out = (struct undo){ .kept = NULL };
	if (!path_of(database, path, sizeof(path))) {
		(void)text_copy(why, FILE_WHY_SIZE, "its path is too long");
		return false;
	}
	out->kept = read_kept(path, why);
	if (out->kept == NULL) {
		return errno == ENOENT;
	}
	out->texts = strdup(out->kept);
	next = out->texts != NULL && text_after(out->texts, head) != NULL
		   ? out->texts + strlen(head)
		   : NULL;
	for (char *line = next; line != NULL && *line != '\0'; line = next) {
		const size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (!read_line(out, line, (size_t)(line - out->texts))) {
			next = NULL;
		}
	}
	if (next == NULL) {
		(void)text_copy(why, FILE_WHY_SIZE, "cannot be understood");
	}
	return next != NULL;
}

void
undo_free(struct undo *undo)
{
	free(undo->kept);
	free(undo->texts);
}

bool
undo_add(const char *database, const struct undo *undo,
    const struct undo_step *step, char why[static FILE_WHY_SIZE])
{
	char path[PATH_MAX];
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	bool fine = to != NULL && undo->steps < UNDO_STEPS_MAX &&
		    path_of(database, path, sizeof(path));

	(void)text_copy(why, FILE_WHY_SIZE,
	    fine ? "" : "there is no room for more; take back what was done");
	if (to != NULL) {
		(void)fputs(undo->kept != NULL ? undo->kept : head, to);
		put_step(to, step);
		fine = fclose(to) == 0 && fine;
	}
	fine = fine && file_replace(path, text, UNDO_MODE, why);
	free(text);
	return fine;
}

bool
undo_cut(const char *database, const struct undo *undo, size_t step,
    char why[static FILE_WHY_SIZE])
{
	char path[PATH_MAX];
	bool fine = path_of(database, path, sizeof(path));

	if (fine && step == 0) {
		fine = unlink(path) == 0;
		(void)text_copy(
		    why, FILE_WHY_SIZE, fine ? "" : strerrordesc_np(errno));
	} else if (fine) {
		undo->kept[undo->step[step].at] = '\0';
		fine = file_replace(path, undo->kept, UNDO_MODE, why);
	}
	return fine;
}

/* ---- Postfix's files, whole ---- */

bool
undo_file(const char *folder, int file, char path[static PATH_MAX])
{
	return change_file(
	    folder, file == UNDO_MASTER ? "master" : "", path, PATH_MAX);
}

bool
undo_files_read(const char *folder, char *text[static UNDO_FILES])
{
	char why[FILE_WHY_SIZE];
	char path[PATH_MAX];

	for (int i = 0; i < UNDO_FILES; i++) {
		text[i] = undo_file(folder, i, path)
			      ? file_read_text(path, CF_MOST, why)
			      : NULL;
		if (text[i] == NULL) {
			output_complain("%s: %s", path, why);
			return false;
		}
	}
	return true;
}

void
undo_files_free(char *text[static UNDO_FILES])
{
	for (int i = 0; i < UNDO_FILES; i++) {
		free(text[i]);
	}
}

bool
undo_file_write(const char *folder, int file, const char *text)
{
	char why[FILE_WHY_SIZE] = "";
	char path[PATH_MAX];
	bool done = undo_file(folder, file, path) &&
		    file_replace(path, text, 0644, why);

	if (!done) {
		output_complain("%s: %s", path, why);
	}
	return done;
}

void
undo_files_put_back(const char *folder, char *const text[static UNDO_FILES])
{
	for (int i = 0; i < UNDO_FILES; i++) {
		(void)undo_file_write(folder, i, text[i]);
	}
	output_complain(
	    "%s: main.cf and master.cf are as they were before", folder);
}
