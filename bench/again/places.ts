/** Where the trees lie: on the measured disk, where they can be changed. */
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { IngestReport } from '../../src/index.ts';
import type { Arena } from '../arena.ts';
import { runChecked, runInPlace } from '../children.ts';
import { ingestCommand, ingesting, reportOf } from '../ingot.ts';
import { type Contender, measure } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context } from '../question.ts';
import type { AgainContext } from './state.ts';

const OTHER_FILES = 100;

export interface Places {
  readonly source: string;
  /** What rsync compares the source with. */
  readonly copy: string;
  /** Another source of the same store. */
  readonly other: string;
}

export function placesIn({ arena }: Pick<Context, 'arena'>): Places {
  const [source, copy, other] = ['source', 'copy', 'other'].map((name) =>
    path.join(arena.path, name),
  );
  return { source: source!, copy: copy!, other: other! };
}

/** A copy of the tree and another source, both in a new store. Gives the report on the copy. */
export async function layOut(context: AgainContext): Promise<IngestReport> {
  const { source, other } = placesIn(context);
  context.arena.renew();
  await runChecked(['cp', '-a', context.tree, source]);
  fs.mkdirSync(other);
  for (let n = 0; n < OTHER_FILES; n++) addTo(other);
  await settled(context);
  return reportOf(await measure(ingesting(ingestCommand(context, source))));
}

/** A file whose content no other has. */
export function addTo(folder: string): void {
  fs.writeFileSync(path.join(folder, randomUUID()), randomBytes(1000));
}

/** Else the barrier of the next ingest would write back what has just been made. */
export async function settled({ arena, settle }: AgainContext): Promise<void> {
  runInPlace('sync', '-f', arena.path);
  await settle();
}

export function ingestAgain(context: Context, source: string): Contender {
  return ingesting(ingestCommand(context, source), () => dropCachesIfCold(context));
}

/** A folder as an arena of its own: a peer empties it without touching the others. */
export function arenaBelow(arena: Arena, name: string): Arena {
  const folder = path.join(arena.path, name);
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  const renew = () => {
    remove();
    fs.mkdirSync(folder);
  };
  return { ...arena, path: folder, renew, remove };
}
