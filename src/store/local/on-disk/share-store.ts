/** Opens a store's directory to others, and what is in it to those whom the directory is open to. */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { failed, hasErrno, IngotError, isDenied, isFailure } from '../../../errors.ts';
import type { FileOps } from '../../../files/file-ops.ts';
import { grantAt, makeFolder } from '../../../files/rights.ts';
import type { Sharing } from '../../choices.ts';
import { denialIn } from './denial.ts';
import { METADATA, type StoreFormat } from './format.ts';
import { SHARDS } from './layout.ts';
import { isSet, type StoreRights, storeRights } from './sharing.ts';

/** As git has them: new files belong to the group of the directory that they lie in. */
const ROOT_MODES: Readonly<Record<Sharing, number>> = { group: 0o2770, all: 0o2775 };

/**
 * Makes the directory of a new store, and those on the way to it, which who shares it may enter.
 * Gives those that were not there before, topmost first, as far as it got, to `made`.
 */
export function makeRoot(
  root: string,
  sharing: Sharing | undefined,
  ops: FileOps,
  made: string[],
): void {
  const mode = sharing === undefined ? 0o700 : ROOT_MODES[sharing];
  const onTheWay = { mode: mode & 0o755 };
  for (const folder of missingFolders(root))
    if (makeFolder(ops, folder, folder === root ? { mode } : onTheWay)) made.push(folder);
  if (sharing !== undefined) openRoot(root, sharing, ops);
}

/** The store's folder and those on the way to it that are not there, topmost first. */
function missingFolders(root: string): string[] {
  const missing: string[] = [];
  for (let folder = root; !fs.existsSync(folder); folder = dirname(folder)) missing.push(folder);
  return missing.reverse();
}

/**
 * Opens the directory of a store to others; takes no rights from anybody. Throws an IngotError where
 * it is not this user's to open.
 */
function openRoot(root: string, sharing: Sharing, ops: FileOps): void {
  const what = 'cannot share the store';
  try {
    // A link that the user has named leads to the store.
    grantAt(fs.realpathSync(root), { mode: ROOT_MODES[sharing] }, ops);
  } catch (error) {
    throw failed(what, error, { path: root, ...denialIn(root, error, root) });
  }
  const { mode, uid } = fs.statSync(root);
  if (isSet(mode, ROOT_MODES[sharing])) return;
  throw new IngotError({
    what,
    code: 'INGOT_NOT_SHARED',
    path: root,
    why: `its mode stays ${(mode & 0o7777).toString(8).padStart(4, '0')}`,
    hint: `only its owner (uid ${uid}) can change it, to a group of its own, and where files have modes`,
  });
}

/** Of a store that is there: opens it to others where that is wanted. Throws an IngotError. */
export function shareStore(
  root: string,
  { layout, movingFrom }: StoreFormat,
  sharing: Sharing | undefined,
  ops: FileOps,
): void {
  if (sharing !== undefined) openRoot(root, sharing, ops);
  const hasShards = layout === 'sharded' || movingFrom !== undefined;
  follow(root, hasShards ? [...FOLLOWING, ...SHARDS_FOLLOWING] : FOLLOWING, ops);
}

/** What has its rights from the store's directory. Temps, which go soon, have them from the start. */
const FOLLOWING: readonly Follower[] = [
  { name: METADATA, kind: 'folder' },
  { name: join(METADATA, 'store.json'), kind: 'file' },
  { name: join(METADATA, 'large'), kind: 'file', isHint: true },
  { name: join(METADATA, 'relayout.lock'), kind: 'lock' },
  { name: join(METADATA, 'lock'), kind: 'lock' },
  { name: join(METADATA, 'gate'), kind: 'lock' },
  { name: join(METADATA, 'gc-run.lock'), kind: 'lock' },
  { name: join(METADATA, 'generation'), kind: 'file' },
  { name: join(METADATA, 'segments'), kind: 'folder' },
  { name: join(METADATA, 'snapshots'), kind: 'folder' },
  { name: join(METADATA, 'forgotten'), kind: 'folder' },
  { name: join(METADATA, 'pins'), kind: 'folder' },
  { name: join(METADATA, 'records'), kind: 'folder', isHint: true },
  { name: join(METADATA, 'quarantine'), kind: 'folder' },
  { name: join(METADATA, 'moving'), kind: 'folder' },
  { name: join(METADATA, 'unflushed'), kind: 'folder' },
];
const SHARDS_FOLLOWING = SHARDS.map((name): Follower => ({ name, kind: 'folder' }));

interface Follower {
  readonly name: string;
  readonly kind: keyof StoreRights;
  /** Nothing is lost with it, so a disk that does not show it ends no run. */
  readonly isHint?: true;
}

/**
 * Opens what this user has made in a store to those who may use its directory by now: the owner may
 * have opened that alone. What belongs to others, and what may not be changed, is left as it is.
 */
function follow(root: string, followers: readonly Follower[], ops: FileOps): void {
  const rights = storeRights(root);
  for (const { name, kind, isHint } of followers) {
    const path = join(root, name);
    try {
      grantAt(path, rights[kind], ops);
    } catch (error) {
      // It may be gone by now, or be a link, which another step refuses.
      if (isDenied(error) || hasErrno(error, 'ENOENT', 'ELOOP')) continue;
      if (!isHint || !isFailure(error))
        throw failed('cannot look at the rights in the store', error, { path });
    }
  }
}
