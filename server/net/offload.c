/* offload.c - one thread a job; who waits looks now and then, which is soon enough for work that is
 * worth a thread. */
#include "net/offload.h"
#include "base/err.h"
#include "net/loop.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static const double LOOK = 0.01; /* seconds */

struct job {
    void (*fn)(void *arg);
    void *arg;
    atomic_bool done;
};

static void *work(void *arg)
{
    struct job *job = arg;
    job->fn(job->arg);
    atomic_store(&job->done, true);
    return NULL;
}

bool offload(struct loop *l, void (*fn)(void *arg), void *arg, const char *what, struct cancel *c,
             struct err *e)
{
    struct job job = { .fn = fn, .arg = arg };
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, work, &job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return err_set(e, ERR_SYSTEM, "no thread could be started (%s): try again",
                       strerror(failed));
    while (!atomic_load(&job.done) && nap_for(l, LOOK, "the processor", what, c, e))
        ;
    pthread_join(thread, NULL);
    return e->kind == ERR_NONE;
}
