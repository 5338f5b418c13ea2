/** The runs whose power cuts are tried. Contents are text, which strace writes down as it is. */
import { join } from 'node:path';
import { type Digest, digestOf } from '../../src/digest.ts';
import { PAGE_BYTES } from '../../src/native/aligned-buffer.ts';
import type { Layout } from '../../src/store/choices.ts';
import { makeTree } from '../harness/tree.ts';
import { type Command, storeIn } from './record.ts';

/** Those of `sparse` have holes for pages of zeros. */
export type Contents = Readonly<Record<string, string | Buffer | { readonly sparse: Buffer }>>;

/** Sixteen files of twelve contents, in two directories. */
export const SMALL: Contents = Object.fromEntries(
  Array.from({ length: 16 }, (_, n) => [`${n % 2}/${n}`, `content ${n % 12}\n`]),
);

/** More than 4 MiB, which streams, and no whole number of pages. */
export const large = (name: string): Buffer =>
  Buffer.alloc((4 << 20) + 100, `a large content, ${name}. `);
export const LARGE: Contents = { large: large('large'), more: large('more') };

/** Two pages of text in the midst of holes. */
export const SPARSE: Contents = { sparse: { sparse: withHoles() } };

function withHoles(): Buffer {
  const bytes = Buffer.alloc((4 << 20) + 100);
  for (const page of [3, 700])
    bytes.fill('data beside holes. ', page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  return bytes;
}

/** Four of the small ones, and another. */
export const OTHERS: Contents = {
  ...Object.fromEntries(Object.entries(SMALL).slice(0, 4)),
  other: 'o\n',
};

export const DAMAGED = 'content 3\n';

export const digestsOf = (contents: Contents): Set<Digest> =>
  new Set(
    Object.values(contents).map((content) =>
      digestOf(
        typeof content === 'string' || Buffer.isBuffer(content)
          ? Buffer.from(content)
          : content.sparse,
      ),
    ),
  );

/** An ingest of a tree of these contents. */
export function ingestOf(contents: Contents, ...options: string[]): Command {
  const source = makeTree(contents);
  return {
    args: (root) => ['ingest', source, '--store', storeIn(root), '--threads', '2', ...options],
    digests: digestsOf(contents),
    snapshots: options.includes('none') ? undefined : true,
  };
}

/** One that flushes nothing but its mark. */
export function unflushedIngestOf(contents: Contents): Command {
  return { ...ingestOf(contents, '--durability', 'none'), flushes: 'nothing' };
}

/** Lets go of all snapshots but the newest one. */
export function forgetOf(): Command {
  return {
    args: (root) => ['forget', '--keep-last', '1', '--group-by', '', '--store', storeIn(root)],
    digests: new Set(),
    flushes: 'its own',
    letsGo: { digests: new Set(), snapshots: 1 },
  };
}

/** It may have come back in the power cut, and be there already. */
export function unforgetOf(): Command {
  return {
    args: (root) => ['unforget', 'latest', '--store', storeIn(root)],
    digests: new Set(),
    code: 1,
    snapshots: true,
  };
}

/** A gc that takes these contents. */
export function gcOf(contents: Contents): Command {
  return {
    args: (root) => ['gc', '--this-host-only', '--store', storeIn(root)],
    digests: new Set(),
    flushes: 'its own',
    letsGo: { digests: digestsOf(contents), snapshots: 0 },
  };
}

export function putOf(content: string | Buffer): Command {
  const file = join(makeTree({ file: content }), 'file');
  return {
    args: (root) => ['put', file, '--store', storeIn(root)],
    digests: digestsOf({ file: content }),
    flushes: 'its own',
  };
}

/** A relayout of the store. */
export function relayoutTo(layout: Layout): Command {
  return {
    args: (root) => ['relayout', '--to', layout, '--store', storeIn(root)],
    digests: new Set(),
    flushes: 'its own',
    layout,
    sweptBy: ingestOf({}),
  };
}

/** A verify that moves damaged objects to quarantine. It says so at its end, not of each. */
export function quarantineOf(): Command {
  return {
    args: (root) => ['verify', '--quarantine', '--json', '--store', storeIn(root)],
    digests: new Set(),
    flushes: 'its own',
    quarantines: true,
    code: 4,
  };
}
