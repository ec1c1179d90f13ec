/*
 * The first process of a guest that checks and measures several CPUs.
 *
 *   smp stress THREADS ROUNDS   counts under locks of several kinds, and sees pages change under other threads
 *   smp work PROCESSES UNITS    a fixed amount of work, shared by processes; prints how long it took
 *
 * Each line of output begins with `smp:`. It powers the machine off in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static long rounds;
static int lock_word;
static volatile uint64_t counter;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int threads, turn;

static void lock_reserved(void)
{
    int failed;
    do {
        asm volatile("lr.w.aq %0, (%1)\n\tbnez %0, 1f\n\tsc.w.rl %0, %2, (%1)\n1:"
                     : "=&r"(failed) : "r"(&lock_word), "r"(1) : "memory");
        if (failed)
            sched_yield();
    } while (failed);
}

static void lock_swapped(void)
{
    int old;
    for (;;) {
        asm volatile("amoswap.w.aq %0, %2, (%1)" : "=r"(old) : "r"(&lock_word), "r"(1) : "memory");
        if (!old)
            return;
        sched_yield();
    }
}

static void unlock(void)
{
    asm volatile("amoswap.w.rl x0, x0, (%0)" : : "r"(&lock_word) : "memory");
}

static void *by_reserved(void *argument)
{
    for (long i = 0; i < rounds; i++) {
        lock_reserved();
        counter++;
        unlock();
    }
    return argument;
}

static void *by_swapped(void *argument)
{
    for (long i = 0; i < rounds; i++) {
        lock_swapped();
        counter++;
        unlock();
    }
    return argument;
}

static void *by_mutex(void *argument)
{
    for (long i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void *by_add(void *argument)
{
    for (long i = 0; i < rounds; i++)
        atomic_fetch_add((_Atomic uint64_t *)&counter, 1);
    return argument;
}

/* Each thread has its turn, handed on by a condition: sleeping and waking by futexes. */
static void *by_turns(void *argument)
{
    int own = (int)(intptr_t)argument;
    for (long i = 0; i < rounds / 50; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != own)
            pthread_cond_wait(&turned, &mutex);
        counter++;
        turn = (own + 1) % threads;
        pthread_cond_broadcast(&turned);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

/* A page that is mapped to another place again and again: nobody may see where it was before. */
#define PAGES 512
static volatile uint64_t *page;
static _Atomic uint64_t mapped;
static _Atomic uint64_t stale;

static void *see_pages(void *argument)
{
    uint64_t before;
    while ((before = atomic_load(&mapped)) < PAGES - 1)
        if (*page < before)
            atomic_fetch_add(&stale, 1);
    return argument;
}

static void run(const char *name, void *(*body)(void *), uint64_t expected)
{
    pthread_t all[16];
    counter = 0;
    for (int i = 0; i < threads; i++)
        pthread_create(&all[i], NULL, body, (void *)(intptr_t)i);
    for (int i = 0; i < threads; i++)
        pthread_join(all[i], NULL);
    printf("smp: %s %s %lu of %lu\n", name, counter == expected ? "ok" : "WRONG", counter, expected);
}

static void stress(void)
{
    uint64_t sum = (uint64_t)threads * rounds;
    run("lr/sc", by_reserved, sum);
    run("amoswap", by_swapped, sum);
    run("mutex", by_mutex, sum);
    run("amoadd", by_add, sum);
    run("turns", by_turns, (uint64_t)threads * (rounds / 50));

    int file = memfd_create("pages", 0);
    ftruncate(file, PAGES * 4096);
    for (uint64_t i = 0; i < PAGES; i++)
        pwrite(file, &i, sizeof i, i * 4096);
    page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    pthread_t all[16];
    for (int i = 1; i < threads; i++)
        pthread_create(&all[i], NULL, see_pages, NULL);
    for (uint64_t i = 1; i < PAGES; i++) {
        mmap((void *)page, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, file, i * 4096);
        atomic_store(&mapped, i);
    }
    for (int i = 1; i < threads; i++)
        pthread_join(all[i], NULL);
    printf("smp: pages %s %lu stale\n", stale == 0 ? "ok" : "WRONG", (unsigned long)stale);
}

static uint32_t table[16384];

static uint32_t unit(uint32_t seed)
{
    uint32_t sum = seed;
    for (int i = 0; i < 1000000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        sum = sum * 33 + table[seed & 16383];
    }
    return sum;
}

static void work(int processes, int units)
{
    struct timespec begun, ended;
    for (int i = 0; i < 16384; i++)
        table[i] = i * 2654435761u;
    uint32_t *sums = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int process = 0; process < processes; process++) {
        if (fork() != 0)
            continue;
        uint32_t sum = 0;
        for (int i = process; i < units; i += processes)
            sum += unit(i + 1);
        sums[process] = sum;
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    uint32_t sum = 0;
    for (int process = 0; process < processes; process++)
        sum += sums[process];
    long microseconds = (ended.tv_sec - begun.tv_sec) * 1000000L + (ended.tv_nsec - begun.tv_nsec) / 1000;
    printf("smp: work %ld us sum %u\n", microseconds, sum);
}

int main(int count, char **words)
{
    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    int console = open("/dev/console", O_RDWR);
    dup2(console, 1);
    printf("smp: cpus %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    if (count > 3 && strcmp(words[1], "stress") == 0) {
        threads = atoi(words[2]);
        rounds = atol(words[3]);
        if (threads >= 2 && threads <= 16)
            stress();
    } else if (count > 3)
        work(atoi(words[2]), atoi(words[3]));
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
