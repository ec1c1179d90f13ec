/* Access patterns that the TLB and the caches feel. */
#include "jobs.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

uint64_t job_chase(void) {
    enum { SIZE = 1 << 20 };
    uint32_t *next = malloc(SIZE * sizeof *next), *order = malloc(SIZE * sizeof *order);
    uint64_t seed = 12345;
    for (uint32_t i = 0; i < SIZE; i++) order[i] = i;
    for (uint32_t i = SIZE - 1; i > 0; i--) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        uint32_t j = (uint32_t)((seed >> 33) % (i + 1)), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (uint32_t i = 0; i < SIZE; i++) next[order[i]] = order[(i + 1) % SIZE];
    uint32_t at = 0;
    for (int i = 0; i < 8000000; i++) at = next[at];
    free(next);
    free(order);
    return at;
}

uint64_t job_memcpy(void) {
    enum { SIZE = 1 << 20 };
    uint8_t *from = malloc(SIZE + 64), *to = malloc(SIZE + 64);
    uint64_t sum = 0;
    memset(from, 5, SIZE + 64);
    for (int i = 0; i < 1500; i++) {
        memcpy(to + (i & 7), from + ((i >> 3) & 7), SIZE);
        from[i] = (uint8_t)i;
        sum += to[i * 7];
    }
    free(from);
    free(to);
    return sum;
}

uint64_t job_faults(void) {
    enum { PAGES = 4096 };
    uint64_t sum = 0;
    for (int round = 0; round < 12; round++) {
        uint8_t *pages = mmap(0, PAGES * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < PAGES; i++) pages[i * 4096ul] = (uint8_t)(i + round);
        for (int i = 0; i < PAGES; i += 7) sum += pages[i * 4096ul];
        munmap(pages, PAGES * 4096ul);
    }
    return sum;
}
