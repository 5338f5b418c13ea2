import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
// The built ones: they start programs that lie beside them.
import { PEERS } from '../../dist/bench/peers/index.js';
import type { Peer } from '../../dist/bench/peers/peer.js';
import type { Context } from '../../dist/bench/question.js';
import { besidePeers } from '../../dist/bench/questions/peers.js';
import type { Row } from '../../dist/bench/results.js';
import { demand, demandProgram } from '../harness/mounts.ts';
import { type TreeLiteral, temporaryDirectory } from '../harness/tree.ts';
import { buildBeforehand, contextFor, rowsOf } from './context.ts';

beforeAll(() => buildBeforehand('floors/floor.c'));
afterEach(() => vi.unstubAllEnvs());

/** What tools are apt to leave out or to change. */
const ODD: TreeLiteral = {
  'sub folder/a file': 'in a folder with a space',
  'sub folder/deeper/again/leaf.txt': 'leaf',
  'new\nline': 'a line break in its name',
  'back\\slash': 'a backslash',
  '-rf': 'like an option',
  '[*]?': 'like a pattern',
  '.hidden': 'a dot',
  'ends.bup': 'like a folder of chunks',
  '.bupm': 'like metadata',
  ümläut: 'not ASCII',
  'same as leaf': 'leaf',
  empty: '',
  '.gitattributes': '* text eol=lf\n',
  '.gitignore': '*\n',
  crlf: 'a\r\nb\r\n',
  large: Buffer.alloc(300_000, 'chunks and more chunks '),
  link: { symlink: 'empty' },
  'empty folder': { directory: true },
};

const NOT_UTF8: TreeLiteral = { 'bad\udcff': 'a byte that is not UTF-8' };

/** They say so, or their row does. */
const ONLY_UTF8 = ['ostree', 'pnpm store'];

async function answer(peers: readonly Peer[], context: Context): Promise<Row[]> {
  return await rowsOf(besidePeers(peers), context);
}

async function demandPeer(context: TestContext, peer: Peer): Promise<void> {
  demand(context, (await peer.version()) !== undefined, `${peer.name} is not installed`);
}

function peerNamed(name: string): Peer {
  return PEERS.find((peer) => peer.name === name)!;
}

/** Programs that stand in front of the real ones on PATH. */
function putOnPath(programs: Readonly<Record<string, string>>): void {
  const folder = temporaryDirectory();
  for (const [name, script] of Object.entries(programs))
    fs.writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
}

describe.each(PEERS.map((peer) => [peer.name, peer] as const))('%s', (name, peer) => {
  it('stores a tree with odd names, twice, beside ingot, and leaves nothing elsewhere', async (context) => {
    demandProgram(context, 'cc');
    await demandPeer(context, peer);
    const bench = contextFor(ONLY_UTF8.includes(name) ? ODD : { ...ODD, ...NOT_UTF8 });
    const home = temporaryDirectory();
    for (const variable of ['HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'])
      vi.stubEnv(variable, home);
    const before = fs.readdirSync(bench.tree, 'latin1');

    const [first, again, ...ours] = await answer([peer], bench);
    expect(first).toMatchObject({
      label: `${name}, first ingest`,
      parameters: { peer: name, run: 'first' },
      seconds: { runs: 1 },
      settings: expect.stringContaining(`${await peer.version()}: `),
    });
    expect(again).toMatchObject({ label: `${name}, unchanged tree`, seconds: { runs: 1 } });
    expect(ours.map(({ floor }) => floor!.distance > 0)).toEqual([true, true]);
    for (const [run, theirs] of [first, again].entries())
      expect(theirs!.ratio).toMatchObject({
        to: name,
        median: ours[run]!.seconds!.median / theirs!.seconds!.median,
      });
    expect(fs.readdirSync(home)).toEqual([]);
    expect(fs.readdirSync(bench.tree, 'latin1')).toEqual(before);
  });
});

it.each(ONLY_UTF8)('%s has no time when it leaves out a name that is not UTF-8', async (name) => {
  const peer = peerNamed(name);
  const [row] = await answer([peer], contextFor({ ...ODD, ...NOT_UTF8 }));
  if ((await peer.version()) === undefined) expect(row!.absent).toBe('not installed');
  else expect(row!.absent).toMatch(/^failed: (error: Invalid UTF-8|it stored 16 of 17 files)/);
});

describe('the peers', () => {
  it('are absent when they are not installed', async () => {
    const programs = PEERS.filter(({ environment }) => environment?.CHILD === undefined);
    vi.stubEnv('PATH', temporaryDirectory());
    const rows = await answer(programs, contextFor(ODD));
    expect(rows).toEqual(
      programs.map(({ name }) => ({
        label: name,
        parameters: { peer: name },
        absent: 'not installed',
      })),
    );
  });

  it('tell what a failing one said, and go on', async () => {
    const notes: string[] = [];
    putOnPath({
      git: 'case "$1" in --version) echo git version 9.8.7;; *) echo disk on fire >&2; exit 1;; esac',
      rsync: 'echo no such machine >&2; exit 1',
    });
    const peers = ['git (batched fsync)', 'rsync', 'cp -r'].map(peerNamed);
    const rows = await answer(peers, contextFor(ODD, notes));
    expect(rows.map(({ label, absent }) => [label, absent])).toEqual([
      ['git (batched fsync)', 'failed: disk on fire'],
      ['rsync', 'failed: no such machine'],
      ['cp -r, first ingest', undefined],
      ['cp -r, unchanged tree', undefined],
      ['ingot, first ingest', undefined],
      ['ingot, unchanged tree', undefined],
    ]);
    // Without cc there are no floors, which is noted, too.
    expect(notes.filter((note) => !note.startsWith('no distance'))).toEqual([
      'git (batched fsync) failed: disk on fire',
      'rsync failed: no such machine',
    ]);
  });

  it('go on after one that may not be run', async () => {
    const folder = temporaryDirectory();
    fs.writeFileSync(join(folder, 'rsync'), '', { mode: 0o644 });
    vi.stubEnv('PATH', folder);
    const rows = await answer(['rsync', 'git + sync -f'].map(peerNamed), contextFor(ODD));
    expect(rows.map(({ absent }) => absent)).toEqual([
      expect.stringMatching(/^failed: .*\(EACCES\)/),
      'not installed',
    ]);
  });

  it('are not blamed when ingot itself fails', async () => {
    const cp = peerNamed('cp -r');
    const given = contextFor({ only: 'one' });
    // No store can be made where a file is.
    const arena = { ...given.arena, path: join(given.tree, 'only'), renew: () => {} };
    await expect(answer([cp], { ...given, arena })).rejects.toThrow(/ingest .* failed/);
  });

  it('are measured although some of the tree cannot be read beforehand', async () => {
    putOnPath({ cat: 'exit 1' });
    const [first] = await answer([peerNamed('cp -r')], contextFor({ only: 'one' }));
    expect(first!.absent).toBeUndefined();
  });

  it('find the tree in the page cache, whatever the one before them has done', async (context) => {
    demandProgram(context, 'fincore');
    const cp = peerNamed('cp -r');
    const dropper = {
      ...cp,
      name: 'dropper',
      store: `[ "$(fincore -nbo res "$TREE/only")" -gt 0 ] || { echo it is cold >&2; exit 1; }
        ${cp.store}; sync; dd if="$TREE/only" iflag=nocache count=0 2>&1`,
    };
    const [first] = await answer([dropper], contextFor({ only: 'x'.repeat(5000) }));
    expect(first!.absent).toBeUndefined();
  });

  it('are those that were asked for', async () => {
    const peers = ['rsync', 'cp -r'].map(peerNamed);
    const rows = await answer(peers, { ...contextFor(ODD), peers: ['cp -r'] });
    expect(new Set(rows.map(({ parameters }) => parameters.peer))).toEqual(
      new Set(['cp -r', 'ingot']),
    );
  });

  it('are not fast when they fail in silence', async () => {
    const cp = peerNamed('cp -r');
    const idle = { ...cp, name: 'idle', store: 'true' };
    const forger = {
      ...cp,
      name: 'forger',
      store: 'cp -rT "$TREE" "$REPO"; echo x > "$REPO/only"',
    };
    const rows = await answer(
      [idle, forger],
      contextFor({ only: 'one', sub: { directory: true } }),
    );
    expect(rows.map(({ label, absent }) => [label, absent])).toEqual([
      ['idle', 'failed: it stored 0 of 1 files'],
      ['forger', 'failed: it holds another content for only'],
    ]);
  });

  it.each(['git (batched fsync)', 'git + sync -f'])(
    'keep contents as they are: %s',
    async (name) => {
      const tree = { '.gitattributes': '* text eol=lf\n', crlf: 'a\r\nb\r\n' };
      const [row] = await answer([peerNamed(name)], contextFor(tree));
      expect(row!.absent).toBeUndefined();
    },
  );

  it('are not told what the user has set for them', async () => {
    vi.stubEnv('GIT_DIR', '/no/such/repository');
    vi.stubEnv('GIT_INDEX_FILE', '/no/such/index');
    const [row] = await answer([peerNamed('git + sync -f')], contextFor(ODD));
    expect(row!.absent).toBeUndefined();
  });

  it.each(PEERS.map(({ name }) => name))('flush, or are flushed, in every setting: %s', (name) => {
    const { flush, store } = peerNamed(name);
    expect(flush.startsWith('flushes itself')).toBe(!store.includes('sync -f "$REPO"'));
  });
});
