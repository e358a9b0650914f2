#include "ctl/ctl.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "rules/rules.h"

enum {
	NAME_SIZE = 64
};

struct setting_row {
	char name[NAME_SIZE];
	const char *value;
	const char *from;
};

static const struct layout settings = {
	.column = {
	    { "setting", OF(setting_row, name), "SETTING", 0 },
	    { "from", OF(setting_row, from), "FROM", 0 },
	    { "value", OF(setting_row, value), "VALUE", COLUMN_WRAP },
	},
};

static void
put_setting(void *to, const struct conf_setting *setting)
{
	struct setting_row row = { .value = setting->value,
		.from = setting->from };

	(void)to;
	(void)text_print(row.name, sizeof(row.name), "%s%s%s",
	    setting->section != NULL ? setting->section : "",
	    setting->section != NULL ? "." : "", setting->name);
	output_record(&row);
}

enum exit_status
config_show(struct ctl *ctl)
{
	char error[CONF_ERROR_SIZE];
	bool fine;

	output_table(NULL, &settings);
	fine = conf_each(ctl->file, put_setting, NULL, error);
	(void)output_end();
	if (!fine) {
		output_wrong(error);
	}
	return fine ? EXIT_FINE : EXIT_USAGE;
}

/* What is wrong, said at once, and a value for each line of it. */
static void
put_findings(char *error)
{
	char *line;

	if (error[0] == '\0') {
		return;
	}
	output_wrong(error);
	while ((line = strsep(&error, "\n")) != NULL) {
		if (line[0] != '\0') {
			output_string(NULL, line);
		}
	}
}

enum exit_status
config_check(struct ctl *ctl)
{
	const char *file = ctl->file;
	char error[CONF_ERROR_SIZE];
	char wrong[RULES_ERROR_SIZE] = "";
	bool fine = false;
	struct conf *conf = conf_read(file, &fine, error);
	struct rules *rules;

	output_object(NULL, NULL);
	output_string("file", file != NULL ? file : CONF_DEFAULT_FILE);
	output_list("findings");
	put_findings(error);
	if (conf != NULL) {
		rules = rules_load(conf->watch.rules, wrong);
		put_findings(wrong);
		fine = fine && rules != NULL;
		rules_free(rules);
	}
	(void)output_end();
	fine = fine && conf != NULL;
	output_bool("fine", fine);
	(void)output_end();
	conf_drop(conf);
	if (fine && file == NULL && access(CONF_DEFAULT_FILE, F_OK) != 0) {
		output_say("there is no " CONF_DEFAULT_FILE
			   ": all is as it is by default");
	} else if (fine) {
		output_command(
		    "%s: fine", file != NULL ? file : CONF_DEFAULT_FILE);
	}
	return fine ? EXIT_FINE : EXIT_USAGE;
}
