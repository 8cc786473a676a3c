/* complete_private.h - completion/complete: values for an argument of a prompt or a variable of a
 * resource template, from real names, the best first, at most RESOURCE_VALUES_MAX. */
#pragma once
struct request;

void complete_argument(struct request *r); /* answers r */
