/* Jobs over TCP with a server of the host, behind address translation; its port is in the environment. */
#include "jobs.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "10.0.2.2"
#define BYTES (64l << 20)
#define CHUNK (64 << 10)
#define ROUND_TRIPS 3000

static int connect_as(char kind) {
    const char *port = getenv("port");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port ? port : "0"))};
    int one = 1, stream = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, HOST, &address.sin_addr);
    if (stream < 0 || connect(stream, (struct sockaddr *)&address, sizeof address)) exit(1);
    setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (write(stream, &kind, 1) != 1) exit(1);
    return stream;
}

uint64_t job_netdown(void) {
    static unsigned char bytes[CHUNK];
    int stream = connect_as('d');
    uint64_t total = 0;
    for (long count; (count = read(stream, bytes, sizeof bytes)) > 0;) total += (uint64_t)count;
    close(stream);
    return total;
}

uint64_t job_netup(void) {
    static unsigned char bytes[CHUNK];
    int stream = connect_as('u');
    for (long sent = 0; sent < BYTES; sent += CHUNK)
        for (long done = 0; done < CHUNK;) {
            long count = write(stream, bytes + done, (size_t)(CHUNK - done));
            if (count <= 0) exit(1);
            done += count;
        }
    shutdown(stream, SHUT_WR);
    /* The server answers once it has everything. */
    uint64_t received = 0;
    if (read(stream, &received, sizeof received) != sizeof received) exit(1);
    close(stream);
    return received;
}

uint64_t job_netrr(void) {
    int stream = connect_as('r');
    uint64_t total = 0;
    for (int i = 0; i < ROUND_TRIPS; i++) {
        unsigned char byte = (unsigned char)i;
        if (write(stream, &byte, 1) != 1 || read(stream, &byte, 1) != 1) exit(1);
        total = total * 31 + byte;
    }
    close(stream);
    return total;
}
