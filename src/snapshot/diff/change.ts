/** What became of an entry. */
import type { Xattr } from '../entry.ts';
import { encodeXattrs } from '../xattrs.ts';
import type { Compared } from './side.ts';

/**
 * `type`: a file became a link, a directory a file. `modified`: the content of a file or the target of
 * a link. `metadata`: only what stat says of it, or its extended attributes.
 */
export const CHANGES = ['added', 'removed', 'modified', 'type', 'metadata'] as const;
export type Change = (typeof CHANGES)[number];

/** What an entry may say of itself, but for its path. */
export const FIELDS = [
  ...['type', 'digest', 'size', 'target', 'mode', 'uid', 'gid', 'mtime'],
  ...['group', 'xattrs', 'lacks', 'why'],
] as const;
export type Field = (typeof FIELDS)[number];

/** One path at which two trees differ. */
export interface Difference {
  /** Below what is compared, in the escaped form (see `toBytes`); empty for what was named itself. */
  readonly path: string;
  readonly change: Change;
  /** Undefined for what was added. Its own path is from the root of its snapshot. */
  readonly before: Compared | undefined;
  /** Undefined for what was removed. */
  readonly after: Compared | undefined;
  /** Which of its fields differ; none of what was added or removed. */
  readonly fields: readonly Field[];
}

type Fields = { readonly [Name in Field]?: unknown };

/** Of those that are given, the ones that differ; the type alone where that does. */
export function differing(
  before: Compared,
  after: Compared,
  fields: readonly Field[],
): readonly Field[] {
  const [one, other]: [Fields, Fields] = [before, after];
  if (before.type !== after.type) return ['type'];
  return fields.filter(
    (name) => one[name] !== other[name] && (name !== 'xattrs' || !isSameXattrs(one, other)),
  );
}

function isSameXattrs(one: Fields, other: Fields): boolean {
  const textOf = ({ xattrs }: Fields) => encodeXattrs((xattrs ?? []) as readonly Xattr[]);
  return textOf(one) === textOf(other);
}

const CONTENT = new Set<Field>(['digest', 'size', 'target', 'why']);

/** What it means that these fields differ. */
export function changeOf(fields: readonly Field[]): Change {
  if (fields.includes('type')) return 'type';
  return fields.some((name) => CONTENT.has(name)) ? 'modified' : 'metadata';
}
