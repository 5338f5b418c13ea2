import { describe, expect, it } from 'vitest';
// The built ones: they start the built ingot.
import { PEERS } from '../../dist/bench/peers/index.js';
import type { RestoringPeer } from '../../dist/bench/peers/peer.js';
import { restoreBeside } from '../../dist/bench/questions/restore.js';
import { demand } from '../harness/mounts.ts';
import type { TreeLiteral } from '../harness/tree.ts';
import { contextFor, rowsOf } from './context.ts';

const TREE: TreeLiteral = {
  'sub folder/a file': 'in a folder with a space',
  'sub folder/same': 'same',
  same: 'same',
  empty: '',
  large: Buffer.alloc(300_000, 'chunks and more chunks '),
  link: { symlink: 'empty' },
  'empty folder': { directory: true },
};

const CP: RestoringPeer = {
  name: 'honest',
  version: async () => '1.0',
  settings: '',
  keeps: '',
  flush: '',
  init: 'mkdir "$REPO"',
  store: 'cp -rT "$TREE" "$REPO"',
  restore: 'cp -rT "$REPO" "$TARGET"',
  count: '',
  digest: '',
};

describe('a restore', () => {
  it('is held against a copy of the source, then done of large trees once', async () => {
    const rows = await rowsOf(restoreBeside([CP]), contextFor(TREE));
    expect(rows.map(({ label, absent }) => [label, absent])).toEqual([
      ['ingot restore', undefined],
      ['cp -r of the source', undefined],
      ['honest', undefined],
      ['ingot restore, 100 files in directories of 1,000', undefined],
      ['ingot restore, 100 files in one directory', undefined],
    ]);
    const [ours, ...others] = rows.slice(0, 3);
    for (const { label, seconds, ratio } of others)
      expect(ratio).toMatchObject({
        to: label,
        median: ours!.seconds!.median / seconds!.median,
      });
    expect(rows[2]!.settings).toBe('1.0');
    for (const { seconds, filesPerSecond } of rows.slice(3))
      expect(seconds!.median * filesPerSecond!).toBeCloseTo(100);
    expect(restoreBeside([CP]).finding(rows)).toMatch(/^ingot restore takes .* and .* honest/);
  });

  it('is of no use beside one that leaves out or changes a file, or cannot be run', async () => {
    const peers = [
      { ...CP, name: 'idle', restore: 'true' },
      { ...CP, name: 'short', restore: `${CP.restore}; echo x >"$TARGET/large"` },
      { ...CP, name: 'failing', restore: 'echo disk on fire >&2; exit 1' },
      { ...CP, name: 'storeless', store: 'echo no store >&2; exit 1' },
      { ...CP, name: 'missing', version: async () => undefined },
    ];
    const rows = await rowsOf(restoreBeside(peers), contextFor(TREE));
    const absent = new Map(rows.map((row) => [row.label, row.absent]));
    expect(absent.get('idle')).toMatch(/^failed: it restored 0 of 5 files/);
    expect(absent.get('short')).toMatch(/^failed: it restored 5 of 5 files, 34 of 300,032 bytes/);
    expect(absent.get('failing')).toBe('failed: disk on fire');
    expect(absent.get('storeless')).toBe('failed: no store');
    expect(absent.get('missing')).toBe('not installed');
    expect(absent.get('cp -r of the source')).toBeUndefined();
  });

  it('is beside those tools that were asked for', async () => {
    const given = { ...contextFor({ a: 'a' }), peers: ['restic'] };
    const rows = await rowsOf(restoreBeside([CP]), given);
    expect(rows.map(({ label }) => label)).not.toContain('honest');
  });

  it('fails when a file is missing in what ingot wrote', async () => {
    const given = contextFor({ a: 'a' });
    const more = { ...given, corpus: { ...given.corpus, files: 2 } };
    await expect(rowsOf(restoreBeside([]), more)).rejects.toThrow(/ingot did not restore the tree/);
  });
});

const RESTORING = PEERS.filter((peer): peer is RestoringPeer => peer.restore !== undefined);

describe.each(RESTORING.map((peer) => [peer.name, peer] as const))('%s', (name, peer) => {
  it('restores the whole tree into the directory that it is given', async (context) => {
    demand(context, (await peer.version()) !== undefined, `${name} is not installed`);
    const [, , row] = await rowsOf(restoreBeside([peer]), contextFor(TREE));
    expect(row).toMatchObject({ label: name, seconds: { runs: 1 } });
  });
});
