/* switch: stacks, and leaving one for another.
 *
 * glibc's swapcontext() saves and sets the signal mask at every switch, two
 * system calls that we do not need: the mask never differs. So where we know
 * how (x86-64, AArch64) a switch saves the registers that a call must keep
 * (System V ABI; AAPCS64 6.1) and changes the stack pointer; elsewhere
 * ucontext does it.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/loop/internal.h"
#include "base/sanitize.h"

enum { STACK_SIZE = 256 * 1024, STACKS_KEPT = 256 };

struct context {
    void *stack_pointer;
    const struct stack *stack; /* NULL: the thread's own */
    void *fake_stack;          /* the address sanitizer's */
#if !defined(__x86_64__) && !defined(__aarch64__)
    ucontext_t ucontext;
#endif
};

/* ---- stacks ---- */

static struct {
    struct stack kept[STACKS_KEPT];
    size_t count, page;
} stacks;

bool stack_take(struct stack *stack)
{
    if (stacks.count > 0) {
        *stack = stacks.kept[--stacks.count];
        sanitize_root(stack->memory, stack->size);
        return true;
    }
    if (stacks.page == 0)
        stacks.page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    if (mprotect(memory, stacks.page, PROT_NONE) != 0) {
        munmap(memory, STACK_SIZE);
        return false;
    }
    *stack = (struct stack){memory, STACK_SIZE};
    sanitize_root(stack->memory, stack->size);
    return true;
}

/* A few are kept as they are; the memory of more is given back. Harmless without one. */
void stack_give(struct stack *stack)
{
    if (!stack->memory)
        return;
    sanitize_no_root(stack->memory, stack->size);
    if (stacks.count < STACKS_KEPT)
        stacks.kept[stacks.count++] = *stack;
    else
        munmap(stack->memory, stack->size);
}

void stacks_end(void)
{
    while (stacks.count > 0) {
        struct stack *stack = &stacks.kept[--stacks.count];
        munmap(stack->memory, stack->size);
    }
}

struct context *context_new(void)
{
    return calloc(1, sizeof(struct context));
}

void context_free(struct context *context)
{
    free(context);
}

/* ---- the switch itself ---- */

#if defined(__x86_64__)
void tulou_switch(void **from, void *to);
__asm__(".text\n"
        ".global tulou_switch\n"
        ".hidden tulou_switch\n"
        ".type tulou_switch,@function\n"
        "tulou_switch:\n"
        "    endbr64\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size tulou_switch,.-tulou_switch\n");

static void prepare(struct context *context, char *top, void (*entry)(void))
{
    void **stack = (void **)(void *)top;
    *--stack = NULL;          /* where entry would return to; also aligns the stack for a call */
    *--stack = (void *)entry; /* ret goes here */
    for (int i = 0; i < 6; i++)
        *--stack = NULL;
    context->stack_pointer = stack;
}

static void change(struct context *from, struct context *to)
{
    tulou_switch(&from->stack_pointer, to->stack_pointer);
}

#elif defined(__aarch64__)
void tulou_switch(void **from, void *to);
__asm__(".text\n"
        ".global tulou_switch\n"
        ".hidden tulou_switch\n"
        ".type tulou_switch,%function\n"
        "tulou_switch:\n"
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
        ".size tulou_switch,.-tulou_switch\n");

static void prepare(struct context *context, char *top, void (*entry)(void))
{
    void **stack = (void **)(void *)(top - 160);
    for (int i = 0; i < 20; i++)
        stack[i] = NULL;
    stack[11] = (void *)entry; /* x30, the link register */
    context->stack_pointer = stack;
}

static void change(struct context *from, struct context *to)
{
    tulou_switch(&from->stack_pointer, to->stack_pointer);
}

#else
#include <ucontext.h>

static void prepare(struct context *context, char *top, void (*entry)(void))
{
    getcontext(&context->ucontext);
    context->ucontext.uc_stack.ss_sp = (char *)context->stack->memory + stacks.page;
    context->ucontext.uc_stack.ss_size =
        (size_t)(top - (char *)context->stack->memory) - stacks.page;
    makecontext(&context->ucontext, entry, 0);
}

static void change(struct context *from, struct context *to)
{
    swapcontext(&from->ucontext, &to->ucontext);
}
#endif

void context_prepare(struct context *context, const struct stack *stack, void (*entry)(void))
{
    context->stack = stack;
    prepare(context, (char *)stack->memory + stack->size, entry);
}

#ifdef SANITIZED
/* The bounds of the thread's own stack, as the sanitizer told us. */
static const void *own_bottom;
static size_t own_size;

void context_entered(void)
{
    __sanitizer_finish_switch_fiber(NULL, &own_bottom, &own_size);
}

void context_switch(struct context *from, struct context *to, bool last)
{
    const void *bottom = to->stack ? to->stack->memory : own_bottom;
    size_t size = to->stack ? to->stack->size : own_size;
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, bottom, size);
    change(from, to);
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
}
#else
void context_entered(void)
{
}

void context_switch(struct context *from, struct context *to, bool last)
{
    (void)last;
    change(from, to);
}
#endif
