/** Which files the kernel is asked for ahead, as strace sees it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { demandProgram } from '../harness/mounts.ts';
import { expectWhole } from '../harness/store-checks.ts';
import { type Injected, ingotTraced } from '../harness/strace.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const MIB = 1 << 20;

let store: string;
beforeEach((context) => {
  demandProgram(context, 'strace');
  store = join(temporaryDirectory(), 's');
});

interface Asked {
  readonly path: string;
  readonly from: number;
  readonly bytes: number;
}

/** fadvise64(8</tree/f0>, 0, 10, POSIX_FADV_WILLNEED) = 0 */
const ASKED = /fadvise64\(\d+<(.+?)>, (\d+), (\d+), POSIX_FADV_WILLNEED\)/;

function askedIn(calls: readonly string[]): Asked[] {
  return calls.flatMap((call) => {
    const [, path, from, bytes] = ASKED.exec(call) ?? [];
    return path === undefined ? [] : [{ path, from: Number(from), bytes: Number(bytes) }];
  });
}

const args = (source: string, readAhead: string) => [
  ...['ingest', source, '--store', store, '--threads', '1', '-q'],
  ...['--no-progress', '--read-ahead', readAhead],
];

/** Each read of the file takes 4 ms. */
function ingestSlowly(source: string, path: string, readAhead: string): Injected {
  const slow = ['-P', path, '-e', 'trace=read,fadvise64', '-e', 'inject=read:delay_exit=4000'];
  const ended = ingotTraced(args(source, readAhead), slow);
  expect(ended.calls.filter((call) => call.includes('(DELAYED)')).length).toBeGreaterThan(5);
  return ended;
}

it('each small file is asked for once, as a whole, and a large one at most while it is read', () => {
  const names = Array.from({ length: 40 }, (_, n) => `d${n % 3}/f${n}`);
  const files = Object.fromEntries(names.map((name, n) => [name, 'x'.repeat(n + 1)]));
  const source = makeTree({ ...files, large: randomBytes(5 * MIB) });
  const { code, calls } = ingotTraced(args(source, '8'), ['-e', 'trace=fadvise64']);
  expect(code).toBe(0);
  const expected = names.map((name, n) => ({ path: join(source, name), from: 0, bytes: n + 1 }));
  const inOrder = (asked: Asked[]) => asked.sort((a, b) => a.bytes - b.bytes);
  const fromStart = askedIn(calls).filter(({ from }) => from === 0);
  expect(inOrder(fromStart)).toEqual(inOrder(expected));
});

it('a large file whose reads wait is asked for ahead of them, each byte once', () => {
  const source = makeTree({ large: randomBytes(24 * MIB) });
  const path = join(source, 'large');
  const ended = ingestSlowly(source, path, 'auto');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const asked = askedIn(ended.calls);
  expect(asked.length).toBeGreaterThan(2);
  let end = asked[0]!.from;
  expect(end).toBeLessThanOrEqual(4 * MIB);
  for (const { path: of, from, bytes } of asked) {
    expect(of).toBe(path);
    expect(from).toBe(end);
    expect(bytes).toBeLessThanOrEqual(8 * MIB);
    end = from + bytes;
  }
  expect(end).toBeGreaterThanOrEqual(24 * MIB);
  expect(expectWhole(store).length).toBe(1);
});

it('nothing is asked for where it is not wanted', () => {
  const source = makeTree({ small: 'small', large: randomBytes(8 * MIB) });
  const ended = ingestSlowly(source, join(source, 'large'), '0');
  expect(ended.code).toBe(0);
  expect(askedIn(ended.calls)).toEqual([]);
});
