/** Names that are one file: hard links of a snapshot, as they come in an export. */
import type { Digest } from '../digest.ts';
import type { FileEntry } from '../snapshot/entry.ts';

/** Holds some 150 bytes for each group of names. */
export class LinkGroups {
  readonly #first = new Map<string, { readonly path: string; readonly digest: Digest }>();

  /**
   * The path of the name before this one that is the same file; undefined for the first of a group,
   * and for a file that is in none. What is said to be of a group and has another content than its
   * first name is a file of its own.
   */
  linkTo({ group, path, digest }: FileEntry): string | undefined {
    if (group === undefined) return undefined;
    const key = Buffer.from(group, 'hex').toString('latin1');
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, { path, digest });
    return first?.digest === digest ? first.path : undefined;
  }
}
