/*
 * The web server's one read handle on the database.
 *
 * It opens the database when it is first asked, and again after anything went
 * wrong, when the file was replaced, or when the configuration names another:
 * a database that is missing today is no reason not to serve tomorrow.  What
 * is wrong is logged once a minute.  Any thread may ask.
 */
#ifndef WEB_READER_H
#define WEB_READER_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct conf;
struct page_hours;
struct reader;
struct standing;

/* NULL where there is no memory.  Opens nothing yet. */
struct reader *reader_new(void);
void reader_free(struct reader *reader);

/* Each gives back false where the database cannot be read now. */
bool reader_check(struct reader *reader, const struct conf *conf);
bool reader_standing(struct reader *reader, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing);

/* Let go of the snapshot that requests within a millisecond share: to be called
 * now and then, so that the last does not keep the log from being emptied. */
void reader_rest(struct reader *reader);

/* What was seen of an address's client in the last PAGE_HOURS hours, and its
 * reputation. */
bool reader_hours(struct reader *reader, const struct conf *conf,
    const struct addr *address, int64_t now, struct page_hours *hours);

#endif
