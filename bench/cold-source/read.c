// A reference for reading a tree: N threads take the names on stdin, each ended by a NUL, and open, read and close.
// Not the mode `read` of floor.c: that looks at every file first, on one thread, and then no inode is cold any more.
// Usage: find DIR -type f -print0 | read N      build: cc -O2 -o read read.c -lpthread
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
enum { BYTES = 128 << 10, MOST = 256 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; static int failed;
static void *work(void *unused) {
  char *buffer = malloc(BYTES), *name = NULL; size_t room = 0; (void)unused;
  for (;;) {
    pthread_mutex_lock(&lock); ssize_t length = getdelim(&name, &room, 0, stdin); pthread_mutex_unlock(&lock); if (length < 0) return NULL;
    int fd = open(name, O_RDONLY); ssize_t bytes = fd < 0 ? -1 : 1;
    while (bytes > 0) bytes = read(fd, buffer, BYTES);
    if (bytes < 0) { perror(name); failed = 1; }
    if (fd >= 0) close(fd);
  }
}
int main(int c, char **v) {
  int threads = c == 2 ? atoi(v[1]) : 0; pthread_t t[MOST]; if (threads < 1 || threads > MOST) return 2;
  for (int i = 0; i < threads; i++) if (pthread_create(&t[i], NULL, work, NULL) != 0) return 1;
  for (int i = 0; i < threads; i++) pthread_join(t[i], NULL);
  return failed;
}
