import fs from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
// The built ones: they start the built ingot.
import type { ChildEnd, Command } from '../../dist/bench/children.js';
import type { Peer } from '../../dist/bench/peers/peer.js';
import type { Context } from '../../dist/bench/question.js';
import { againBeside } from '../../dist/bench/questions/again.js';
import type { Row } from '../../dist/bench/results.js';
import type { IngestReport } from '../../dist/src/index.js';
import { demandProgram } from '../harness/mounts.ts';
import { expectWhole } from '../harness/store-checks.ts';
import type { TreeLiteral } from '../harness/tree.ts';
import { buildBeforehand, contextInMemory } from './context.ts';

interface Run {
  readonly command: Command;
  readonly ended: ChildEnd;
  /** Of its tree when it began; milliseconds. */
  readonly youngestBegan: number;
  /** When the question had last begun to wait. */
  readonly settledAt: number;
}

const seen = vi.hoisted(() => ({ runs: [] as Run[], settledAt: 0 }));

vi.mock('../../dist/bench/children.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../dist/bench/children.js')>();
  const runChild: typeof original.runChild = async (command, options) => {
    const { settledAt } = seen;
    const tree = treeOf(command);
    const youngestBegan = tree === undefined ? 0 : youngestIn(tree);
    const ended = await original.runChild(command, options);
    seen.runs.push({ command, ended, youngestBegan, settledAt });
    return ended;
  };
  return { ...original, runChild };
});

beforeAll(() => buildBeforehand('limit.c'));
beforeEach(() => {
  seen.runs = [];
});

/** What an ingest takes in. */
function treeOf(command: Command): string | undefined {
  const at = command.indexOf('ingest');
  return at < 0 ? undefined : command[at + 1];
}

/** The newest change of a file or directory. */
function youngestIn(tree: string): number {
  const paths = fs.readdirSync(tree, { recursive: true, encoding: 'utf8' });
  return Math.max(...['.', ...paths].map((each) => fs.lstatSync(join(tree, each)).ctimeMs));
}

const settle = async () => {
  seen.settledAt = Math.ceil(performance.timeOrigin + performance.now());
};

const TREE: TreeLiteral = {
  'sub folder/a file': 'in a folder with a space',
  'sub folder/same': 'same',
  same: 'same',
  empty: '',
  link: { symlink: 'empty' },
};

const CP: Peer = {
  name: 'honest',
  version: async () => '1.0',
  settings: '',
  keeps: '',
  flush: '',
  init: 'mkdir "$REPO"',
  store: 'cp -rT "$TREE" "$REPO"',
  count: 'find "$REPO" -type f -printf x | wc -c',
  digest: 'sha256sum < "$REPO/$FILE"',
};
const MISSING: Peer = { ...CP, name: 'missing', version: async () => undefined };
const IDLE: Peer = { ...CP, name: 'idle', store: 'true' };

const MOVED = 'moved to another directory';
const STATES = {
  unchanged: ['rsync -an', 'honest'],
  'unchanged, after another source': ['rsync -an'],
  'unchanged, after a quarantine': ['rsync -an'],
  '1 % of the files changed': ['rsync -a, sync -f'],
  [MOVED]: ['rsync -an'],
};

const MANY = 'ingot ingest, unchanged, 100 files in directories of 1,000';

type Look = (arena: string) => void;

interface Options {
  readonly given?: Context;
  /** Sees the arena when the last of these states has been measured. */
  readonly look?: Look;
  /** The label of the last row that is asked for. */
  readonly until?: string;
}

/** Its rows by their labels. */
async function rowsWith(peers: readonly Peer[], options: Options = {}): Promise<Map<string, Row>> {
  const { given = contextInMemory(TREE), look, until } = options;
  const rows = new Map<string, Row>();
  for await (const row of againBeside(peers, settle).run(given)) {
    rows.set(row.label, row);
    if (row.label === `ingot ingest, ${MOVED}`) look?.(given.arena.path);
    if (row.label === until) break;
  }
  return rows;
}

/** Of its runs of ingot on trees of this name: what each reported. */
function reportsOn(...names: readonly string[]): IngestReport[] {
  return seen.runs.flatMap(({ command, ended }) =>
    names.includes(basename(treeOf(command) ?? '')) ? JSON.parse(ended.stdout) : [],
  );
}

describe('an ingest again', { timeout: 120_000 }, () => {
  it('is held against what only looks, in every state of the tree and its store', async (context) => {
    demandProgram(context, 'cc');
    demandProgram(context, 'rsync');
    demandProgram(context, '/usr/bin/time');
    const rows = await rowsWith([CP, MISSING, IDLE]);
    for (const [state, references] of Object.entries(STATES)) {
      const ours = rows.get(`ingot ingest, ${state}`)!;
      expect(ours.peakRssBytes).toBeGreaterThan(0);
      for (const reference of references) {
        const { ratio, seconds, figures } = rows.get(`${reference}, beside ${state}`)!;
        expect(ratio!.median).toBeCloseTo(ours.seconds!.median / seconds!.median);
        expect(figures!.aim).toBeLessThan(figures!.must!);
      }
    }
    const [first, limit] = ['ingot ingest, into a new store', 'limit.c tmpfile'].map((each) =>
      rows.get(each),
    );
    expect(limit!.ratio!.median).toBeCloseTo(first!.seconds!.median / limit!.seconds!.median);
    expect(limit!.figures).toEqual({ must: 1.3, aim: 1.15 });
    expect(rows.get('missing, beside unchanged')!.absent).toBe('not installed');
    expect(rows.get('idle, beside unchanged')!.absent).toMatch(/^failed: it stored 0 of 4 files/);
    expect(rows.get(MANY)!.peakRssBytes).toBeGreaterThan(0);

    const finding = againBeside([], settle).finding([...rows.values()])!;
    expect(finding).toMatch(
      /^ingot ingest takes, .*; unchanged: [^;]* rsync -an .* and [^;]* honest/,
    );
    expect(finding).toMatch(/100 files in directories of 1,000: [\d.]+ MB at the peak\.$/);
  });

  it('meets the tree and the store that its row names', async (context) => {
    demandProgram(context, 'rsync');
    const look = vi.fn((arena: string) => {
      const store = join(arena, 'store');
      expect(expectWhole(store).length).toBeGreaterThan(0);
      expect(fs.readdirSync(join(store, '.ingot/quarantine'))).not.toEqual([]);
      // Of the moved tree rsync had nothing to copy: what was changed, it had copied.
      expect(fs.readdirSync(arena)).toEqual(expect.arrayContaining(['copy', 'moved 2']));
      expect(fs.readdirSync(arena)).not.toContain('source');
      const [moved, copy] = ['moved 2', 'copy'].map((name) => contentsIn(join(arena, name)));
      expect(copy).toEqual(moved);
    });
    await rowsWith([], { look });
    expect(look).toHaveBeenCalledOnce();
    // First; then a warm-up and a round of three that are unchanged, of changed ones, of moves.
    const newIn = (...names: string[]) => reportsOn(...names).map(({ outcomes }) => outcomes.new);
    expect(newIn('source')).toEqual([3, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(newIn('moved 1', 'moved 2')).toEqual([0, 0]);
    for (const report of reportsOn('source', 'moved 1', 'moved 2'))
      expect(report.snapshot).toBeDefined();
    // Before each unchanged one: a new object; then another, and the one that was quarantined.
    expect(newIn('other')).toEqual([101, 1, 1, 1, 1, 1]);
  });

  it('never looks at what was changed a moment before', async () => {
    await rowsWith([]);
    const looks = seen.runs.filter(({ command }) => {
      const tree = treeOf(command);
      return tree !== undefined && basename(tree) !== 'other';
    });
    expect(looks.length).toBeGreaterThan(10);
    for (const { command, youngestBegan, settledAt } of looks)
      expect(youngestBegan, command.join(' ')).toBeLessThanOrEqual(settledAt);
  });

  it('is beside those tools that were asked for', async () => {
    const given = { ...contextInMemory(TREE), peers: ['restic'] };
    const until = 'ingot ingest, unchanged, after another source';
    const rows = await rowsWith([CP], { given, until });
    expect([...rows.keys()]).toContain(until);
    expect([...rows.keys()].filter((label) => /honest|rsync/.test(label))).toEqual([]);
  });
});

/** Contents and times of the files of a tree. */
function contentsIn(tree: string): unknown[] {
  const entries = fs.readdirSync(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((file) => [
      file.slice(tree.length),
      fs.readFileSync(file, 'utf8'),
      fs.statSync(file).mtimeMs,
    ])
    .sort();
}
