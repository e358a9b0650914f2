/*
 * Which address a visitor asks for.
 */
#ifndef WEB_LOOKUP_H
#define WEB_LOOKUP_H

struct addr;

enum lookup {
	LOOKUP_FINE,
	LOOKUP_NO_ADDRESS,
	LOOKUP_NETWORK, /* only single addresses are told */
	LOOKUP_NEVER    /* in a range that is never banned */
};

/* Read what was typed or pasted: an address, perhaps in brackets as replies
 * have it, with blanks around it.  `out` is set where the result is
 * LOOKUP_FINE or LOOKUP_NEVER. */
enum lookup lookup_parse(const char *text, struct addr *out);

#endif
