/* settings_private.h - what the rows of settings.c are made of, and what follows from them. */
#pragma once
#include "base/field.h"
#include "config/config.h"
#include "config/setting.h"

extern const struct field config_chat_field;     /* one row of `chat` */
extern const struct field config_alert_field;    /* one row of `alerts` */
extern const struct field config_schedule_field; /* one row of `schedules` */
extern const struct field config_quiet_rows[];   /* `quiet` of an account or a channel */

enum setting_flag {
    EACH = 1,   /* each of `gateways` has its own */
    RELOAD = 2, /* a running server takes a new value */
    NEEDED = 4, /* where its folder of the file is there */
    ONE_OF = 8, /* `value` lists the choices */
    SAID = 16,  /* `otherwise` is for people; what is not given is NULL */
};

/* Checks the file's tree, with variables and flags laid over it. False: e->path and the sentence
 * name the first member that is wrong. */
bool settings_check(const cJSON *tree, struct err *e);
/* Fills the members of c that a row puts somewhere. The tree was checked. */
void settings_take(struct config *c, struct arena *a, const cJSON *tree);
/* Gives c what a running server takes of `now`. */
void settings_reload(struct config *c, const struct config *now);

/* Values of `take` in a row. */
typedef void setting_take(void *member, struct arena *a, const struct setting *row,
                          const cJSON *value);
setting_take setting_take_text, setting_take_number, setting_take_texts, setting_take_tokens,
    setting_take_people, setting_take_bool, setting_take_choice, setting_take_outside,
    setting_take_read_only, setting_take_strength;
