/*
 * Where services listen, as the configuration writes it: the syntax alone.
 * Nothing is looked up or opened.
 */
#ifndef CONF_LISTEN_H
#define CONF_LISTEN_H

/* libmilter's forms: unix:PATH or local:PATH or a PATH that begins with '/',
 * inet:PORT[@HOST], inet6:PORT[@HOST].  NULL where it is fine, else what is
 * wrong. */
const char *listen_check_milter(const char *text);

/* HOST:PORT with an IPv4 address or "localhost", [IPV6]:PORT, unix:PATH.
 * Port 0 takes a free one, which the service then tells. */
const char *listen_check_web(const char *text);

#endif
