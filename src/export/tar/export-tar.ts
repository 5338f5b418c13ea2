/** A snapshot as a tar archive in pax format, as `tar x` takes it. */
import type { Readable } from 'node:stream';
import { ahead } from '../../ahead.ts';
import { toBytes } from '../../names.ts';
import type { FileEntry } from '../../snapshot/entry.ts';
import type { Reference } from '../../snapshot/reference.ts';
import { contentOf, SMALL_BYTES, smallContent } from '../content.ts';
import {
  EXPORT_CHECKS,
  type Exported,
  type ExportedTree,
  type ExportOptions,
  exportStream,
} from '../exported-tree.ts';
import { LinkGroups } from '../link-groups.ts';
import { brokenEnd, END_OF_ARCHIVE, headersOf, type Member, paddingOf } from './header.ts';

/**
 * A snapshot, or the part of one, as a tar archive. Each content is checked while it is read. The
 * stream fails with an IngotError: as `openSnapshot`, or INGOT_DAMAGED for a content that is damaged
 * or missing. A reader of the archive sees that it is cut short then, and never gets all of a wrong
 * content.
 */
export function exportTar(store: string, name: string, options: ExportOptions = {}): Readable {
  const what = { store, name, options, checks: EXPORT_CHECKS };
  return exportStream(what, (tree) => archive(tree, options));
}

async function* archive(tree: ExportedTree, options: ExportOptions): AsyncGenerator<Buffer> {
  // Within a content the end of the stream alone shows that it is cut short.
  let isInContent = false;
  try {
    for await (const { entry, header, content } of ahead(
      membersOf(tree, options),
      READ_AHEAD,
      (member) => withContent(tree, member),
    )) {
      if (content !== undefined) yield Buffer.concat([header, content, paddingOf(content.length)]);
      else if (entry === undefined) yield header;
      else {
        yield header;
        isInContent = true;
        yield* contentOf(tree.objects, entry);
        yield paddingOf(entry.size);
        isInContent = false;
      }
    }
  } catch (error) {
    if (!isInContent) yield brokenEnd();
    throw error;
  }
  yield END_OF_ARCHIVE;
}

/** Small contents that are read at the same time. */
const READ_AHEAD = 16;

interface NextMember {
  readonly header: Buffer;
  /** Whose content follows the header. */
  readonly entry: FileEntry | undefined;
}

async function* membersOf(tree: ExportedTree, options: ExportOptions): AsyncGenerator<NextMember> {
  const owners = ownersOf(tree.reference);
  const links = new LinkGroups();
  for await (const entry of tree.entries(options)) {
    const linkTo = entry.type === 'file' ? links.linkTo(entry) : undefined;
    const header = headersOf(memberOf(entry, linkTo, owners));
    yield { header, entry: entry.type === 'file' && linkTo === undefined ? entry : undefined };
  }
}

async function withContent(
  { objects }: ExportedTree,
  member: NextMember,
): Promise<NextMember & { readonly content?: Buffer }> {
  const { entry } = member;
  if (entry === undefined || entry.size > SMALL_BYTES) return member;
  return { ...member, content: await smallContent(objects, entry) };
}

type Owners = ReadonlyMap<number, Buffer>;

function ownersOf({ users, groups }: Reference): {
  readonly users: Owners;
  readonly groups: Owners;
} {
  const named = (names: Reference['users']) =>
    new Map(names.map(([id, name]) => [id, toBytes(name)] as const));
  return { users: named(users), groups: named(groups) };
}

function memberOf(
  entry: Exported,
  linkTo: string | undefined,
  { users, groups }: { readonly users: Owners; readonly groups: Owners },
): Member {
  const { type, path, uid, gid, mtime, xattrs } = entry;
  const name = type !== 'directory' ? path : path === '' ? './' : `${path}/`;
  const owner = { uid, gid, user: users.get(uid), group: groups.get(gid) };
  const common = { path: toBytes(name), ...owner, mtime, size: 0 };
  if (type === 'link') {
    const more = { mode: 0o777, target: toBytes(entry.target), xattrs: bytesOf(xattrs) };
    return { ...common, type, ...more };
  }
  const { mode } = entry;
  if (linkTo !== undefined) return { ...common, type: 'hard link', mode, target: toBytes(linkTo) };
  const size = type === 'file' ? entry.size : 0;
  return { ...common, type, mode, size, xattrs: bytesOf(xattrs) };
}

function bytesOf(xattrs: Exported['xattrs']): Member['xattrs'] {
  return xattrs?.map(({ name, value }) => ({ name: toBytes(name), value: Buffer.from(value) }));
}
