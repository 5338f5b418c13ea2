/** Stores of a tree from which a gc takes something, each put in place anew before a run. */
import fs from 'node:fs';
import path from 'node:path';
import { runChecked, runInPlace } from '../children.ts';
import type { CorpusDescription } from '../corpus/description.ts';
import { pathOf } from '../corpus/plan.ts';
import { INGOT, ingestCommand, ingesting, storeIn } from '../ingot.ts';
import { measure } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context } from '../question.ts';

/** Files that only the forgotten snapshot of the store `few` has. */
export const FEW = 10;

export type StoreName = 'few' | 'half';

/** The objects that a gc takes from the store `half`, one a line. */
export function listIn({ arena }: Context): string {
  return path.join(arena.path, 'list');
}

/** `--this-host-only`: a benchmark's disk is nobody else's. */
export function gcCommand(context: Context) {
  return [...INGOT, 'gc', '--this-host-only', '--store', storeIn(context), '--json'] as const;
}

/**
 * `few`: a gc takes what FEW files have. `half`: what every second file of the tree has. The tree has
 * lost those in the end.
 */
export async function makeStores(context: Context, { folders }: CorpusDescription): Promise<void> {
  const { arena, tree, corpus } = context;
  arena.renew();
  await ingest(context, 'whole');
  const more = Array.from({ length: FEW }, (_, n) => path.join(tree, `more-${n}`));
  for (const each of more) fs.writeFileSync(each, `content of ${each}`);
  await ingest(context, 'more');
  await forgetAndKeep(context, 'more', 'few');
  await runChecked(gcCommand(context));

  for (const each of more) fs.unlinkSync(each);
  for (let file = 0; file < corpus.files; file += 2)
    fs.unlinkSync(path.join(tree, pathOf(file, folders)));
  await ingest(context, 'half');
  await forgetAndKeep(context, 'whole', 'half');
  await runChecked(gcCommand(context));
  const left = new Set(fs.readdirSync(storeIn(context)));
  const gone = fs.readdirSync(keptIn(context, 'half')).filter((name) => !left.has(name));
  fs.writeFileSync(listIn(context), gone.map((name) => `${name}\n`).join(''));
}

/** The store as it was, flushed. */
export async function putBack(context: Context, name: StoreName): Promise<void> {
  const store = storeIn(context);
  fs.rmSync(store, { recursive: true });
  await runChecked(['cp', '-a', keptIn(context, name), store]);
  runInPlace('sync', '-f', context.arena.path);
  dropCachesIfCold(context);
}

function keptIn({ arena }: Context, name: StoreName): string {
  return path.join(arena.path, name);
}

async function ingest(context: Context, label: string): Promise<void> {
  await measure(ingesting(ingestCommand(context, context.tree, ['--label', label])));
}

async function forgetAndKeep(context: Context, label: string, name: StoreName): Promise<void> {
  const store = storeIn(context);
  await runChecked([...INGOT, 'forget', label, '--store', store, '-q']);
  await runChecked(['cp', '-a', store, keptIn(context, name)]);
}
