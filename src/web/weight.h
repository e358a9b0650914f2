/*
 * The weights in headers that say what a client would like best
 * (RFC 9110 12.4.2): "fr-CH;q=0.8, en".
 */
#ifndef WEB_WEIGHT_H
#define WEB_WEIGHT_H

enum {
	WEIGHT_ONE = 1000
};

/* The weight among the parameters between `at`, which is at a ';' or at
 * `end`, and `end`, in thousandths; WEIGHT_ONE where none is given, -1 where
 * it is none. */
int weight_read(const char *at, const char *end);

#endif
