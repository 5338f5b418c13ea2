/** A store with a snapshot that is forgotten and one that is not. */
import fs from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestOf } from '../../../src/digest.ts';
import { forgetIn } from '../../../src/snapshot/forget/forget.ts';
import type { GcOptions, GcReport } from '../../../src/snapshot/gc/api.ts';
import { gcIn } from '../../../src/snapshot/gc/gc.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import type { Collector } from '../../../src/store/seam/collecting.ts';
import type { Engine } from '../../../src/store/seam/engine.ts';
import { DIGEST, storeOfFormat } from '../../harness/formats.ts';
import { storeSnapshot } from '../stored.ts';
import { directoryAt, fileAt } from '../trees.ts';

export const digest = (content: string): Digest => digestOf(Buffer.from(content));

export interface Setting {
  readonly root: string;
  /** It names `shared`, `old` and `older`. */
  readonly forgotten: string;
  /** It names `shared`. */
  readonly live: string;
  /** Beside them lies an object that no snapshot ever named. */
  readonly orphan: Digest;
}

export const FORGOTTEN_ENTRIES = [
  directoryAt('d'),
  fileAt('d/f', 'shared'),
  fileAt('x', 'old'),
  fileAt('y', 'older'),
];

export async function setting(): Promise<Setting> {
  const root = storeOfFormat(2);
  const contents = ['shared', 'old', 'older'];
  const forgotten = await storeSnapshot(root, FORGOTTEN_ENTRIES, { contents });
  const live = await storeSnapshot(root, FORGOTTEN_ENTRIES.slice(0, 2), { contents: ['shared'] });
  // What was put to make them is not put by a user.
  for (const name of contents) fs.rmSync(join(root, '.ingot/pins', digest(name)));
  await forgetIn(new LocalEngine(root), { snapshots: [forgotten] });
  return { root, forgotten, live, orphan: DIGEST };
}

export const gcAt = (
  root: string,
  options: GcOptions = {},
  engine: Engine = new LocalEngine(root),
) => gcIn(engine, { thisHostOnly: true, ...options }) as Promise<GcReport>;

/** The objects, the segments, and the references in both places. */
export function whatIsIn(root: string) {
  const names = (folder: string) =>
    fs.existsSync(join(root, folder)) ? fs.readdirSync(join(root, folder)).sort() : [];
  return {
    objects: names('.').filter((name) => name.length === 64),
    segments: names('.ingot/segments'),
    snapshots: names('.ingot/snapshots'),
    forgotten: names('.ingot/forgotten'),
    trash: names('.ingot/trash'),
  };
}

/** An engine whose collector lets somebody else come first, each time when it is about to take a slice. */
export function overtaken(root: string, meddle: (time: number) => unknown): Engine {
  const engine = new LocalEngine(root);
  const { openCollector } = engine;
  let time = 0;
  engine.openCollector = async (options): Promise<Collector> => {
    const collector = await openCollector.call(engine, options);
    const takeSlice = collector.takeSlice.bind(collector);
    collector.takeSlice = async (parts, taken) => {
      await meddle(++time);
      return takeSlice(parts, taken);
    };
    return collector;
  };
  return engine;
}
