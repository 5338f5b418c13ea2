/** Stores whose metadata somebody replaced, cut, blew up or filled with noise. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { readFormat } from '../../../../src/store/local/on-disk/format.ts';
import { LargeIndex } from '../../../../src/store/local/publish/large-index.ts';
import { signOf } from '../../../../src/store/local/writers/writer.ts';
import { ingotWithPeak } from '../../../harness/peak-memory.ts';
import { type Ended, ingot } from '../../../harness/run.ts';
import {
  expectFailure,
  expectNextRunCompletes,
  expectWhole,
} from '../../../harness/store-checks.ts';
import { tempStore } from '../../../harness/temp-store.ts';
import { makeTree, type TreeEntry, temporaryDirectory } from '../../../harness/tree.ts';

const SMALL = 'small';
const DIGEST = digestOf(Buffer.from(SMALL));

let source: string;
let store: string;
beforeEach(async () => {
  source = makeTree({ a: SMALL, large: randomBytes(5 << 20) });
  store = join(temporaryDirectory(), 's');
  await expectNextRunCompletes(source, store);
});

/** A command that waits for good, as on a fifo, is killed, and the test fails. */
const run = (...args: string[]): Ended => ingot([...args, '--store', store], { timeout: 30_000 });

/** Every command that opens a store. */
const commands = (): string[][] => [
  ['ingest', source, '-q'],
  ['put', join(source, 'a')],
  ['get', DIGEST],
  ['verify', '--no-progress'],
  ['stats'],
  ['relayout', '--to', 'sharded'],
];

function replace(name: string, entry: TreeEntry): string {
  fs.rmSync(join(store, name), { recursive: true, force: true });
  makeTree({ [name]: entry }, store);
  return join(store, name);
}

/** Runs `ingest` with one worker and gives the most memory it had, in bytes. */
function peakOfIngest(): number {
  const args = ['ingest', source, '--store', store, '-q', '--threads', '1'];
  const { ended, peakBytes } = ingotWithPeak(args);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return peakBytes;
}

describe('a store.json', () => {
  const KINDS: Record<string, TreeEntry> = {
    'a fifo': { fifo: true },
    'a directory': { directory: true },
    'a socket': { socket: true },
    'a link to an endless device': { symlink: '/dev/zero' },
    'a link to itself': { symlink: 'store.json' },
  };

  it.each(Object.entries(KINDS))('that is %s is refused by every command, at once', (_, entry) => {
    replace('.ingot/store.json', entry);
    const before = fs.readdirSync(store);
    for (const args of commands())
      expectFailure(run(...args), /\/store\.json: it is not a regular file; nothing was touched/);
    expect(fs.readdirSync(store)).toEqual(before);
  });

  it('of 100 MB is refused by every command, and not read to its end', () => {
    fs.truncateSync(join(store, '.ingot/store.json'), 100_000_000);
    for (const args of commands())
      expectFailure(run(...args), /\/store\.json: it has more than 65536 bytes/);
  });

  it('of any bytes is a format or an IngotError that names it', () => {
    const root = tempStore();
    const path = join(root, '.ingot', 'store.json');
    const whole = Buffer.from('{"format":1,"layout":"flat","movingFrom":"sharded"}\n');
    const cut = fc.nat(whole.length).map((length) => whole.subarray(0, length));
    const edited = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(255))
      .map(([at, byte]) => whole.map((old, index) => (index === at ? byte : old)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), cut, edited), (bytes) => {
        fs.writeFileSync(path, bytes);
        try {
          expect(readFormat(root)).toMatchObject({ format: 1 });
        } catch (error) {
          const code = expect.stringMatching(/^INGOT_(BAD|NEWER)_FORMAT$/);
          expect(error).toMatchObject({ name: 'IngotError', code, path });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the sizes of large objects', () => {
  it.each<[string, TreeEntry]>([
    ['a fifo', { fifo: true }],
    ['a directory', { directory: true }],
    ['an endless device', { symlink: '/dev/zero' }],
  ])('are only a hint: %s in their place is passed over', (_, entry) => {
    replace('.ingot/large', entry);
    fs.rmSync(join(store, digestOf(fs.readFileSync(join(source, 'large')))));
    expect(run('ingest', source, '-q')).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(2);
  });

  it('are not written to what a link in their place points to', () => {
    const precious = join(source, 'a');
    replace('.ingot/large', { symlink: precious });
    makeTree({ other: randomBytes(5 << 20) }, source);
    expect(run('ingest', source, '-q')).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readFileSync(precious, 'utf8')).toBe(SMALL);
  });

  it('of more objects than there can be take no more memory than those of many', () => {
    let objects = 0;
    const line = () => `5000000 ${(objects++).toString(16).padStart(32, '0')}\n`;
    const lines = () => Array.from({ length: 100_000 }, line).join('');
    const file = replace('.ingot/large', lines());
    const some = peakOfIngest();
    while (fs.statSync(file).size < 100e6) fs.appendFileSync(file, lines());
    expect(peakOfIngest()).toBeLessThan(some + 80e6);
  });

  it('are those that were added, whatever else is in the file', () => {
    const root = tempStore();
    const path = join(root, '.ingot', 'large');
    const sample = fc.stringMatching(/^[0-9a-f]{32}$/);
    const known = fc.array(fc.tuple(fc.nat(), sample), { maxLength: 5 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), known, sample, (noise, pairs, unknown) => {
        fs.writeFileSync(path, Buffer.concat([noise, Buffer.from('\n')]));
        const index = new LargeIndex(root);
        for (const [size, text] of pairs) index.add(size, text);
        for (const reader of [index, new LargeIndex(root)]) {
          for (const [size, text] of pairs) expect(reader.has(size, text)).toBe(true);
          expect(reader.has(1, unknown)).toBe(false);
        }
      }),
    );
  });
});

describe("a writer's lock", () => {
  it.each<[string, TreeEntry]>([
    ['a fifo', { fifo: true }],
    ['a socket', { socket: true }],
    ['a directory', { directory: true }],
    ['a link', { symlink: '/dev/zero' }],
  ])('that is %s keeps no command from its end', (_, entry) => {
    makeTree({ '.tmp-dead0000000000000000000000000000/lock': entry }, store);
    for (const args of commands()) expect(run(...args)).toMatchObject({ code: 0, stderr: '' });
  });

  it('that says anything else than a layout and a format is that of a writer that says nothing', async () => {
    const folder = makeTree({ lock: '' });
    const libc = (await loadLibc())!;
    const named = fc
      .constantFrom('flat', 'sharded', 'flat\n', 'sharded 2\n', 'flat 12', 'flat flat', 'flat 02')
      .map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), named), (bytes) => {
        fs.writeFileSync(join(folder, 'lock'), bytes);
        const text = Buffer.from(bytes).toString('latin1').trimEnd();
        const isSign = ['flat', 'sharded', 'sharded 2', 'flat 12'].includes(text);
        const [layout, knows] = isSign ? text.split(' ') : [];
        expect(signOf(folder, libc)).toEqual({
          ...{ folder, alive: false, layout, knows: knows && Number(knows) },
        });
      }),
    );
  });
});

describe('a fifo under the name of an object', () => {
  it('fails, and does not stop, a run that has to flush what others did not', () => {
    replace(digestOf(Buffer.from('of no source')), { fifo: true });
    makeTree({ [`.ingot/unflushed/.tmp-${'0'.repeat(32)}`]: '' }, store);
    const ended = run('ingest', source, '-q', '--barrier', 'fsync');
    expectFailure(ended, /cannot make objects durable.*\(EINVAL\)/);
  });
});
