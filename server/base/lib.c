/* lib.c - dlopen and dlsym behind one function; a table is loaded when its last entry is set. */
#include "base/lib.h"
#include "base/err.h"
#include <dlfcn.h>

bool lib_load(const char *soname, const char *package, const char *const *names, void *table,
              size_t count, struct err *e)
{
    void **to = table;
    if (to[count - 1])
        return true;

    void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return err_set(e, ERR_SYSTEM,
                       "the library %s cannot be loaded (%s): install the package %s", soname,
                       dlerror(), package);
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, names[i]);
        if (!address)
            return err_set(e, ERR_SYSTEM, "%s has no function %s: another version of %s is needed",
                           soname, names[i], package);
        to[i] = address;
    }
    return true;
}
