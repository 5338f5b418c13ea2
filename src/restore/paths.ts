/** Paths relative to TARGET: names joined by slashes, of TARGET itself the empty string. */

export function splitPath(path: string): readonly [directory: string, name: string] {
  const end = path.lastIndexOf('/');
  return end < 0 ? ['', path] : [path.slice(0, end), path.slice(end + 1)];
}

export function pathIn(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
