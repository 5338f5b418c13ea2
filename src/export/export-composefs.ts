/** A snapshot as the text of composefs-dump(5), whose payloads are objects of the store. */
import { relative } from 'node:path';
import type { Readable } from 'node:stream';
import { ahead } from '../ahead.ts';
import { toBytes } from '../names.ts';
import { timespecOf } from '../native/timespec.ts';
import type { FileEntry } from '../snapshot/entry.ts';
import { notOffered } from '../store/seam/refusals.ts';
import { missingContent, otherSize } from './content.ts';
import {
  EXPORT_CHECKS,
  type Exported,
  type ExportedTree,
  type ExportOptions,
  exportStream,
} from './exported-tree.ts';
import { LinkGroups } from './link-groups.ts';

/**
 * A line for each entry, for mkcomposefs --from-file. Payloads are paths of objects, relative to the
 * folder of the store, where they lie now. No content is read. The stream fails as `openSnapshot`;
 * with INGOT_DAMAGED where an object is missing or has another size; with a UsageError where the
 * store is no folder.
 */
export function exportComposefs(
  store: string,
  name: string,
  options: ExportOptions = {},
): Readable {
  const what = { store, name, options, checks: EXPORT_CHECKS };
  return exportStream(what, (tree) => lines(tree, options));
}

/** Objects that are looked for at the same time. */
const LOOK_AHEAD = 32;

async function* lines(tree: ExportedTree, options: ExportOptions): AsyncGenerator<Buffer> {
  const { folder, address } = tree.engine;
  if (folder === undefined) throw notOffered('export for composefs', address);
  const links = new LinkGroups();
  let isFirst = true;
  const placed = ahead(tree.entries(options), LOOK_AHEAD, async (entry) => ({
    entry,
    place: entry.type === 'file' ? relative(folder, await placeOf(tree, entry)) : '',
  }));
  for await (const { entry, place } of placed) {
    // An image has a root, and the tree of several sources, or of a file, has none.
    if (isFirst && entry.path !== '') yield Buffer.from(ROOT);
    isFirst = false;
    const linkTo = entry.type === 'file' ? links.linkTo(entry) : undefined;
    yield Buffer.from(`${fieldsOf(entry, place, linkTo).join(' ')}\n`);
  }
  if (isFirst) yield Buffer.from(ROOT);
}

const ROOT = '/ 0 40755 1 0 0 0 0.0 - - -\n';

async function placeOf({ objects }: ExportedTree, file: FileEntry): Promise<string> {
  const found = await objects.stat(file.digest);
  if (found === undefined) throw missingContent(file);
  if (found.size !== file.size) throw otherSize(file, found.size);
  return found.path;
}

/** As composefs-dump(5) lists them. */
function fieldsOf(entry: Exported, place: string, linkTo: string | undefined): string[] {
  const { type, uid, gid, mtime, xattrs = [] } = entry;
  const target = type === 'link' ? toBytes(entry.target) : Buffer.from(place);
  const size = type === 'file' ? entry.size : type === 'link' ? target.length : 0;
  const mode = (TYPES[type] | (type === 'link' ? 0o777 : entry.mode)).toString(8);
  const payload = linkTo === undefined ? target : toBytes(`/${linkTo}`);
  const isEmpty = type === 'file' && size === 0 && linkTo === undefined;
  return [
    escaped(toBytes(`/${entry.path}`)),
    `${size}`,
    linkTo === undefined ? mode : `@${mode}`,
    // 1: how many names it has is not known.
    '1',
    `${uid}`,
    `${gid}`,
    '0',
    timeText(mtime),
    optional(isEmpty ? Buffer.alloc(0) : payload),
    '-',
    '-',
    ...xattrs.map(({ name, value }) => `${escaped(toBytes(name))}=${escaped(Buffer.from(value))}`),
  ];
}

const TYPES = { file: 0o100000, link: 0o120000, directory: 0o040000 } as const;

/** Seconds, and nanoseconds after them: `1.5` is a second and 5 ns. */
function timeText(mtime: bigint): string {
  const { seconds, nanoseconds } = timespecOf(mtime);
  return `${seconds}.${nanoseconds}`;
}

/** A field that may be missing: `-` is. */
function optional(bytes: Buffer): string {
  if (bytes.length === 0) return '-';
  const text = escaped(bytes);
  return text === '-' ? '\\x2d' : text;
}

/** All that separates fields, and what is no printable ASCII, as `\xNN`. */
function escaped(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^!-<>-[\]-~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
