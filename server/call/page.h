/* page.h - a page of lines out of a stream of objects. */
#pragma once
#include "call/call.h"

/* Out of a stream of objects: counts all that match, keeps the lines of one page within limit and
 * bytes. The line under way is written into one buffer that is used again, so that a filter over
 * 100,000 objects costs no memory. limit 0: a short page. */
struct page;
struct page *page_new(struct call *c, double limit, const char *cursor, const char *text);
struct buf *page_line(struct page *p); /* empty; write the next line into it */
bool page_wants(const struct page *p); /* must the next match be written, or only counted? */
void page_match(struct page *p);       /* an object matches; its line is in the buffer if wanted */
cJSON *page_answer(struct page *p, const char *member); /* {member, count, cursor?}; NULL: failed */
char *page_say(struct call *c, const cJSON *answer, const char *member, const char *noun);
