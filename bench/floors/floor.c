// The floors of an ingest, each measured alone; prints the seconds of what is measured, and more.
//   floor MODE TREE OUT THREADS FILES BYTES
//   walk, stat              every directory of TREE, one thread; and an fstatat of every file
//   read, hash              every file of TREE; and its SHA-256, of all of which it prints the exclusive or
//   write                   FILES files of BYTES in all into OUT: a temp each, then its rename
//   barrier                 the one syncfs(2) after that
//   fsync                   as write, an fsync of each temp before its rename; at most SAMPLE files
// The files that are written have the sizes of files in TREE, scaled to the sum of BYTES.
// Build: cc -O2 -o floor floor.c -lcrypto -lpthread
#define _GNU_SOURCE
#include <dirent.h>
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (1 << 20)
#define SAMPLE 2000

struct file { char *path; size_t size; };
static struct file *files;
static size_t count, capacity, bytes_seen;
static char mode;
static const char *top, *out;
static size_t to_write;
static double scale;
static size_t *chosen;
static double *latencies;
static atomic_size_t next;
static _Atomic uint64_t digests;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void walk(const char *path, int with_stat) {
  DIR *dir = opendir(path);
  if (dir == NULL && path == top) err(1, "%s", path);
  if (dir == NULL) return;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    char *below;
    if (asprintf(&below, "%s/%s", path, entry->d_name) < 0) err(1, "memory");
    if (entry->d_type == DT_DIR) walk(below, with_stat);
    if (entry->d_type != DT_REG) { free(below); continue; }
    if (count == capacity) files = realloc(files, (capacity = capacity ? capacity * 2 : 4096) * sizeof *files);
    files[count] = (struct file){ below, 0 };
    struct stat status;
    if (with_stat && fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) bytes_seen += files[count].size = status.st_size;
    count++;
  }
  closedir(dir);
}

static void *read_all(void *unused) {
  char *buffer = malloc(BUFFER);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  unsigned char digest[32];
  for (size_t at; (at = atomic_fetch_add(&next, 1)) < count;) {
    int in = open(files[at].path, O_RDONLY);
    if (in < 0) continue;
    if (mode == 'h') EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (ssize_t got; (got = read(in, buffer, BUFFER)) > 0;)
      if (mode == 'h') EVP_DigestUpdate(context, buffer, got);
    if (mode == 'h') {
      EVP_DigestFinal_ex(context, digest, NULL);
      uint64_t begin;
      memcpy(&begin, digest, sizeof begin);
      atomic_fetch_xor(&digests, begin);
    }
    close(in);
  }
  return unused;
}

static void *write_all(void *number) {
  char *buffer = calloc(1, BUFFER), temp[4200], object[4200], folder[4096];
  snprintf(folder, sizeof folder, "%s/.tmp-%zu", out, (size_t)number);
  if (mkdir(folder, 0755) != 0) err(1, "%s", folder);
  for (size_t at; (at = atomic_fetch_add(&next, 1)) < to_write;) {
    snprintf(temp, sizeof temp, "%s/%zu", folder, at);
    // Names as digests are: 64 characters, in no order.
    snprintf(object, sizeof object, "%s/%016zx%048zx", out, at * 0x9e3779b97f4a7c15u, at);
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL, 0444);
    if (fd < 0) err(1, "%s", temp);
    for (size_t left = files[chosen[at]].size * scale; left > 0;) {
      ssize_t wrote = write(fd, buffer, left < BUFFER ? left : BUFFER);
      if (wrote < 0) err(1, "%s", temp);
      left -= wrote;
    }
    if (mode == 'f') {
      double begun = now();
      if (fsync(fd) != 0) err(1, "fsync");
      latencies[at] = now() - begun;
    }
    close(fd);
    if (rename(temp, object) != 0) err(1, "%s", object);
  }
  return NULL;
}

// Evenly over the tree, so that their sizes are its sizes; a sample takes its share of the bytes.
static void choose(size_t wanted, double bytes) {
  double sum = 0;
  if (count == 0) wanted = 0;
  to_write = mode == 'f' && wanted > SAMPLE ? SAMPLE : wanted;
  chosen = malloc((to_write + 1) * sizeof *chosen);
  latencies = malloc((to_write + 1) * sizeof *latencies);
  for (size_t n = 0; n < to_write; n++) sum += files[chosen[n] = n * (double)count / to_write].size;
  scale = sum > 0 ? bytes * to_write / wanted / sum : 0;
}

static int ascending(const void *a, const void *b) {
  double difference = *(double *)a - *(double *)b;
  return (difference > 0) - (difference < 0);
}

static double run(int threads, void *(*work)(void *)) {
  pthread_t thread[1024];
  double begun = now();
  for (size_t n = 0; n < threads; n++) pthread_create(&thread[n], NULL, work, (void *)n);
  for (size_t n = 0; n < threads; n++) pthread_join(thread[n], NULL);
  return now() - begun;
}

int main(int argc, char **argv) {
  if (argc != 7) errx(2, "usage: floor MODE TREE OUT THREADS FILES BYTES");
  int is_walk = !strcmp(argv[1], "walk"), threads = atoi(argv[4]);
  mode = argv[1][0];
  top = argv[2];
  out = argv[3];
  double begun = now(), seconds;
  walk(top, !is_walk);
  if (mode == 'r' || mode == 'h') seconds = run(threads, read_all);
  else if (is_walk || mode == 's') seconds = now() - begun;
  else {
    size_t wanted = strtoull(argv[5], NULL, 10);
    choose(wanted, atof(argv[6]));
    if (mkdir(out, 0755) != 0) err(1, "%s", out);
    seconds = run(threads, write_all);
    if (mode == 'f' && to_write > 0) {
      seconds *= (double)wanted / to_write;
      qsort(latencies, to_write, sizeof *latencies, ascending);
      printf("{\"fsyncMs\": %.4f, ", latencies[to_write / 2] * 1e3);
    }
    if (mode == 'b') {
      int fd = open(out, O_RDONLY);
      begun = now();
      if (syncfs(fd) != 0) err(1, "syncfs");
      seconds = now() - begun;
    }
  }
  if (mode == 'h') printf("{\"digests\": \"%016jx\", ", (uintmax_t)be64toh(digests));
  printf("%s\"seconds\": %.6f, \"files\": %zu, \"bytes\": %zu}\n", mode == 'h' || (mode == 'f' && to_write > 0) ? "" : "{", seconds, count, bytes_seen);
  return 0;
}
