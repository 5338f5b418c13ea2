/** What went to quarantine while a run may have met it as a hit. */
import { type Digest, isDigest } from '../../../digest.ts';
import { IngotError, isDenied } from '../../../errors.ts';
import { namesIn } from '../../../files/file-ops.ts';
import type { Layout } from '../../choices.ts';
import { candidatePaths, objectPath } from '../on-disk/layout.ts';
import { DIGEST_LENGTH, isThere, quarantineFolder } from './quarantine.ts';

/** The names in quarantine; none where this user may not read them. */
export function quarantined(root: string): ReadonlySet<string> {
  try {
    return new Set(namesIn(quarantineFolder(root)));
  } catch (error) {
    if (!isDenied(error)) throw error;
    return new Set();
  }
}

/**
 * Throws INGOT_LOST when contents went to quarantine since `before` was taken, and were not stored
 * anew: what a run has counted as duplicates may be among them.
 */
export function requireKeptSince(root: string, layout: Layout, before: ReadonlySet<string>): void {
  const gone = [...quarantined(root)]
    .filter((name) => !before.has(name))
    .map((name) => name.slice(0, DIGEST_LENGTH))
    .filter((name): name is Digest => isDigest(name))
    .filter((digest) => !candidatePaths(root, layout, digest).some(isThere));
  if (gone.length === 0) return;
  const what = 'objects that this run may have met are not stored any more';
  throw objectsLost(what, gone.length, objectPath(root, layout, gone[0]!));
}

/** The error for contents that went to quarantine and may have been counted as duplicates. */
export function objectsLost(what: string, count: number, path?: string): IngotError {
  return new IngotError({
    what,
    code: 'INGOT_LOST',
    path,
    why: `${count} of them, in quarantine now`,
    hint: 'check the disk and run again: those among its sources are stored anew',
  });
}
