#include "doctor/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	POSTCONF_MS = 5000,
	POSTFIX_MS = 60000 /* it looks at every file of the queue's folders */
};

/* "smtp/inet/NAME" or "NAME", and where there is one its value, as postconf
 * takes them. */
static void
add_setting(
    struct text *to, const char *service, const char *name, const char *value)
{
	const bool own = service[0] != '\0';

	text_addf(to, "%s%s%s", service, own ? "/" : "", name);
	if (value != NULL && own) {
		text_add(to, "=");
		postconf_pack(to, value);
	} else if (value != NULL) {
		text_addf(to, " = %s", value);
	}
}

bool
change_make(struct change *out, const struct mta *mta, const char *service,
    const char *name, const char *value)
{
	char pair[CHANGE_TEXT_SIZE];
	struct text text;
	bool whole;

	*out = (struct change){ .mta = mta };
	whole = text_copy(out->service, sizeof(out->service), service);
	whole &= text_copy(out->name, sizeof(out->name), name);
	whole &= text_copy(out->value, sizeof(out->value), value);
	text_init(&text, pair, sizeof(pair));
	add_setting(&text, service, name, value);
	whole &= !text.cut;
	text_init(&text, out->line, sizeof(out->line));
	text_add(&text, "postconf ");
	if (mta->folder[0] != '\0') {
		text_add(&text, "-c ");
		text_add_quoted(&text, mta->folder);
		text_add_char(&text, ' ');
	}
	text_add(&text, service[0] != '\0' ? "-P " : "-e ");
	text_add_quoted(&text, pair);
	return whole && !text.cut;
}

bool
change_file(const char *folder, const char *service, char *path, size_t size)
{
	return text_print(path, size, "%s/%s", folder,
	    service[0] != '\0' ? "master.cf" : "main.cf");
}

char *
change_read(const char *folder, const char *service, const char *name)
{
	char setting[CHANGE_TEXT_SIZE];
	struct run_output said;
	struct text text;
	const char *value;
	char *found = NULL;

	text_init(&text, setting, sizeof(setting));
	add_setting(&text, service, name, NULL);
	if (text.cut ||
	    mta_run(folder,
		(const char *const[]){ "postconf",
		    service[0] != '\0' ? "-P" : "-n", setting, NULL },
		POSTCONF_MS, &said) != RUN_FINE) {
		return NULL;
	}
	said.text[strcspn(said.text, "\n")] = '\0';
	value = text_after(said.text, setting);
	value = value != NULL ? text_after(value, " =") : NULL;
	if (value != NULL) {
		found = strdup(value + (*value == ' '));
	}
	free(said.text);
	return found;
}

/* What the program complained of, "postconf: fatal: " left out. */
static bool
run(const char *folder, const char *const *words, int64_t milliseconds,
    char why[static RUN_ERROR_SIZE])
{
	struct run_output said;
	const enum run_result result = mta_run(
	    folder, words, milliseconds, &said);

	free(said.text);
	(void)text_copy(why, RUN_ERROR_SIZE,
	    result == RUN_MISSING   ? "there is no such program"
	    : said.error[0] != '\0' ? said.error
	    : result == RUN_FINE    ? ""
				    : "it failed without a word");
	return result == RUN_FINE;
}

bool
change_write(const char *folder, const char *service, const char *name,
    const char *value, char why[static RUN_ERROR_SIZE])
{
	const bool own = service[0] != '\0';
	char *setting = malloc(RUN_OUTPUT_MAX);
	struct text text;
	bool done = false;

	if (setting == NULL) {
		(void)text_copy(why, RUN_ERROR_SIZE, "out of memory");
		return false;
	}
	text_init(&text, setting, RUN_OUTPUT_MAX);
	add_setting(&text, service, name, value);
	if (text.cut) {
		(void)text_copy(why, RUN_ERROR_SIZE, "the value is too long");
	} else {
		done = run(folder,
		    (const char *const[]){ "postconf",
			value == NULL ? (own ? "-PX" : "-X")
			: own         ? "-P"
				      : "-e",
			setting, NULL },
		    POSTCONF_MS, why);
	}
	free(setting);
	return done;
}

bool
change_postfix(
    const char *folder, const char *verb, char why[static RUN_ERROR_SIZE])
{
	return run(folder, (const char *const[]){ "postfix", verb, NULL },
	    POSTFIX_MS, why);
}
