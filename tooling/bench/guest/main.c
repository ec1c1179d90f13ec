/* jobs NAME: runs one job and prints its checksum. jobs true: exits at once, for the fork+exec job. */
#include "jobs.h"
#include <stdio.h>
#include <string.h>

static const struct { const char *name; uint64_t (*run)(void); } jobs[] = {
    {"alu", job_alu},         {"sieve", job_sieve},       {"quicksort", job_quicksort},
    {"calls", job_calls},     {"chase", job_chase},       {"memcpy", job_memcpy},
    {"crc", job_crc},         {"coremark", job_coremark}, {"nbody", job_nbody},
    {"mandelbrot", job_mandelbrot}, {"matrix", job_matrix}, {"syscall", job_syscall},
    {"pipe", job_pipe},       {"forkexec", job_forkexec}, {"faults", job_faults},
    {"blkread", job_blkread}, {"blkwrite", job_blkwrite}, {"blkrandread", job_blkrandread},
    {"blkrandwrite", job_blkrandwrite}, {"blkcached", job_blkcached}, {"blksync", job_blksync},
    {"netdown", job_netdown}, {"netup", job_netup},       {"netrr", job_netrr},
    {"fsmake", job_fsmake},   {"fsread", job_fsread},     {"fslist", job_fslist},
    {"fsremove", job_fsremove},
};

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "true") == 0) return 0;
    for (unsigned i = 0; argc == 2 && i < sizeof jobs / sizeof *jobs; i++) {
        if (strcmp(argv[1], jobs[i].name) == 0) {
            printf("%s %016llx\n", jobs[i].name, (unsigned long long)jobs[i].run());
            return 0;
        }
    }
    fprintf(stderr, "usage: jobs NAME\n");
    return 2;
}
