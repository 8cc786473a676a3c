/* selector_private.h - the label selectors that the console lists objects with, as the API server
 * reads them: an odd name in one is an error of the whole call. */
#pragma once
#include <stdbool.h>

struct rest_request;

/* Of routes on a domain. NULL: any. False: r has been answered (500 with the server's words). */
bool selector_check_domain(struct rest_request *r, const char *domain);
/* Of the objects of a plugin. */
bool selector_check_plugin(struct rest_request *r, const char *plugin);
bool selector_check_version(struct rest_request *r, const char *version); /* of a plugin */
