/*
 * From facts to what is wrong and the line that mends it.  Pure, but for
 * facts->same.
 */
#ifndef DOCTOR_JUDGE_H
#define DOCTOR_JUDGE_H

struct diagnosis;
struct facts;

/* Go through all checks; one that finds nothing wrong says so in a line. */
void judge(const struct facts *facts, struct diagnosis *diagnosis);

#endif
