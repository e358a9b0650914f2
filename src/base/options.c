#include "base/options.h"

#include <getopt.h>
#include <stdio.h>

#include "base/proc.h"

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static struct options
mistaken(const struct service_info *service)
{
	(void)fputs(service->usage, stderr);
	return (struct options){ .done = true, .status = EXIT_USAGE };
}

struct options
options_read(int argc, char **argv, const struct service_info *service)
{
	const char *letters = service->has_once ? "c:hnV" : "c:hV";
	struct options options = { .conf_path = NULL };
	int letter;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread starts */
	while ((letter = getopt_long(
		    argc, argv, letters, long_options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options.conf_path = optarg;
			break;
		case 'n':
			options.once = true;
			break;
		case 'h':
			(void)fputs(service->usage, stdout);
			return (struct options){ .done = true };
		case 'V':
			(void)printf("%s %s\n", service->name, VIDEUR_VERSION);
			return (struct options){ .done = true };
		default:
			return mistaken(service);
		}
	}
	return optind < argc ? mistaken(service) : options;
}
