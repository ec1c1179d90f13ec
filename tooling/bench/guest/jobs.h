/* Jobs that run inside the guest. Each does a fixed amount of work and returns a checksum, so that nothing is optimised away. */
#ifndef JOBS_H
#define JOBS_H
#include <stdint.h>

uint64_t job_alu(void);
uint64_t job_sieve(void);
uint64_t job_quicksort(void);
uint64_t job_calls(void);
uint64_t job_chase(void);
uint64_t job_memcpy(void);
uint64_t job_crc(void);
uint64_t job_coremark(void);
uint64_t job_nbody(void);
uint64_t job_mandelbrot(void);
uint64_t job_matrix(void);
uint64_t job_syscall(void);
uint64_t job_pipe(void);
uint64_t job_forkexec(void);
uint64_t job_faults(void);
uint64_t job_blkread(void);
uint64_t job_blkwrite(void);
uint64_t job_blkrandread(void);
uint64_t job_blkrandwrite(void);
uint64_t job_blkcached(void);
uint64_t job_blksync(void);
uint64_t job_netdown(void);
uint64_t job_netup(void);
uint64_t job_netrr(void);
uint64_t job_fsmake(void);
uint64_t job_fsread(void);
uint64_t job_fslist(void);
uint64_t job_fsremove(void);
#endif
