/* Jobs that are mostly the kernel's. */
#include "jobs.h"
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t job_syscall(void) {
    uint64_t sum = 0;
    for (int i = 0; i < 1500000; i++) sum += (uint64_t)syscall(SYS_getppid);
    return sum != 0;
}

uint64_t job_pipe(void) {
    int ping[2], pong[2];
    char byte = 1;
    uint64_t sum = 0;
    if (pipe(ping) || pipe(pong)) return 0;
    if (fork() == 0) {
        for (int i = 0; i < 60000; i++)
            if (read(ping[0], &byte, 1) != 1 || write(pong[1], &byte, 1) != 1) _exit(1);
        _exit(0);
    }
    for (int i = 0; i < 60000; i++) {
        if (write(ping[1], &byte, 1) != 1 || read(pong[0], &byte, 1) != 1) return 0;
        sum += (uint64_t)byte;
    }
    wait(0);
    return sum;
}

uint64_t job_forkexec(void) {
    uint64_t sum = 0;
    for (int i = 0; i < 400; i++) {
        int status = 1;
        if (fork() == 0) {
            execl("/viv/jobs", "jobs", "true", (char *)0);
            _exit(1);
        }
        wait(&status);
        sum += status == 0;
    }
    return sum;
}
