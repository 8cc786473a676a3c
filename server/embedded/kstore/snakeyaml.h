/* snakeyaml.h - the real console's exception for a text that is no YAML. */
#pragma once
#include "embedded/rest/rest.h"

/* Answers 500 and returns false when the text is malformed; true: it is YAML. */
bool snakeyaml_accepts(struct rest_request *r, const char *text);
