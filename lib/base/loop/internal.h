/* internal: what the files of the loop share. */
#ifndef BASE_LOOP_INTERNAL_H
#define BASE_LOOP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop/loop.h"

/* ---- coroutine.c ---- */
void coroutines_init(void);
/* Runs those that were woken, in order; true when more were woken meanwhile. */
bool coroutines_run_ready(void);
void coroutines_end(void);
/* WAITS until coroutine_wake_for(…, reason), as coroutine_wait() does; clears it. */
bool coroutine_wait_for(bool *reason);
void coroutine_wake_for(struct coroutine *coroutine, bool *reason);

/* ---- switch.c: stacks and switching between them ---- */
struct stack {
    void *memory; /* lowest address: the guard page */
    size_t size;
};
struct context; /* where one side of a switch goes on */
bool stack_take(struct stack *stack);
void stack_give(struct stack *stack);
void stacks_end(void);

struct context *context_new(void);
void context_free(struct context *context);
/* Prepares `context` to run entry() on the stack; entry never returns. */
void context_prepare(struct context *context, const struct stack *stack, void (*entry)(void));
/* Leaves `from` and goes on in `to`. `last`: `from` will never run again. */
void context_switch(struct context *from, struct context *to, bool last);
/* First thing that runs on a new stack (tells the address sanitizer). */
void context_entered(void);

/* ---- thread.c ---- */
void threads_end(void);

#endif
