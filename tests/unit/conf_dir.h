/*
 * A temporary folder with configuration files, for tests of conf.
 */
#ifndef UNIT_CONF_DIR_H
#define UNIT_CONF_DIR_H

#include "check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "conf/conf.h"

static char conf_dir[64];

/* The path of a file in the folder; good until the next call but one. */
static inline const char *
conf_dir_path(const char *name)
{
	static char paths[2][CONF_PATH_SIZE];
	static unsigned turn;
	char *path = paths[turn++ % 2];

	assert_true(snprintf(path, CONF_PATH_SIZE, "%s/%s", conf_dir, name) <
		    CONF_PATH_SIZE);
	return path;
}

static inline void
conf_dir_write_bytes(const char *name, const char *bytes, size_t len)
{
	FILE *file = fopen(conf_dir_path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static inline void
conf_dir_write(const char *name, const char *text)
{
	conf_dir_write_bytes(name, text, strlen(text));
}

/* Load videur.conf with this text; fails the test with `sentence` where that
 * is refused.  The caller drops it. */
static inline struct conf *
conf_dir_load(const char *sentence, const char *text)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf;

	conf_dir_write("videur.conf", text);
	conf = conf_load(conf_dir_path("videur.conf"), error);
	if (conf == NULL) {
		fail_msg("%s: %s", sentence, error);
	}
	return conf;
}

/* An error without the folder that all paths in it begin with. */
static inline void
conf_dir_shorten(char *error)
{
	size_t len = strlen(conf_dir) + 1;
	char *at;

	while ((at = strstr(error, conf_dir)) != NULL) {
		memmove(at, at + len, strlen(at + len) + 1);
	}
}

static inline int
conf_dir_remove_one(
    const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static inline int
conf_dir_make(void **state)
{
	(void)state;
	(void)snprintf(conf_dir, sizeof(conf_dir), "/tmp/videur-conf.XXXXXX");
	return mkdtemp(conf_dir) == NULL ||
	       mkdir(conf_dir_path("policies"), 0700) != 0;
}

static inline int
conf_dir_remove(void **state)
{
	(void)state;
	return nftw(conf_dir, conf_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
