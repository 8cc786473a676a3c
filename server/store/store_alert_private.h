/* store_alert_private.h - what store_alert.c and store_incident.c share. All inside the caller's
 * transaction. */
#pragma once
#include "store/store_alert.h"

/* The incident of the group that is open, or a new one; while too many begin, that of the storm.
 * Its id in a; NULL + e. */
const char *store_incident_for(struct store *s, struct arena *a, const struct store_alerts *in,
                               bool *storm, struct err *e);
/* An alert of it began or ended: it may be over now. */
bool store_touch_incident(struct store *s, struct arena *a, const char *id, struct err *e);
bool store_make_incident_room(struct store *s, struct err *e);
bool store_count_alerts(struct store *s, const char *incident, int *firing, int *all,
                        struct err *e);
