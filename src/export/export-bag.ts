/**
 * All of a bag (RFC 8493, BagIt 1.0) but its payload, as a small tar archive: what makes a bag of a
 * directory that has a restore of the snapshot in `data/`.
 */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { type Checks, callback } from '../checked.ts';
import { type Digest, DigestStream, digestOf } from '../digest.ts';
import { IngotError } from '../errors.ts';
import { toBytes } from '../names.ts';
import type { FileEntry, LinkEntry } from '../snapshot/entry.ts';
import type { Reference } from '../snapshot/reference.ts';
import { bagLine } from './checksum-line.ts';
import {
  EXPORT_CHECKS,
  type ExportedTree,
  type ExportOptions,
  exportStream,
} from './exported-tree.ts';
import { END_OF_ARCHIVE, headersOf, paddingOf } from './tar/header.ts';

export interface BagOptions extends ExportOptions {
  /** Called for each link: no manifest can hold it. */
  readonly onLink?: ((link: LinkEntry) => void) | undefined;
}

const BAG_CHECKS: Checks<BagOptions> = { ...EXPORT_CHECKS, onLink: callback };

/**
 * bagit.txt, bag-info.txt, manifest-sha256.txt and tagmanifest-sha256.txt as a tar archive. The
 * stream fails as `openSnapshot`, or with INGOT_NOT_UTF8 for a file whose name no bag can hold.
 */
export function exportBag(store: string, name: string, options: BagOptions = {}): Readable {
  const what = { store, name, options, checks: BAG_CHECKS };
  return exportStream(what, (tree) => archive(tree, options));
}

async function* archive(tree: ExportedTree, options: BagOptions): AsyncGenerator<Buffer> {
  // The size of the manifest stands before it: the tree is read twice.
  const sums = await sumsOf(tree, options);
  const made = tree.reference.time;
  const bagit = Buffer.from('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n');
  const info = Buffer.from(infoOf(tree.reference, sums));
  const tags = Buffer.from(
    `${digestOf(info)}  bag-info.txt\n${digestOf(bagit)}  bagit.txt\n${sums.digest}  ${MANIFEST}\n`,
  );
  yield memberOf('bagit.txt', bagit, made);
  yield memberOf('bag-info.txt', info, made);
  yield memberOf('tagmanifest-sha256.txt', tags, made);
  yield headerOf(MANIFEST, sums.bytes, made);
  yield* manifestOf(tree, options);
  yield paddingOf(sums.bytes);
  yield END_OF_ARCHIVE;
}

const MANIFEST = 'manifest-sha256.txt';

interface Sums {
  /** Of the manifest, in bytes, and its digest. */
  readonly bytes: number;
  readonly digest: Digest;
  /** Of the payload: files, and bytes of all of them. */
  readonly files: number;
  readonly octets: bigint;
}

async function sumsOf(tree: ExportedTree, { signal, onLink }: BagOptions): Promise<Sums> {
  const hash = new DigestStream();
  let [bytes, files, octets] = [0, 0, 0n];
  for await (const entry of tree.entries({ signal })) {
    if (entry.type === 'link') onLink?.(entry);
    if (entry.type !== 'file') continue;
    const line = lineOf(entry);
    hash.update(line);
    bytes += line.length;
    files++;
    octets += BigInt(entry.size);
  }
  return { bytes, digest: hash.digest(), files, octets };
}

async function* manifestOf(tree: ExportedTree, options: BagOptions): AsyncGenerator<Buffer> {
  for await (const entry of tree.entries(options)) if (entry.type === 'file') yield lineOf(entry);
}

function lineOf({ digest, path }: FileEntry): Buffer {
  const name = toBytes(path);
  if (isUtf8(name)) return bagLine(digest, name);
  throw new IngotError({
    ...{ what: 'cannot export a bag', code: 'INGOT_NOT_UTF8', path },
    why: 'the name is not UTF-8, and the manifest of a bag has to be',
    hint: 'use --format tar or sha256sum, which take any name',
  });
}

function infoOf({ id, time }: Reference, { octets, files }: Sums): string {
  return [
    `Bagging-Date: ${new Date(time).toISOString().slice(0, 10)}`,
    `External-Identifier: ${id}`,
    `Payload-Oxum: ${octets}.${files}`,
    '',
  ].join('\n');
}

function memberOf(name: string, content: Buffer, made: number): Buffer {
  return Buffer.concat([headerOf(name, content.length, made), content, paddingOf(content.length)]);
}

function headerOf(name: string, size: number, made: number): Buffer {
  const mtime = BigInt(Math.floor(made / 1000)) * 1_000_000_000n;
  const facts = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime } as const;
  return headersOf({ ...facts, path: Buffer.from(name), size });
}
