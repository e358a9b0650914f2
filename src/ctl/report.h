/*
 * Deeds told by hand or by another program: report.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "base/proc.h"

struct ctl;

enum exit_status report_one(struct ctl *ctl);

/* Reads all lines of standard input; where one is wrong, none counts. */
enum exit_status report_lines_check(struct ctl *ctl);
enum exit_status report_lines(struct ctl *ctl);

#endif
