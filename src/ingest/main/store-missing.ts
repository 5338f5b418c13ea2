import fs from 'node:fs';
import { IngotError } from '../../errors.ts';
import { joinPath, toFsPath } from '../../names.ts';
import type { Entry } from '../../snapshot/entry.ts';
import type { WalkPlan } from '../../sources/walk/walk-sources.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import { SourceStager } from '../../store/stage-source.ts';
import { type SourcePlace, SourcePlaces } from './source-places.ts';

type FileEntry = Extract<Entry, { type: 'file' }>;

export interface MissingParts {
  readonly half: MainHalf;
  readonly plan: Pick<WalkPlan, 'sources' | 'list'>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Stores again, from the sources, what entries of a tree name and the store has no more. Throws an
 * IngotError where that cannot be done: INGOT_OBJECT_GONE.
 */
export async function storeMissing(
  entries: AsyncIterable<Entry>,
  { half, plan, signal }: MissingParts,
): Promise<void> {
  const places = new SourcePlaces(plan.sources);
  const stager = new SourceStager(() => half.openGroup('objects'), half.maxStaged);
  const looks = half.openGroup('objects');
  try {
    for await (const entry of entries) {
      if (entry.type !== 'file' || looks.lookup(entry.digest, entry.size) === 'present') continue;
      const path = pathOf(places.find(entry.path));
      if (path === undefined || !(await storeAgain(path, entry, stager, signal)))
        throw gone(entry, path ?? entry.path);
    }
    // What look-ups have found may be another writer's, and not be durable yet.
    await looks.commit();
  } finally {
    looks.discard();
  }
}

/** False when the source has another content by now. */
async function storeAgain(
  path: string,
  { digest }: FileEntry,
  stager: SourceStager,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const source = path.isWellFormed() ? path : fs.createReadStream(toFsPath(path));
  const staged = await stager.stage(source, signal);
  try {
    if (staged.digest !== digest) return false;
    await staged.group.commit();
    return true;
  } finally {
    staged.group.discard();
    staged.ended();
  }
}

function pathOf(place: SourcePlace | undefined): string | undefined {
  if (place === undefined) return undefined;
  const { source, rest } = place;
  return rest === '' ? source.path : joinPath(source.path, rest);
}

function gone({ digest }: FileEntry, path: string): IngotError {
  return new IngotError({
    what: 'cannot record the snapshot',
    code: 'INGOT_OBJECT_GONE',
    path,
    why: `object ${digest} was removed from the store while the run went on`,
    hint: 'run it again',
  });
}
