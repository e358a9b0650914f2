/*
 * The keys of policy files: one table over struct policy, its rules and its
 * limits, and what each of these must hold to.
 */
#ifndef CONF_POLICY_GRAMMAR_H
#define CONF_POLICY_GRAMMAR_H

struct grammar;

extern const struct grammar policy_grammar;

#endif
