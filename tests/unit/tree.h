/* tree.h - removes a temporary folder with everything below it. */
#pragma once
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static __attribute__((noinline, unused)) void tree_remove(const char *dir)
{
    char path[1024];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < (int)sizeof path &&
            unlink(path) != 0)
            tree_remove(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}
