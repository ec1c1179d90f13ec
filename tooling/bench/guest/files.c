/* Jobs on many small files in a shared directory, which is mounted at /share. */
#define _GNU_SOURCE
#include "jobs.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/share/bench"
#define FILES 600
#define SIZE 4096

static void name_of(char *name, int number) { snprintf(name, 64, FOLDER "/file-%d", number); }

uint64_t job_fsmake(void) {
    char name[64], bytes[SIZE];
    memset(bytes, 0x33, sizeof bytes);
    mkdir(FOLDER, 0755);
    for (int i = 0; i < FILES; i++) {
        name_of(name, i);
        int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0 || write(file, bytes, SIZE - i) != SIZE - i) exit(1);
        close(file);
    }
    return FILES;
}

uint64_t job_fsread(void) {
    char name[64], bytes[SIZE];
    uint64_t total = 0;
    int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
    if (drop < 0 || write(drop, "3", 1) != 1) exit(1);
    close(drop);
    for (int i = 0; i < FILES; i++) {
        name_of(name, i);
        int file = open(name, O_RDONLY);
        long count = read(file, bytes, sizeof bytes);
        if (count < 0) exit(1);
        total += (uint64_t)count;
        close(file);
    }
    return total;
}

uint64_t job_fslist(void) {
    uint64_t total = 0;
    for (int round = 0; round < 3; round++) {
        struct dirent *entry;
        struct stat status;
        char name[320];
        DIR *folder = opendir(FOLDER);
        if (!folder) exit(1);
        while ((entry = readdir(folder))) {
            snprintf(name, sizeof name, FOLDER "/%s", entry->d_name);
            if (stat(name, &status)) exit(1);
            if (S_ISREG(status.st_mode)) total += (uint64_t)status.st_size;
        }
        closedir(folder);
    }
    return total;
}

uint64_t job_fsremove(void) {
    char name[64], other[64];
    for (int i = 0; i < FILES; i++) {
        name_of(name, i);
        snprintf(other, sizeof other, FOLDER "/other-%d", i);
        if (rename(name, other) || unlink(other)) exit(1);
    }
    return rmdir(FOLDER) ? 1 : FILES;
}
