/** Whatever is done to a source while it is removed: each content is in it, or in the store. */

import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { untilCertain } from '../../../harness/until-certain.ts';
import { overwriteQuietly, replaceQuietly } from '../../again.ts';
import { contentsOf, ingested, untilNextTick, type Watch } from './removing.ts';

const TREES = Number(process.env.INGOT_TREES ?? 25);
const SEED = process.env.INGOT_SEED;
/** Calls that a removal of the source makes, and some more. */
const CALLS = 45;

const parent = fs.existsSync('/dev/shm') ? '/dev/shm' : '/tmp';
const all = fs.mkdtempSync(join(parent, 'ingot-test-'));
afterAll(() => fs.rmSync(all, { recursive: true, force: true }));

function makeSource(source: string): void {
  fs.mkdirSync(join(source, 'a/b'), { recursive: true });
  for (const path of ['f0', 'a/f1', 'a/f2', 'a/b/f3', 'z']) {
    fs.writeFileSync(join(source, path), `was ${path}`.padEnd(12));
    // To the second, so that it can be set back.
    fs.utimesSync(join(source, path), 1e9, 1e9);
  }
  fs.linkSync(join(source, 'f0'), join(source, 'a/same'));
  fs.linkSync(join(source, 'f0'), join(source, 'a/b/same'));
  fs.symlinkSync('f0', join(source, 'a/link'));
}

const places = Array.from({ length: TREES }, (_, n) => join(all, `${n}`));
beforeAll(async () => {
  for (const place of places) makeSource(join(place, 'source'));
  await untilCertain();
});

async function prepared() {
  const place = places.pop()!;
  const [source, store] = [join(place, 'source'), join(place, 'store')];
  return { source, store, remove: await ingested(store, source) };
}

/** By content: of links by where they lead. */
const contentsIn = (source: string) => new Set(Object.values(contentsOf(source)));

function expectInStore(contents: Iterable<string>, store: string): void {
  const missing = [...contents]
    .filter((content) => content !== '-> f0')
    .filter((content) => !fs.existsSync(join(store, digestOf(Buffer.from(content)))));
  expect(missing).toEqual([]);
}

interface Edit {
  readonly atCall: number;
  readonly what: keyof typeof EDITS;
  /** Done to the file that the call is about. */
  readonly here: boolean;
  readonly which: number;
  readonly other: number;
}

let written = 0;
/** Never the same twice, and always as long. */
const fresh = () => `new ${written++}`.padEnd(12);

/** What an edit is done to. */
interface Chosen {
  readonly source: string;
  readonly file: string;
  readonly second: string;
  readonly directory: string;
  /** A path that nothing may have. */
  readonly free: string;
  readonly other: number;
}

const EDITS = {
  append: ({ file }) => fs.appendFileSync(file, fresh()),
  replace: ({ source, file }) => {
    fs.writeFileSync(join(source, 'made'), fresh());
    fs.renameSync(join(source, 'made'), file);
  },
  'overwrite quietly': ({ file }) => {
    untilNextTick();
    if (fs.statSync(file).size === 12) overwriteQuietly(file, fresh());
  },
  'replace quietly': ({ file }) => {
    if (fs.statSync(file).size === 12) replaceQuietly(file, fresh());
  },
  rename: ({ file, free }) => {
    if (!fs.existsSync(free)) fs.renameSync(file, free);
  },
  swap: ({ source, file, second }) => {
    fs.renameSync(file, join(source, 'swapping'));
    if (file !== second) fs.renameSync(second, file);
    fs.renameSync(join(source, 'swapping'), second);
  },
  remove: ({ file }) => fs.rmSync(file),
  'to link': ({ file }) => {
    fs.rmSync(file);
    fs.symlinkSync('f0', file);
  },
  'to directory': ({ file }) => {
    fs.rmSync(file);
    fs.mkdirSync(file);
    fs.writeFileSync(join(file, 'in'), fresh());
  },
  add: ({ free }) => {
    if (!fs.existsSync(free)) fs.writeFileSync(free, fresh());
  },
  chmod: ({ file, other }) => fs.chmodSync(file, 0o600 + (other % 0o77)),
  link: ({ file, free }) => {
    if (!fs.existsSync(free)) fs.linkSync(file, free);
  },
  'move directory': ({ directory, free }) => {
    if (!free.startsWith(directory) && !fs.existsSync(free)) fs.renameSync(directory, free);
  },
  'link to directory': ({ source, directory }) => {
    const moved = join(source, `moved-${written++}`);
    fs.renameSync(directory, moved);
    fs.symlinkSync(moved, directory);
  },
} satisfies Record<string, (chosen: Chosen) => void>;

const anyEdit: fc.Arbitrary<Edit> = fc.record({
  atCall: fc.nat(CALLS),
  what: fc.constantFrom(...(Object.keys(EDITS) as (keyof typeof EDITS)[])),
  here: fc.boolean(),
  which: fc.nat(1000),
  other: fc.nat(1000),
});

/** One edit; nothing where there is nothing to do it to. */
function apply(source: string, { what, here, which, other }: Edit, name: string): void {
  const names = fs.readdirSync(source, { recursive: true, withFileTypes: true });
  const paths = (kind: 'isFile' | 'isDirectory') =>
    names
      .filter((entry) => entry[kind]())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  const [files, directories] = [paths('isFile'), paths('isDirectory')];
  const those = here ? files.filter((path) => path.endsWith(`/${name}`)) : files;
  const file = those[which % those.length];
  const directory = directories[which % directories.length];
  if (file === undefined || directory === undefined) return;
  const second = files[other % files.length]!;
  const free = join(directories[other % directories.length]!, `n${other % 3}`);
  EDITS[what]({ source, file, second, directory, free, other });
}

const isAside = (name: string) => name.startsWith('.ingot-removed-');

test('no call of a removal takes what the store does not have, whatever is edited before it', {
  timeout: 60_000 + 3_000 * TREES,
}, async () => {
  const counts = { files: 0, stayed: 0, edits: 0 };
  const anyEdits = fc.array(anyEdit, { minLength: 4, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(anyEdits, fc.boolean(), async (edits, withoutRenameNew) => {
      const { source, store, remove } = await prepared();
      let before = contentsIn(source);
      let calls = 0;
      const check = () => {
        const now = contentsIn(source);
        const links = [...before].filter((content) => content.startsWith('-> /'));
        expectInStore(
          [...before].filter((content) => !now.has(content) && !links.includes(content)),
          store,
        );
        expect(links.filter((link) => !now.has(link))).toEqual([]);
      };
      const watch: Watch = (call, name) => {
        check();
        // Between the last look and the unlink nothing is seen. Between the two looks only the ctime
        // would tell of a quiet write, and the rename sets it.
        const isBlind = call === 'unlink';
        const isHalfBlind = call !== 'look' || isAside(name);
        if (!isBlind) calls++;
        for (const edit of isBlind ? [] : edits)
          if (edit.atCall === calls && !(isHalfBlind && edit.what === 'overwrite quietly')) {
            apply(source, edit, name);
            counts.edits++;
          }
        before = contentsIn(source);
      };
      const removed = await remove(watch, { withoutRenameNew });
      check();
      counts.files += removed.files;
      counts.stayed += removed.stayed.reduce((sum, [, number]) => sum + number, 0);
    }),
    { numRuns: TREES, endOnFailure: true, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
  // Else it would show nothing.
  expect(counts.files).toBeGreaterThan(TREES);
  expect(counts.stayed).toBeGreaterThan(TREES / 4);
  process.stdout.write(`${JSON.stringify(counts)}\n`);
});
