/* store_room.h - how many changes of one owner may wait undecided. */
#pragma once
#include <stdbool.h>

struct err;
struct plan;
struct store;

/* May that plan be kept for its owner, who may have `max` undecided ones? One that is kept already
 * always may. Where there is no room the owner's oldest draft is dropped; false, ERR_POLICY, when
 * all of them wait for a person. */
bool store_room(struct store *s, const struct plan *p, const char *owner, int max, struct err *e);
/* Has that owner planned fewer than `max` changes within the last hour? False: ERR_POLICY. */
bool store_may_plan(struct store *s, const char *owner, int max, struct err *e);
/* Changes of that owner that are a draft or pending and not past their time; -1 + e. */
int store_undecided(struct store *s, const char *owner, struct err *e);
