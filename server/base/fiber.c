/* fiber.c - own stacks and the switch between them.
 *
 * A fiber's bookkeeping lies at the top of its own mapping, so starting one costs no malloc. Ended
 * stacks go to a pool of at most POOL_MAX. The switch saves what the C calling convention says a
 * callee keeps; to add a processor, add a fiber_switch and what its first frame must look like.
 *
 * AddressSanitizer is told of every switch; a recycled stack is unpoisoned first, because its last
 * frame never returned.
 */
#include "base/fiber.h"
#include "base/asan.h"
#include "base/err.h"
#include "base/trace.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#if ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum {
    STACK_SIZE = (ASAN ? 4 : 1) * 256 * 1024, /* ASan's redzones make frames several times larger */
    POOL_MAX = 64,
};

struct stack_bounds {
    const void *bottom;
    size_t size;
};

struct fiber {
    void *sp; /* where it parked */
    void (*fn)(void *);
    void *arg;
    char *map; /* the guard page, then the stack, then this struct */
    size_t map_size;
    struct fiber *resumer; /* who gets control back; NULL: the main stack */
    bool parked, ended;
    struct fiber_view view;
    struct fiber_span span;
    struct fiber *prev, *next; /* of those alive; next of an idle one is the next idle one */
};

static struct {
    struct fiber *current; /* NULL: the main stack */
    struct fiber *alive;   /* newest first */
    struct fiber *idle;
    int idle_count, count;
    void *main_sp;
    struct stack_bounds main_stack;
} fibers;

/* Saves the callee-saved registers and the stack pointer to *from, continues at `to`. */
void fiber_switch(void **from, void *to);

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl fiber_switch\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    subq $8, %rsp\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $8, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size fiber_switch, . - fiber_switch\n");

/* As if fiber_switch had been called by something that returns into entry. */
static void *first_frame(char *top, void (*entry)(void))
{
    uint64_t *frame = (uint64_t *)(void *)top - 9;
    memset(frame, 0, 9 * sizeof *frame);
    uint32_t mxcsr;
    uint16_t control;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
    frame[0] = (uint64_t)control << 32 | mxcsr;
    frame[7] = (uint64_t)(uintptr_t)entry; /* the return address; frame[8] == 0 ends backtraces */
    return frame;
}
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl fiber_switch\n"
        ".type fiber_switch, %function\n"
        "fiber_switch:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp, #0]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp, #0]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size fiber_switch, . - fiber_switch\n");

static void *first_frame(char *top, void (*entry)(void))
{
    uint64_t *frame = (uint64_t *)(void *)top - 20;
    memset(frame, 0, 20 * sizeof *frame);
    frame[11] = (uint64_t)(uintptr_t)entry; /* x30; x29 == 0 ends backtraces */
    return frame;
}
#else
#error "fiber.c knows x86-64 and aarch64; add a fiber_switch for this processor"
#endif

#if ASAN
static char *stack_bottom(const struct fiber *f)
{
    return f->map + (f->map_size - STACK_SIZE);
}

static void unpoison(const struct fiber *f)
{
    __asan_unpoison_memory_region(stack_bottom(f), STACK_SIZE);
}

/* Before leaving a stack; `keep` is NULL when it will never be returned to. */
static void announce_leave(void **keep, const struct fiber *to)
{
    const void *bottom = to ? stack_bottom(to) : fibers.main_stack.bottom;
    size_t size = to ? (size_t)((const char *)to - stack_bottom(to)) : fibers.main_stack.size;
    __sanitizer_start_switch_fiber(keep, bottom, size);
}

/* After arriving on a stack. Where the main stack lies is learnt when it is first left. */
static void announce_arrival(void *kept, bool from_main)
{
    struct stack_bounds from;
    __sanitizer_finish_switch_fiber(kept, &from.bottom, &from.size);
    if (from_main)
        fibers.main_stack = from;
}
#else
static void unpoison(const struct fiber *f)
{
    (void)f;
}

static void announce_leave(void **keep, const struct fiber *to)
{
    (void)keep, (void)to;
}

static void announce_arrival(void *kept, bool from_main)
{
    (void)kept, (void)from_main;
}
#endif

/* Leaves the stack of `from` for that of `to`; NULL is the main stack. Returns when resumed. */
static void switch_to(struct fiber *from, struct fiber *to)
{
    void *kept = NULL;
    announce_leave(from && from->ended ? NULL : &kept, to);
    fibers.current = to;
    fiber_switch(from ? &from->sp : &fibers.main_sp, to ? to->sp : fibers.main_sp);
    announce_arrival(kept, false);
}

static void entry(void)
{
    struct fiber *f = fibers.current;
    announce_arrival(NULL, f->resumer == NULL);
    f->fn(f->arg);
    f->ended = true;
    switch_to(f, f->resumer);
    bug("an ended fiber was resumed");
}

static struct fiber *map_stack(void)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE), size = guard + STACK_SIZE;
    char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED || mprotect(map, guard, PROT_NONE) != 0)
        bug("out of memory: a fiber's stack of %zu bytes", size);
    struct fiber *f = (struct fiber *)(void *)(map + size - sizeof(struct fiber) / 16 * 16 - 16);
    *f = (struct fiber){ .map = map, .map_size = size };
    return f;
}

static struct fiber *take_stack(void)
{
    struct fiber *f = fibers.idle;
    if (!f)
        return map_stack();
    fibers.idle = f->next;
    fibers.idle_count--;
    return f;
}

static void give_stack_back(struct fiber *f)
{
    unpoison(f);
    if (fibers.idle_count == POOL_MAX) {
        munmap(f->map, f->map_size);
        return;
    }
    f->next = fibers.idle;
    fibers.idle = f;
    fibers.idle_count++;
}

static void fiber_link(struct fiber *f)
{
    f->prev = NULL;
    f->next = fibers.alive;
    if (f->next)
        f->next->prev = f;
    fibers.alive = f;
    fibers.count++;
}

static void fiber_unlink(struct fiber *f)
{
    *(f->prev ? &f->prev->next : &fibers.alive) = f->next;
    if (f->next)
        f->next->prev = f->prev;
    fibers.count--;
}

static void fiber_run(struct fiber *f)
{
    f->resumer = fibers.current;
    f->parked = false;
    switch_to(f->resumer, f);
    if (!f->ended)
        return;
    fiber_unlink(f);
    give_stack_back(f);
}

void fiber_start(void (*fn)(void *), void *arg)
{
    struct fiber *f = take_stack();
    f->fn = fn;
    f->arg = arg;
    f->ended = false;
    f->view = (struct fiber_view){ .call = fiber_call() };
    f->span = fibers.current ? fibers.current->span : (struct fiber_span){ 0 };
    f->sp = first_frame((char *)f, entry);
    fiber_link(f);
    fiber_run(f);
}

void fiber_park(const char *verb, const char *object)
{
    struct fiber *f = fibers.current;
    if (!f)
        bug("fiber_park: not inside a fiber");
    f->parked = true;
    if (f->view.verb != verb || f->view.object != object) /* else it looked, and waits on */
        f->view.since = fiber_clock();
    f->view.verb = verb;
    f->view.object = object;
    trace(TRACE_FIBER, "waits for %s%s%s", verb, object ? " " : "", object ? object : "");
    switch_to(f, f->resumer);
    trace(TRACE_FIBER, "goes on after %.3f s", fiber_clock() - f->view.since);
}

void fiber_resume(struct fiber *f)
{
    if (!f->parked)
        bug("fiber_resume: the fiber is not parked");
    fiber_run(f);
}

struct fiber *fiber_self(void)
{
    return fibers.current;
}

void fiber_label(unsigned long call, const char *tool, const char *who)
{
    if (!fibers.current)
        return;
    fibers.current->view.call = call;
    fibers.current->view.tool = tool;
    fibers.current->view.who = who;
}

unsigned long fiber_call(void)
{
    return fibers.current ? fibers.current->view.call : 0;
}

struct fiber_span *fiber_span(void)
{
    return fibers.current ? &fibers.current->span : NULL;
}

double fiber_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void fiber_each(void (*fn)(void *arg, const struct fiber_view *v), void *arg)
{
    for (const struct fiber *f = fibers.alive; f; f = f->next) {
        struct fiber_view v = f->view;
        v.verb = f->parked ? v.verb : NULL;
        fn(arg, &v);
    }
}

int fiber_count(void)
{
    return fibers.count;
}

void fiber_drain_pool(void)
{
    fiber_trim_pool(0);
}

void fiber_trim_pool(int keep)
{
    while (fibers.idle_count > keep) {
        struct fiber *f = fibers.idle;
        fibers.idle = f->next;
        fibers.idle_count--;
        munmap(f->map, f->map_size);
    }
}

void cancel_fire(struct cancel *c)
{
    if (c->fired)
        return;
    c->fired = true;
    void (*wake)(void *) = c->wake;
    c->wake = NULL;
    if (wake)
        wake(c->arg);
}
