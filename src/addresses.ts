/** Addresses that are no path on this machine, to those who take scp(1), rsync(1) or a URL for granted. */

export type AddressKind = 'url' | 'host';

/**
 * What a path would be to others: a URL, or what scp(1) and rsync(1) take for a path on another
 * machine, since a colon comes before any slash. Undefined for all else, as `./a:b`.
 */
export function addressKind(path: string): AddressKind | undefined {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) return 'url';
  return /^[^/:]+:/.test(path) ? 'host' : undefined;
}
