#include "web/overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/log.h"
#include "base/text.h"

extern const struct embedded web_files[];

enum {
	WHY_SIZE = 128
};

/* Read `size` bytes; false where there are fewer. */
static bool
read_all(int fd, char *data, size_t size)
{
	while (size > 0) {
		ssize_t got = read(fd, data, size);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return false;
		}
		data += got;
		size -= (size_t)got;
	}
	return true;
}

static char *
read_open(int fd, const char *path, size_t *size)
{
	struct stat stat;
	char *data;

	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) ||
	    stat.st_size > OVERLAY_SIZE_MAX) {
		log_warn("%s is not used: no file of at most %d bytes", path,
		    OVERLAY_SIZE_MAX);
		return NULL;
	}
	*size = (size_t)stat.st_size;
	data = malloc(*size + 1);
	if (data == NULL || !read_all(fd, data, *size)) {
		log_warn("%s is not used: it cannot be read", path);
		free(data);
		return NULL;
	}
	data[*size] = '\0';
	return data;
}

char *
overlay_read(const char *path, bool optional, size_t *size)
{
	/* A fifo must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char why[WHY_SIZE];
	char *data;

	if (fd < 0) {
		if (!optional || errno != ENOENT) {
			log_warn("%s is not used: %s", path,
			    strerror_r(errno, why, sizeof(why)));
		}
		return NULL;
	}
	data = read_open(fd, path, size);
	(void)close(fd);
	return data;
}

/* Name files that would be there for nothing. */
static void
warn_of_strangers(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char why[WHY_SIZE];

	if (dir == NULL) {
		log_warn("templates of %s are not used: %s", folder,
		    strerror_r(errno, why, sizeof(why)));
		return;
	}
	/* The stream is this thread's alone. */
	while ((entry = readdir(dir)) != /* NOLINT(concurrency-mt-unsafe) */
	       NULL) {
		if (entry->d_name[0] != '.' &&
		    embedded_find(web_files, entry->d_name) == NULL) {
			log_warn("%s/%s is not used: no file of the pages has "
				 "that name",
			    folder, entry->d_name);
		}
	}
	(void)closedir(dir);
}

static void
add_file(
    struct overlay *overlay, const struct embedded *ours, const char *folder)
{
	struct overlay_file *file = &overlay->file[overlay->files++];
	struct text path;

	*file = (struct overlay_file){
		.name = ours->name, .ours = ours->data, .ours_size = ours->size
	};
	if (folder[0] == '\0') {
		return;
	}
	text_init(&path, file->path, sizeof(file->path));
	text_addf(&path, "%s/%s", folder, ours->name);
	if (!path.cut) {
		file->theirs = overlay_read(
		    file->path, true, &file->theirs_size);
	}
}

void
overlay_load(struct overlay *overlay, const char *folder)
{
	overlay->files = 0;
	for (const struct embedded *ours = web_files;
	     ours->name != NULL && overlay->files < OVERLAY_FILES_MAX; ours++) {
		add_file(overlay, ours, folder);
	}
	if (folder[0] != '\0') {
		warn_of_strangers(folder);
	}
}

void
overlay_refuse(struct overlay_file *file)
{
	free(file->theirs);
	file->theirs = NULL;
}

void
overlay_clear(struct overlay *overlay)
{
	for (size_t i = 0; i < overlay->files; i++) {
		overlay_refuse(&overlay->file[i]);
	}
	overlay->files = 0;
}
