/*
 * Setters of what only policies have (see struct key).
 */
#ifndef CONF_POLICY_FIELD_H
#define CONF_POLICY_FIELD_H

struct key;

/* int64_t: "0.3", of POLICY_RATIO_ONE; 0 only where key->min is 0. */
const char *policy_field_ratio(
    const struct key *key, void *field, const char *value);

/* uint32_t: kinds, a bit each. */
const char *policy_field_events(
    const struct key *key, void *field, const char *value);

/* enum reason, service and stage. */
const char *policy_field_reason(
    const struct key *key, void *field, const char *value);
const char *policy_field_service(
    const struct key *key, void *field, const char *value);
const char *policy_field_stage(
    const struct key *key, void *field, const char *value);

/* struct rule: its durations and how many there are. */
const char *policy_field_ban(
    const struct key *key, void *field, const char *value);

/* struct reply: codes and phrase, and the policy's own code, which come by two
 * keys in any order. */
const char *policy_field_reply(
    const struct key *key, void *field, const char *value);
const char *policy_field_code(
    const struct key *key, void *field, const char *value);

/* int64_t[REPUTATION_COUNT]: the numbers given, and -1 behind them. */
const char *policy_field_most(
    const struct key *key, void *field, const char *value);

#endif
