/* unit.c - the one program of all unit tests: `test_NAME [CASE]` is a link to it, runs the main of
 * tests/unit/test_NAME.c (the build names it test_NAME_main) and may choose cases, * being a
 * wildcard. One program is linked where sixty were.
 */
#include "check.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char name[80];
    const char *slash = strrchr(argv[0], '/');
    snprintf(name, sizeof name, "%s_main", slash ? slash + 1 : argv[0]);
    int (*test_main)(int, char **);
    *(void **)&test_main = dlsym(RTLD_DEFAULT, name);
    if (!test_main) {
        fprintf(stderr, "%s: no test file has that name\n", argv[0]);
        return 2;
    }
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return test_main(argc, argv);
}
