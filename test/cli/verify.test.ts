/** `ingot verify` on stores with snapshots. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { type Ended, ingot } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';

let cwd: string;
let id: string;
const X = digestOf(Buffer.from('x'));

beforeEach(async () => {
  cwd = temporaryDirectory();
  const entries = [directoryAt('d'), fileAt('d/x', 'x'), fileAt('e', 'x')];
  id = await storeSnapshot(join(cwd, 's'), entries, { contents: ['x', 'y'] });
});

const run = (...args: string[]): Ended => ingot(['verify', '--store', 's', ...args], { cwd });
const lines = ({ stdout }: Ended) => stdout.split('\n');

describe('ingot verify', () => {
  it('counts snapshots', () => {
    const { code, stdout, stderr } = run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^2 objects checked, .*; 0 objects damaged; 1 snapshot checked, 0 damaged\n$/,
    );
  });

  it('names lost entries, one each, and of one snapshot all, and exits with 4', () => {
    fs.rmSync(join(cwd, 's', X));
    const ended = run();
    expect(ended.code).toBe(4);
    expect(lines(ended).slice(0, 2)).toEqual([
      `lost d/x: its object ${X} is missing; snapshot ${id}`,
      `lost 1 more entry with ${X}`,
    ]);
    expect(lines(ended)[2]).toMatch(/; 1 object of snapshots missing; 1 object of snapshots lost$/);
    expect(lines(run('--snapshot', id)).slice(0, 2)).toEqual([
      `lost d/x: its object ${X} is missing; snapshot ${id}`,
      `lost e: its object ${X} is missing; snapshot ${id}`,
    ]);
    const lost = { digest: X, state: 'missing', size: 1, snapshot: id, paths: ['d/x'], others: 1 };
    expect(JSON.parse(run('--json').stdout)).toMatchObject({
      ...{ snapshots: 1, missing: 1, lost: 1, unrepaired: 1, lostObjects: [lost] },
    });
    expect(run('--json=events').stdout).toContain(JSON.stringify({ event: 'lost', ...lost }));
  });

  it('names damaged snapshots, and exits with 4', () => {
    const [segment] = fs.readdirSync(join(cwd, 's/.ingot/segments'));
    fs.rmSync(join(cwd, 's/.ingot/segments', segment!));
    const ended = run();
    expect(ended.code).toBe(4);
    const line = `damaged snapshot ${id}: segment ${segment} of a snapshot is damaged: it is not in the store; `;
    expect(lines(ended)[0]).toContain(line);
    expect(lines(ended)[1]).toMatch(/; 1 snapshot checked, 1 damaged$/);
    expect(JSON.parse(run('--json').stdout).snapshotDamage).toMatchObject([{ id }]);
    fs.writeFileSync(join(cwd, 's/.ingot/snapshots', `${id.slice(0, -1)}x`), '');
    expect(run().stdout).toContain(`damaged snapshot ${id.slice(0, -1)}x: `);
  });

  it('exits with 4 when the one snapshot that is asked for is damaged', () => {
    const reference = join(cwd, 's/.ingot/snapshots', id);
    fs.chmodSync(reference, 0o644);
    fs.truncateSync(reference, 10);
    const { code, stderr } = run('--snapshot', id);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^ingot: snapshot \S+ is damaged: its checksum is wrong.*\n$/);
  });

  it('repairs from another store, and says what that lacks', () => {
    fs.cpSync(join(cwd, 's'), join(cwd, 'copy'), { recursive: true });
    fs.rmSync(join(cwd, 's', X));
    const ended = run('--repair-from', 'copy');
    expect({ code: ended.code, line: lines(ended)[0] }).toEqual({ code: 0, line: `repaired ${X}` });
    expect(lines(ended)[1]).toMatch(/; 1 object of snapshots missing; 1 object repaired$/);
    for (const store of ['s', 'copy']) fs.rmSync(join(cwd, store, X));
    const again = run('--repair-from', 'copy');
    expect(again.code).toBe(4);
    expect(lines(again)[0]).toBe(
      `lost d/x: its object ${X} is missing; snapshot ${id}; copy has no whole copy`,
    );
  });

  it.each([
    [['--repair-from', 's'], 2, 'cannot repair a store from itself'],
    [['--repair-from', 'nowhere'], 1, 'nowhere'],
    [['--repair-from', 'host:/s'], 2, 'host:/s'],
    [['--snapshot', 'latest:d'], 2, 'cannot verify a part of a snapshot: latest:d'],
    [['--snapshot', 'nothing'], 1, 'no such snapshot: nothing'],
  ])('refuses %j in one line', (args, code, text) => {
    const ended = run(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(/^ingot: .*\n$/);
    expect(ended.stderr).toContain(text);
  });
});
