#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "doctor/list.h"
#include "doctor/mta.h"
#include "doctor/run.h"

enum {
	PATIENCE = 5000, /* ms for each program */
	FILE_MAX = 64 * 1024,
	WORDS_MAX = 24
};

/* ---- postconf ---- */

/* "postconf -c FOLDER" and more; the words are borrowed. */
static enum run_result
run(const struct mta *mta, const char *program, const char *const *words,
    struct run_output *output)
{
	const char *argv[WORDS_MAX];
	size_t count = 0;

	argv[count++] = program;
	if (mta->folder[0] != '\0') {
		argv[count++] = "-c";
		argv[count++] = mta->folder;
	}
	for (; *words != NULL && count + 1 < WORDS_MAX; words++) {
		argv[count++] = *words;
	}
	argv[count] = NULL;
	return run_program(argv, PATIENCE, output);
}

static bool
ask_postconf(struct mta *mta, size_t which, const char *const *words)
{
	struct run_output output;

	switch (run(mta, "postconf", words, &output)) {
	case RUN_MISSING:
		mta->state = MTA_NONE;
		return false;
	case RUN_FAILED:
		mta->state = MTA_MUTE;
		(void)text_copy(mta->error, sizeof(mta->error), output.error);
		return false;
	case RUN_FINE:
		break;
	}
	mta->said[which] = output.text;
	mta->cut |= output.cut;
	return true;
}

/* ---- what lies in tables ---- */

/* The text of a file, whole; NULL where it cannot be had. */
static char *
read_file(const char *path, bool *cut)
{
	FILE *file = fopen(path, "re");
	char *text = file != NULL ? malloc(FILE_MAX + 1) : NULL;
	size_t len;

	if (text != NULL) {
		len = fread(text, 1, FILE_MAX, file);
		text[len] = '\0';
		*cut |= len == FILE_MAX;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return text;
}

/* Give the first word of each line, or the whole line; comments left out. */
static void
each_line(char *text, bool whole,
    void (*each)(struct mta *mta, const char *words), struct mta *mta)
{
	char *next;

	for (char *line = text; *line != '\0'; line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (!whole) {
			line[strcspn(line, " \t")] = '\0';
		}
		if (line[0] != '#') {
			each(mta, line);
		}
	}
}

static void
take_nets(struct mta *mta, const char *words)
{
	struct nets read = { .nets = 0 };

	nets_read(&read, words);
	for (size_t i = 0; i < read.nets; i++) {
		nets_add(&mta->trusted, &read.net[i]);
	}
}

/* A table within a table is not followed. */
static void
take_domains(struct mta *mta, const char *words)
{
	struct nets passed_over = { .nets = 0 };

	mta_add_domains(mta, words, &passed_over);
}

/* A table's keys, of a kind that can list them. */
static char *
list_table(struct mta *mta, const char *table)
{
	struct run_output output;

	if (run(mta, "postmap", (const char *const[]){ "-s", table, NULL },
		&output) != RUN_FINE) {
		return NULL;
	}
	mta->cut |= output.cut;
	for (char *c = output.text; *c != '\0'; c++) {
		if (*c == '\t') {
			*c = ' ';
		}
	}
	return output.text;
}

static void
read_table(struct mta *mta, const char *table,
    void (*each)(struct mta *mta, const char *words))
{
	static const char cidr[] = "cidr:";
	bool plain = table[0] == '/';
	char *text;

	if (plain) {
		text = read_file(table, &mta->cut);
	} else if (strncmp(table, cidr, sizeof(cidr) - 1) == 0) {
		text = read_file(table + sizeof(cidr) - 1, &mta->cut);
	} else {
		text = list_table(mta, table);
	}
	if (text != NULL) {
		each_line(text, plain, each, mta);
		free(text);
	} else if (mta->darks < NETS_TABLES_MAX) {
		(void)text_copy(
		    mta->dark[mta->darks++], NETS_TABLE_SIZE, table);
	}
}

void
mta_ask(struct mta *mta, const char *folder)
{
	static const char *const settings[] = { "-x", "queue_directory",
		"mail_owner", "compatibility_level", "smtpd_milters",
		"smtpd_helo_required", "milter_default_action", "mynetworks",
		"mydomain", "mydestination", "virtual_mailbox_domains",
		"relay_domains", "virtual_alias_domains", NULL };
	static const char *const fields[] = { "-F", "*/*/chroot", "*/*/command",
		NULL };
	static const char *const overrides[] = { "-Px", NULL };
	struct nets tables = { .nets = 0 };

	if (folder != NULL &&
	    !text_copy(mta->folder, sizeof(mta->folder), folder)) {
		mta->state = MTA_MUTE;
		(void)text_copy(
		    mta->error, sizeof(mta->error), "its path is too long");
		return;
	}
	if (!ask_postconf(mta, 0, settings) || !ask_postconf(mta, 1, fields) ||
	    !ask_postconf(mta, 2, overrides)) {
		return;
	}
	mta->state = MTA_THERE;
	mta_understand(mta, &tables);
	mta->cut |= tables.cut;
	for (size_t i = 0; i < mta->trusted.tables; i++) {
		read_table(mta, mta->trusted.table[i], take_nets);
	}
	for (size_t i = 0; i < tables.tables; i++) {
		read_table(mta, tables.table[i], take_domains);
	}
}

void
mta_clear(struct mta *mta)
{
	for (size_t i = 0; i < sizeof(mta->said) / sizeof(mta->said[0]); i++) {
		free(mta->said[i]);
		mta->said[i] = NULL;
	}
}
