import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { bestEffort } from '../../errors.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import type { RecordedSource } from '../../record/record-head.ts';
import type { WalkPlan } from '../../sources/walk/walk-sources.ts';
import type { IngestOptions } from '../api.ts';

export interface RuledBy {
  readonly plan: Pick<WalkPlan, 'sources' | 'list'>;
  readonly options: IngestOptions;
  /** Of this machine, that holds the store. */
  readonly storeFolder: string | undefined;
}

/** All that has to do with what a walk passes over. */
export function rulesOf({ plan, options, storeFolder = '' }: RuledBy): string {
  const { exclude = [], oneFileSystem = false, manifest = '', journal = '', as = [] } = options;
  // One is left out of the other where they lie within each other; one alone may move.
  const isOnly = plan.sources.length === 1 && plan.list === undefined;
  const sources = isOnly ? [] : recordedSources(plan).map(({ real }) => real);
  const rules = [exclude, oneFileSystem, manifest, journal, storeFolder, sources, as];
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}

/** What the record belongs to. */
export function recordedSources({ sources, list }: RuledBy['plan']): RecordedSource[] {
  const found = sources
    .filter(({ isExcluded }) => !isExcluded)
    .map(({ realPath }) => ({ real: realPath, ...identityOf(realPath) }));
  return list === undefined ? found : [...found, listed(list.file)];
}

/** What a list from a pipe names is known by the directory that it begins in. */
function listed(file: string): RecordedSource {
  return { real: `list ${realPathOf(file === '-' ? '.' : file)}`, ...NO_IDENTITY };
}

/** It may be gone by now: the run will say so. */
function identityOf(path: string): Pick<RecordedSource, 'device' | 'inode'> {
  let found = NO_IDENTITY;
  bestEffort(() => {
    const { dev, ino } = fs.statSync(toFsPath(path));
    found = { device: dev, inode: ino };
  });
  return found;
}

const NO_IDENTITY = { device: 0, inode: 0 };
