/* lib.h - shared libraries loaded when first needed, so that a stdio session answers `initialize`
 * before libcurl, libwebsockets, SQLite or libcrypto cost anything.
 *
 * A module lists the functions it uses and gets a struct of typed pointers:
 *     #define CURL_API(X) X(curl_easy_init) X(curl_easy_perform)
 *     LIB_TABLE(curl, CURL_API);            // in the .c: a static struct named curl
 *     if (!LIB_LOAD(curl, CURL_API, "libcurl.so.4", "libcurl4", e)) return false;
 *     curl.curl_easy_init();
 * A library stays loaded until the process ends.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct err;

/* Fills table[i] with the address of names[i]. Cheap when it is filled already. False with
 * ERR_SYSTEM naming the library and its Debian package, or the symbol. */
bool lib_load(const char *soname, const char *package, const char *const *names, void *table,
              size_t count, struct err *e);

#define LIB_MEMBER(fn) __typeof__(&fn) fn;
#define LIB_NAME(fn) #fn,
#define LIB_TABLE(name, API)                                                                       \
    static struct {                                                                                \
        API(LIB_MEMBER)                                                                            \
    } name
#define LIB_LOAD(name, API, soname, package, e)                                                    \
    lib_load(soname, package, (const char *const[]){ API(LIB_NAME) }, &name,                       \
             sizeof(name) / sizeof(void *), e)
