/** The runs whose power cuts are tried. Contents are text, which strace writes down as it is. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import type { Layout } from '../../src/store/choices.ts';
import { type Digest, digestOf } from '../../src/store/digest.ts';
import { objectPath } from '../../src/store/layout.ts';
import { ingot } from '../cli/run.ts';
import { demandMounts, demandProgram, mountImage } from '../mounts.ts';
import { makeTree } from '../tree.ts';
import { type Command, manifestIn, type Recording, record, storeIn } from './record.ts';

export interface Scenario {
  readonly title: string;
  /** Skips where the machine has not what it takes. */
  readonly demands: (context: Pick<TestContext, 'skip'>) => void;
  /** Records it. Called within a test. */
  readonly record: () => Recording;
}

type Contents = Readonly<Record<string, string | Buffer>>;

/** Sixteen files of twelve contents, in two directories. */
export const SMALL: Contents = Object.fromEntries(
  Array.from({ length: 16 }, (_, n) => [`${n % 2}/${n}`, `content ${n % 12}\n`]),
);

/** More than 4 MiB, which streams, and no whole number of pages. */
const large = (name: string): Buffer => Buffer.alloc((4 << 20) + 100, `a large content, ${name}. `);
const LARGE: Contents = { large: large('large'), more: large('more') };

/** Four of the small ones, and another. */
const OTHERS: Contents = { ...Object.fromEntries(Object.entries(SMALL).slice(0, 4)), other: 'o\n' };

const DAMAGED = 'content 3\n';

const digestsOf = (contents: Contents): Set<Digest> =>
  new Set(Object.values(contents).map((content) => digestOf(Buffer.from(content))));

/** An ingest of a tree of these contents. */
export function ingestOf(contents: Contents, ...options: string[]): Command {
  const source = makeTree(contents);
  return {
    args: (root) => ['ingest', source, '--store', storeIn(root), '--threads', '2', ...options],
    digests: digestsOf(contents),
  };
}

/** One that flushes nothing but its mark. */
export function unflushedIngestOf(contents: Contents): Command {
  return { ...ingestOf(contents, '--durability', 'none'), flushes: 'nothing' };
}

function putOf(content: string | Buffer): Command {
  const file = join(makeTree({ file: content }), 'file');
  return {
    args: (root) => ['put', file, '--store', storeIn(root)],
    digests: digestsOf({ file: content }),
    flushes: 'its own',
  };
}

/** A relayout of the store. */
export function relayoutTo(layout: Layout): Command {
  return {
    args: (root) => ['relayout', '--to', layout, '--store', storeIn(root)],
    digests: new Set(),
    flushes: 'its own',
    layout,
    sweptBy: ingestOf({}),
  };
}

/** A verify that moves damaged objects to quarantine. It says so at its end, not of each. */
export function quarantineOf(): Command {
  return {
    args: (root) => ['verify', '--quarantine', '--json', '--store', storeIn(root)],
    digests: new Set(),
    flushes: 'its own',
    quarantines: true,
    code: 4,
  };
}

/** For `prepare`: a store that holds these contents. */
export const storeOf =
  (layout: Layout, contents: Contents = {}) =>
  (root: string): void => {
    const source = makeTree({ empty: { directory: true }, ...contents });
    const { code, stderr } = ingot([
      'ingest',
      source,
      '--store',
      storeIn(root),
      '--layout',
      layout,
    ]);
    if (code !== 0) throw new Error(stderr);
  };

/** The same, and names with bytes of another length. */
export const damagedStore =
  (layout: Layout, contents: Contents = {}, damaged: readonly string[] = [DAMAGED]) =>
  (root: string): void => {
    storeOf(layout, contents)(root);
    for (const content of damaged) {
      const path = objectPath(storeIn(root), layout, digestOf(Buffer.from(content)));
      fs.rmSync(path, { force: true });
      fs.writeFileSync(path, `not ${content}`);
    }
  };

/** A store in which a quarantine was killed that had a sound object on its way. */
const cutOffStore = (root: string): void => {
  storeOf('flat', SMALL)(root);
  const moving = join(storeIn(root), '.ingot', 'moving');
  const digest = digestOf(Buffer.from(DAMAGED));
  fs.mkdirSync(moving);
  fs.renameSync(join(storeIn(root), digest), join(moving, `${digest}.${'0'.repeat(16)}`));
};

/** A store in which a run without flushes left its mark, and an object that did not reach the disk. */
export const lossyStore = (root: string): void => {
  const { code, stderr } = ingot(unflushedIngestOf({ file: DAMAGED }).args(root));
  if (code !== 0) throw new Error(stderr);
  const path = objectPath(storeIn(root), 'flat', digestOf(Buffer.from(DAMAGED)));
  fs.rmSync(path);
  fs.writeFileSync(path, Buffer.alloc(DAMAGED.length));
};

/** In a store that is there: all objects have their names, and no name is flushed. */
const beforeItsLastFlush = { diesBefore: 'fsyncSync /store$' };
/** In one that is not: the store's folder and those above it are made, and none is flushed. */
const beforeItsFoldersAreFlushed = { diesBefore: 'fsyncSync /store$' };
/** store.json has its name, which is not flushed. */
const beforeTheStoreIsFlushed = { diesBefore: 'fsyncSync /\\.ingot$' };
/** A damaged object is on its way to quarantine, which is not flushed. */
const beforeItsSecondMove = { diesBefore: 'renameSync /\\.ingot/moving/' };
/** store.json durably names both layouts, and no object is moved. */
const beforeItsFirstMove = { diesBefore: 'opendirSync /store/[0-9a-f]{2}$' };

const syncfs = ['--barrier', 'syncfs'];
const fsync = ['--barrier', 'fsync'];
const file = ['--durability', 'file'];
const flat = ['--layout', 'flat'];
const sharded = ['--layout', 'sharded'];

export const SCENARIOS: readonly Scenario[] = [
  ...[syncfs, fsync, file].flatMap((how) => [
    scenario(`a first ingest, flat, ${how.join(' ')}`, () =>
      record([ingestOf(SMALL, ...how, ...flat)]),
    ),
    scenario(`a first ingest, sharded, ${how.join(' ')}`, () =>
      record([ingestOf(SMALL, ...how, ...sharded)]),
    ),
    scenario(`an ingest of large files into an empty store, ${how.join(' ')}`, () =>
      record([ingestOf({ ...SMALL, ...LARGE }, ...how)], storeOf('flat')),
    ),
    scenario(
      `an ingest of large files that shares their blocks, XFS, ${how.join(' ')}`,
      () => recordOnXfs(how),
      demandXfs,
    ),
    scenario(`an ingest that repairs a damaged object, ${how.join(' ')}`, () =>
      record([ingestOf(SMALL, ...how)], damagedStore('flat')),
    ),
  ]),
  scenario('a first ingest with a manifest', () => {
    const ingest = ingestOf(SMALL);
    const args = (root: string) => [...ingest.args(root), '--manifest', manifestIn(root)];
    return record([{ ...ingest, args }]);
  }),
  ...(['flat', 'sharded'] as const).map((layout) =>
    scenario(`an ingest of what a killed one stored, ${layout}`, () =>
      record(
        [{ ...ingestOf(SMALL), ...beforeItsLastFlush }, ingestOf(SMALL, ...file)],
        storeOf(layout),
      ),
    ),
  ),
  scenario('an ingest into a store whose maker was killed', () =>
    record([
      { ...ingestOf(SMALL, ...fsync), ...beforeTheStoreIsFlushed },
      ingestOf(SMALL, ...fsync),
    ]),
  ),
  scenario('an ingest into a store whose folders a killed one made', () =>
    record([
      { ...ingestOf(SMALL, ...fsync), ...beforeItsFoldersAreFlushed },
      ingestOf(SMALL, ...fsync),
    ]),
  ),
  scenario('an ingest of what one without flushes stored', () =>
    record([unflushedIngestOf(SMALL), ingestOf(SMALL, ...syncfs)], storeOf('flat')),
  ),
  scenario('an ingest of some of what one without flushes stored, and of others', () =>
    record([unflushedIngestOf(SMALL), ingestOf(OTHERS, ...fsync)], storeOf('sharded')),
  ),
  scenario('an ingest that finds lost what one without flushes stored, and the next one', () =>
    record([{ ...ingestOf(SMALL, ...fsync), code: 1 }, ingestOf(SMALL, ...fsync)], lossyStore),
  ),
  scenario('a put of what an ingest without flushes stored', () =>
    record([unflushedIngestOf(SMALL), putOf(DAMAGED)], storeOf('flat')),
  ),
  scenario('a first put', () => record([putOf(DAMAGED)])),
  scenario('a put of more than is held in memory', () =>
    record([putOf(large('put'))], storeOf('sharded')),
  ),
  scenario('a put of what a killed ingest stored', () =>
    record([{ ...ingestOf(SMALL), ...beforeItsLastFlush }, putOf(DAMAGED)], storeOf('sharded')),
  ),
  scenario('a put into a store whose maker was killed', () =>
    record([{ ...putOf(DAMAGED), ...beforeTheStoreIsFlushed }, putOf(DAMAGED)]),
  ),
  scenario('a put that repairs a damaged object', () =>
    record([putOf(DAMAGED)], damagedStore('flat')),
  ),
  scenario('a verify that moves damaged objects to quarantine', () =>
    record([quarantineOf()], damagedStore('sharded', SMALL, [DAMAGED, 'content 7\n'])),
  ),
  scenario('an ingest of what a verify moved to quarantine', () =>
    record([quarantineOf(), ingestOf(SMALL, ...fsync)], damagedStore('flat', SMALL)),
  ),
  scenario('an ingest after a verify that was killed between its moves', () =>
    record(
      [{ ...quarantineOf(), ...beforeItsSecondMove }, ingestOf(SMALL, ...fsync)],
      damagedStore('flat', SMALL),
    ),
  ),
  scenario('a verify that puts back what a killed one had on its way', () =>
    record([{ ...quarantineOf(), code: 0, digests: digestsOf({ DAMAGED }) }], cutOffStore),
  ),
  scenario('a relayout to sharded', () => record([relayoutTo('sharded')], storeOf('flat', SMALL))),
  scenario('a relayout to flat', () => record([relayoutTo('flat')], storeOf('sharded', SMALL))),
  scenario('a relayout of what a killed ingest stored', () =>
    record([{ ...ingestOf(SMALL), ...beforeItsLastFlush }, relayoutTo('flat')], storeOf('sharded')),
  ),
  scenario('an ingest, in the midst of a relayout, of what a killed one stored', () =>
    record(
      [
        { ...ingestOf(SMALL), ...beforeItsLastFlush },
        { ...relayoutTo('flat'), ...beforeItsFirstMove },
        ingestOf(SMALL, ...fsync),
      ],
      storeOf('sharded'),
    ),
  ),
];

function scenario(
  title: string,
  make: () => Recording,
  demands: Scenario['demands'] = () => {},
): Scenario {
  return { title, record: make, demands };
}

function demandXfs(context: Pick<TestContext, 'skip'>): void {
  demandMounts(context);
  demandProgram(context, 'mkfs.xfs');
}

/** Source and store on one disk, which lets them share blocks. */
function recordOnXfs(how: readonly string[]): Recording {
  const prepare = (root: string) => {
    makeTree(LARGE, join(root, 'source'));
    storeOf('flat')(root);
  };
  const args = (root: string) => [
    ...['ingest', join(root, 'source'), '--store', storeIn(root), ...how],
  ];
  const command = { args, digests: digestsOf(LARGE) };
  const recording = record([command], prepare, mountImage('xfs', 320));
  if (!recording.calls.flat().some(({ name }) => name === 'clone'))
    throw new Error('no blocks were shared');
  return recording;
}
