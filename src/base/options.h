/*
 * The command line of a service: -c FILE, -V, -h, as all of them have it.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>

struct service_info {
	const char *name;  /* "videur-web" */
	const char *usage; /* all that -h prints */
	bool has_once;     /* it knows -n */
};

struct options {
	const char *conf_path; /* of argv; NULL: the default */
	bool once;             /* -n */
	bool done;             /* nothing is left but to end with `status` */
	int status;
};

/* Read argv; help and version are printed on stdout, a mistake is answered
 * with the usage on stderr and EXIT_USAGE. */
struct options options_read(
    int argc, char **argv, const struct service_info *service);

#endif
