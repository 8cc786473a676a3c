/* tree.h - copies and removes temporary folders with everything below them. */
#pragma once
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
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

/* `to` is there and empty. */
static __attribute__((noinline, unused)) bool tree_copy(const char *from, const char *to)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("cp", "cp", "-aT", from, to, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}
