// A vsock program for guests.
//   vsock cid               prints the guest's address
//   vsock connect CID PORT  carries standard input to the socket and the socket to standard output
//   vsock echo PORT N       listens, and sends N clients back what they send
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
// Behind the one it needs.
#include <linux/vm_sockets.h>
#include <unistd.h>

static void fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(1);
}

static void write_all(int to, const char *bytes, ssize_t count) {
  while (count > 0) {
    ssize_t done = write(to, bytes, count);
    if (done < 0) fail("write");
    bytes += done;
    count -= done;
  }
}

static void print_cid(void) {
  unsigned int cid;
  int device = open("/dev/vsock", O_RDONLY);
  if (device < 0 || ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) < 0) fail("cid");
  printf("cid %u\n", cid);
}

static int vsock(unsigned int cid, unsigned int port, struct sockaddr_vm *address) {
  memset(address, 0, sizeof *address);
  address->svm_family = AF_VSOCK;
  address->svm_cid = cid;
  address->svm_port = port;
  int socket_ = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (socket_ < 0) fail("socket");
  return socket_;
}

static void carry(int socket_) {
  static char bytes[65536];
  int open_input = 1;
  for (;;) {
    struct pollfd ends[2] = {{socket_, POLLIN, 0}, {open_input ? 0 : -1, POLLIN, 0}};
    if (poll(ends, 2, -1) < 0) fail("poll");
    if (ends[0].revents) {
      ssize_t count = read(socket_, bytes, sizeof bytes);
      if (count < 0) fail("read");
      if (count == 0) return;
      write_all(1, bytes, count);
    }
    if (ends[1].revents) {
      ssize_t count = read(0, bytes, sizeof bytes);
      if (count <= 0) {
        shutdown(socket_, SHUT_WR);
        open_input = 0;
      } else {
        // The other side may have to be read before it reads.
        ssize_t done = 0;
        while (done < count) {
          ssize_t sent = send(socket_, bytes + done, count - done, MSG_DONTWAIT);
          if (sent > 0) done += sent;
          else if (sent < 0 && errno != EAGAIN) fail("send");
          else {
            static char back[65536];
            struct pollfd both = {socket_, POLLIN | POLLOUT, 0};
            poll(&both, 1, -1);
            ssize_t got = both.revents & POLLIN ? read(socket_, back, sizeof back) : 0;
            if (got > 0) write_all(1, back, got);
          }
        }
      }
    }
  }
}

static void echo(unsigned int port, int clients) {
  static char bytes[65536];
  struct sockaddr_vm address;
  int listener = vsock(VMADDR_CID_ANY, port, &address);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0) fail("listen");
  printf("listening\n");
  fflush(stdout);
  while (clients-- > 0) {
    ssize_t count;
    int client = accept(listener, 0, 0);
    if (client < 0) fail("accept");
    while ((count = read(client, bytes, sizeof bytes)) > 0) write_all(client, bytes, count);
    close(client);
  }
}

int main(int count, char **arguments) {
  if (count == 2 && !strcmp(arguments[1], "cid")) print_cid();
  else if (count == 4 && !strcmp(arguments[1], "echo")) echo(atoi(arguments[2]), atoi(arguments[3]));
  else if (count == 4 && !strcmp(arguments[1], "connect")) {
    struct sockaddr_vm address;
    int socket_ = vsock(atoi(arguments[2]), atoi(arguments[3]), &address);
    if (connect(socket_, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    carry(socket_);
  } else return 2;
  return 0;
}
