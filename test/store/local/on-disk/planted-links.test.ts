/** Links that another user plants in a store: they lead no command to files that are not its own. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ingest, relayout, Store, verify } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { plant as plantDefect } from '../../../harness/planted.ts';
import { ingot } from '../../../harness/run.ts';
import { expectFailure } from '../../../harness/store-checks.ts';
import { plant, tempStore } from '../../../harness/temp-store.ts';
import { makeTree, type TreeLiteral, temporaryDirectory } from '../../../harness/tree.ts';

const FIXED_WRITER = fileURLToPath(new URL('../../../fixtures/fixed-writer.mjs', import.meta.url));
const CONTENT = 'content';
const DIGEST = digestOf(Buffer.from(CONTENT));
const ID = '0'.repeat(16);
const FOREIGN = digestOf(Buffer.from('foreign'));
/** What a link leads to: all that a command might take for its own. */
const OUTSIDE: TreeLiteral = {
  file: 'mine',
  [FOREIGN]: 'damaged',
  [`${DIGEST}.${ID}`]: CONTENT,
  [`.tmp-${ID}${ID}`]: '',
};

let source: string;
beforeEach(() => {
  source = makeTree({ a: CONTENT });
});

type Command = (store: string) => Promise<unknown>;
const COMMANDS: Readonly<Record<string, Command>> = {
  ingest: (store) => ingest(store, [source], { threads: 1 }),
  'ingest --durability none': (store) =>
    ingest(store, [source], { durability: 'none', threads: 1 }),
  put: async (store) => {
    const opened = await Store.open(store, { create: true });
    await opened.put(Buffer.from(CONTENT)).finally(() => opened.close());
  },
  'verify --quarantine': (store) => verify(store, { quarantine: true, threads: 1 }),
  relayout: (store) => relayout(store, 'sharded'),
};
const ALL = Object.keys(COMMANDS);
const NONE: string[] = [];
const WRITERS = ['ingest', 'ingest --durability none', 'put'];
const MENDERS = [...WRITERS, 'verify --quarantine', 'relayout'];

/** Each command that can has something to quarantine in it. */
function storeToMend(): string {
  const store = tempStore();
  fs.mkdirSync(join(store, DIGEST));
  const twice = plant(store, 'flat', 'twice');
  fs.mkdirSync(join(store, twice.slice(0, 2)));
  plant(store, 'sharded', 'twice', 'torn');
  return store;
}

/** Puts a link in the place of what is there. Gives the folder that it leads to, or into. */
function replaceByLink(path: string, isFile: boolean): string {
  const outside = makeTree(OUTSIDE);
  const target = isFile ? join(outside, 'file') : outside;
  if (fs.existsSync(path)) fs.cpSync(path, target, { recursive: true });
  fs.rmSync(path, { recursive: true, force: true });
  fs.symlinkSync(target, path);
  return outside;
}

/** All that is in a folder, by path. */
function allIn(folder: string): Record<string, string> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const textOf = (path: string) =>
    fs.lstatSync(path).isFile() ? fs.readFileSync(path, 'latin1') : '';
  return Object.fromEntries(names.map((name) => [name, textOf(join(folder, name))]));
}

/** What a command fails with, as users are told; undefined when it does not fail. */
async function messageOf(command: Command, store: string): Promise<string | undefined> {
  try {
    await command(store);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function expectNoWayOut(): void {
  const store = tempStore();
  const outside = replaceByLink(join(store, `.tmp-${ID}${ID}`), false);
  const env = { NODE_OPTIONS: `--import ${FIXED_WRITER}` };
  expectFailure(ingot(['ingest', source, '--store', store, '-q'], { env }), /\(EEXIST\)/);
  expect(allIn(outside)).toEqual(OUTSIDE);
}

function expectNotWrittenThrough(): void {
  makeTree({ large: randomBytes(5 << 20) }, source);
  const store = tempStore();
  const outside = replaceByLink(join(store, '.ingot/large'), true);
  const before = allIn(outside);
  expect(ingot(['ingest', source, '--store', store, '-q']).code).toBe(0);
  expect(allIn(outside)).toEqual(before);
}

describe('a link that another user plants', () => {
  it.each<[string, 'folder' | 'file', readonly string[]]>([
    ['.ingot', 'folder', ALL],
    ['.ingot/store.json', 'file', ALL],
    ['.ingot/moving', 'folder', MENDERS],
    ['.ingot/quarantine', 'folder', MENDERS],
    ['.ingot/unflushed', 'folder', WRITERS],
    ['.ingot/relayout.lock', 'file', ['ingest', 'relayout']],
    ['.ingot/large', 'file', NONE],
    [FOREIGN.slice(0, 2), 'folder', ['verify --quarantine', 'relayout']],
  ])('in the place of %s leads no command out of the store', async (name, kind, refusing) => {
    if (name === '.ingot/large') makeTree({ large: randomBytes(5 << 20) }, source);
    for (const [called, command] of Object.entries(COMMANDS)) {
      const store = storeToMend();
      const outside = replaceByLink(join(store, name), kind === 'file');
      const before = { outside: allIn(outside), store: fs.readdirSync(store) };
      const told = await messageOf(command, store);
      expect({ called, refused: told !== undefined }).toEqual({
        called,
        refused: refusing.includes(called),
      });
      expect(allIn(outside)).toEqual(before.outside);
      if (told === undefined) continue;
      expect(told).toContain(`${join(store, name)}: it is `);
      expect(told).toMatch(/: it is (a link|not a regular file); nothing was touched; /);
      expect(fs.readdirSync(store)).toEqual(before.store);
    }
  });

  it('in the place of a shard gets no object of a quarantine that was cut off', async () => {
    const store = tempStore('sharded');
    const outside = replaceByLink(join(store, DIGEST.slice(0, 2)), false);
    makeTree({ [`.ingot/moving/${DIGEST}.${ID}`]: CONTENT }, store);
    const before = [allIn(outside), allIn(store)];
    for (const called of ['put', 'verify --quarantine'])
      expect(await messageOf(COMMANDS[called]!, store)).toMatch(/: it is a link; nothing/);
    expect([allIn(outside), allIn(store)]).toEqual(before);
  });

  it('in the place of a shard loses nothing to a run that reads unflushed objects back', async () => {
    const store = tempStore();
    const outside = replaceByLink(join(store, FOREIGN.slice(0, 2)), false);
    makeTree({ [`.ingot/unflushed/.tmp-${ID}${ID}`]: '' }, store);
    expect(await messageOf(COMMANDS.ingest!, store)).toMatch(/: it is a link; nothing/);
    expect(allIn(outside)).toEqual(OUTSIDE);
  });

  it('in the place of a shard gets no object of a later run', async () => {
    const store = tempStore('sharded');
    const outside = replaceByLink(join(store, DIGEST.slice(0, 2)), false);
    for (const called of WRITERS)
      expect(await messageOf(COMMANDS[called]!, store)).toMatch(/: it is a link; nothing/);
    expect(await messageOf((root) => relayout(root, 'flat'), store)).toMatch(/: it is a link; /);
    expect(allIn(outside)).toEqual(OUTSIDE);
  });

  it('where a writer will be is no way out of the store', expectNoWayOut);

  it('where the sizes of large objects are noted is not written through', expectNotWrittenThrough);

  it('in an empty directory does not choose where the metadata lie', async () => {
    const outside = temporaryDirectory();
    const store = makeTree({ '.ingot': { symlink: outside } });
    for (const called of WRITERS)
      expect(await messageOf(COMMANDS[called]!, store)).toMatch(/\.ingot: it is a link; nothing/);
    expect(fs.readdirSync(outside)).toEqual([]);
  });
});

describe('the trial of planted links finds', () => {
  it.each([
    ['a folder that lies elsewhere', 'takeFolders', expectNoWayOut, /to match .*EEXIST/],
    ['writing through a link', 'followLinks', expectNotWrittenThrough, /to deeply equal/],
  ])('%s', (_, defect, trial, found) => {
    plantDefect(defect);
    expect(trial).toThrow(found);
  });
});
