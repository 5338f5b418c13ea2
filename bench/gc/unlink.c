// The reference for a gc: takes the names in a list, 64 digits a line, from a folder, and flushes that.
// Usage: unlink FOLDER LIST      build: cc -O2 -o unlink unlink.c
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int c, char **v) {
  if (c < 3) return 2;
  FILE *list = fopen(v[2], "r"); int folder = open(v[1], O_RDONLY | O_DIRECTORY); char name[80];
  if (list == NULL || folder < 0) return 1;
  while (fgets(name, sizeof name, list)) { name[64] = 0; if (unlinkat(folder, name, 0) != 0) return 1; }
  return fsync(folder) != 0;
}
