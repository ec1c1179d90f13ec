/* Jobs on the first disk, past the page cache but for `blkcached`. */
#define _GNU_SOURCE
#include "jobs.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DISK "/dev/vda"
#define BYTES (64l << 20)
#define LARGE (128 << 10)
#define SMALL 4096
#define RANDOM_REQUESTS 6000
#define SYNCS 400

static uint64_t sum(const unsigned char *bytes, int length) {
    const uint64_t *words = (const uint64_t *)bytes;
    uint64_t total = 0;
    for (int i = 0; i < length / 8; i += 64) total = total * 31 + words[i];
    return total;
}

/* The same offsets in each run, on whole small blocks. */
static long next_offset(uint64_t *state) {
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (long)((*state >> 33) % (BYTES / SMALL)) * SMALL;
}

static int open_disk(int flags) {
    int disk = open(DISK, flags);
    if (disk < 0) exit(1);
    return disk;
}

static unsigned char *buffer(int length) {
    void *memory = 0;
    if (posix_memalign(&memory, 4096, (size_t)length)) exit(1);
    memset(memory, 0x5a, (size_t)length);
    return memory;
}

static uint64_t sequential(int flags, int writes) {
    int disk = open_disk(flags);
    unsigned char *bytes = buffer(LARGE);
    uint64_t total = 0;
    for (long at = 0; at < BYTES; at += LARGE) {
        if (writes) bytes[0] = (unsigned char)(at >> 17);
        long done = writes ? pwrite(disk, bytes, LARGE, at) : pread(disk, bytes, LARGE, at);
        if (done != LARGE) exit(1);
        total += sum(bytes, LARGE);
    }
    if (fsync(disk)) exit(1);
    close(disk);
    return total;
}

static uint64_t scattered(int writes, int count, int sync) {
    int disk = open_disk(O_RDWR | O_DIRECT);
    unsigned char *bytes = buffer(SMALL);
    uint64_t state = 1, total = 0;
    for (int i = 0; i < count; i++) {
        long at = next_offset(&state);
        if (writes) bytes[0] = (unsigned char)i;
        long done = writes ? pwrite(disk, bytes, SMALL, at) : pread(disk, bytes, SMALL, at);
        if (done != SMALL || (sync && fdatasync(disk))) exit(1);
        total += sum(bytes, SMALL);
    }
    if (fsync(disk)) exit(1);
    close(disk);
    return total;
}

uint64_t job_blkread(void) { return sequential(O_RDONLY | O_DIRECT, 0); }
uint64_t job_blkwrite(void) { return sequential(O_RDWR | O_DIRECT, 1); }
uint64_t job_blkrandread(void) { return scattered(0, RANDOM_REQUESTS, 0); }
uint64_t job_blkrandwrite(void) { return scattered(1, RANDOM_REQUESTS, 0); }
uint64_t job_blksync(void) { return scattered(1, SYNCS, 1); }

uint64_t job_blkcached(void) {
    int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
    if (drop >= 0 && write(drop, "3", 1) != 1) exit(1);
    return sequential(O_RDONLY, 0);
}
