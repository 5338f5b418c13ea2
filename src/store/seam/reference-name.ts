/**
 * True for what a reference may be called: letters, digits, `.` and `-`, a letter or digit first, at
 * most 255 of them. So it is no path, nothing hidden, and a name on every file system and in a bucket.
 */
export function isReferenceName(name: string): name is string {
  return /^[0-9A-Za-z][0-9A-Za-z.-]{0,254}$/.test(name);
}
