/*
 * The checks, each by what it looks at.  One that says nothing has found
 * nothing wrong.
 */
#ifndef DOCTOR_CHECKS_H
#define DOCTOR_CHECKS_H

struct diagnosis;
struct facts;

typedef void check(const struct facts *facts, struct diagnosis *diagnosis);

/* Who must never be banned. */
check check_own_addresses;
check check_mx;
check check_mynetworks;
check check_ssh;
check check_proxy;

/* How Postfix is hooked up. */
check check_postfix;
check check_chain;
check check_action;
check check_socket;
check check_helo;

/* The host and its services. */
check check_database;
check check_services;
check check_logs;
check check_clock;
check check_page;

#endif
