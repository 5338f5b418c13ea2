/** The local engine, to be checked. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { FileOps } from '../../dist/src/files/file-ops.js';
import type { Layout } from '../../dist/src/store/choices.js';
// The built one: what it gives to worker threads has to be JavaScript.
import { LocalEngine } from '../../dist/src/store/local/engine.js';
import { objectPath } from '../../dist/src/store/local/on-disk/layout.js';
import type { Engine, OpenStoreOptions, StoreFacts } from '../../dist/src/store/seam/engine.js';
import type { MainHalf, WriteOptions } from '../../dist/src/store/seam/write.js';
import { type Call, errno, recordingOps, strayNames } from '../harness/temp-store.ts';
import { directoryInMemory } from '../harness/tree.ts';
import type { Fault, Place, Subject } from './contract/subject.ts';

export function localSubject(layout: Layout): Subject {
  return {
    layout,
    offers: { relayout: true, openProbePlace: true, stageClone: true },
    traits: [],
    newPlace: () => new LocalPlace(layout),
  };
}

/** Which calls fail, and how. */
const FAULTS: Readonly<Record<Fault, (call: Call, root: string) => Error | undefined>> = {
  // Contents of the main thread are flushed by it, and nothing else before them.
  flush: ({ name }) => (name === 'fsync' ? errno('EIO', 'fsync') : undefined),
  'last flush': ({ name, path }, root) =>
    name === 'fsyncSync' && (path === root || /\/[0-9a-f]{2}$/.test(path))
      ? errno('EIO', 'fsync')
      : undefined,
  full: ({ name, path }) =>
    name === 'writeSync' && /\.tmp-.*\/\d+$/.test(path) ? errno('ENOSPC', 'write') : undefined,
};

/** Only the first of them fails: what is tried again in the hope of a better answer would get it. */
function onceFailing(fault: Fault, root: string): FileOps {
  let failed = false;
  const { ops } = recordingOps((call) => {
    const error = failed ? undefined : FAULTS[fault](call, root);
    failed ||= error !== undefined;
    return error;
  });
  return ops as unknown as FileOps;
}

class LocalPlace implements Place {
  readonly #root = join(directoryInMemory(), 'store');
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  engine(fault?: Fault): Engine {
    if (fault === undefined) return new EngineOfLayout(this.#root, this.#layout);
    return new EngineOfLayout(this.#root, this.#layout, onceFailing(fault, this.#root));
  }

  plant(digest: string, bytes: Uint8Array): void {
    fs.writeFileSync(this.#pathOf(digest), bytes, { mode: 0o444 });
  }

  plantUnreadable(digest: string): void {
    fs.mkdirSync(this.#pathOf(digest));
  }

  plantDeadWriter(): void {
    const folder = join(this.#root, `.tmp-${'dead'.repeat(8)}`);
    fs.mkdirSync(join(folder, '1'), { recursive: true });
    fs.writeFileSync(join(folder, '1', '0'.repeat(32)), 'half a content');
  }

  leftovers(): readonly string[] {
    return fs.existsSync(this.#root) ? strayNames(this.#root) : [];
  }

  #pathOf(digest: string): string {
    return objectPath(this.#root, this.#layout, digest as never);
  }
}

/** Its new stores have a layout that nobody asked for. */
class EngineOfLayout extends LocalEngine {
  readonly #layout: Layout;

  constructor(root: string, layout: Layout, ops?: FileOps) {
    super(root, ops);
    this.#layout = layout;
  }

  override open(options: OpenStoreOptions): Promise<StoreFacts> {
    const layout = options.create ? this.#layout : undefined;
    return super.open({ layout, ...options });
  }

  override openWriter(options: WriteOptions): Promise<MainHalf> {
    return super.openWriter({ layout: this.#layout, ...options });
  }
}
