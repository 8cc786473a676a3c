/* page.h - HTML pages linked into the binary, each one document without anything loaded. */
#pragma once

struct arena;

/* The asset server/mcp/assets/NAME, with assets/shared.html (how a change is shown) in the place of
 * its line "<!-- shared -->". nonce: what a Content-Security-Policy names scripts and styles by;
 * NULL: none. */
const char *page_text(struct arena *a, const char *name, const char *nonce);
