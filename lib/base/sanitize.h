/* sanitize: what a build with SANITIZE=1 (or a fuzz target) is told of memory that
 * we divide ourselves; in other builds all of this is nothing.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

/* GAP: bytes that nobody may touch behind each piece. */
enum { SANITIZE_ON = 1, SANITIZE_GAP = 16 };

/* Touching it is a fault, until it is opened. */
static inline void sanitize_close(const void *memory, size_t size)
{
    __asan_poison_memory_region(memory, size);
}

static inline void sanitize_open(const void *memory, size_t size)
{
    __asan_unpoison_memory_region(memory, size);
}

/* What is reached from there alone (a coroutine's stack) is not leaked. */
static inline void sanitize_root(const void *memory, size_t size)
{
    __lsan_register_root_region(memory, size);
}

static inline void sanitize_no_root(const void *memory, size_t size)
{
    __lsan_unregister_root_region(memory, size);
}

/* Before _exit(): reports what was leaked, and ends the process if anything was. */
static inline void sanitize_leaks(void)
{
    __lsan_do_leak_check();
}
#else
enum { SANITIZE_ON = 0, SANITIZE_GAP = 0 };
static inline void sanitize_close(const void *memory, size_t size)
{
    (void)memory, (void)size;
}
static inline void sanitize_open(const void *memory, size_t size)
{
    (void)memory, (void)size;
}
static inline void sanitize_root(const void *memory, size_t size)
{
    (void)memory, (void)size;
}
static inline void sanitize_no_root(const void *memory, size_t size)
{
    (void)memory, (void)size;
}
static inline void sanitize_leaks(void)
{
}
#endif

#endif
