/*
 * The verbs.  Each does what its row in ctl/main says, and gives back
 * what the command ends with; what "check" refuses is refused before the
 * database is touched.
 */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include "base/proc.h"

struct ctl;

enum exit_status status_show(struct ctl *ctl);

enum exit_status list_show(struct ctl *ctl);
/* EXIT_NO where it is banned. */
enum exit_status list_check(struct ctl *ctl);
enum exit_status explain_show(struct ctl *ctl);

/* Refuses networks that are too wide, never banned, or allowed by the
 * configuration. */
enum exit_status ban_check(struct ctl *ctl);
enum exit_status ban_add(struct ctl *ctl);
enum exit_status ban_clear(struct ctl *ctl);

enum exit_status allow_list(struct ctl *ctl);
enum exit_status allow_add(struct ctl *ctl);
enum exit_status allow_remove(struct ctl *ctl);

/* Understands all lines of standard input first. */
enum exit_status report_lines_check(struct ctl *ctl);
enum exit_status report_lines(struct ctl *ctl);
enum exit_status report_one(struct ctl *ctl);

/* EXIT_NO while it is on. */
enum exit_status brake_show(struct ctl *ctl);
/* EXIT_NO where it was not on. */
enum exit_status brake_release(struct ctl *ctl);

enum exit_status rules_list(struct ctl *ctl);
enum exit_status rules_test(struct ctl *ctl);

/* --policy and --compare exclude each other. */
enum exit_status replay_check(struct ctl *ctl);
enum exit_status replay_logs(struct ctl *ctl);

/* The folder given as --postfix must be one. */
enum exit_status doctor_check(struct ctl *ctl);
/* It opens the database itself: that this cannot be done is a finding, after
 * which all else is still looked at. */
enum exit_status doctor_run(struct ctl *ctl);

enum exit_status codes_show(struct ctl *ctl);

/* The words as one text, or "-": what stands on standard input, line by
 * line. */
enum exit_status decode_text(struct ctl *ctl);

#endif
