/** Damaged and foreign snapshots through every command that reads them: a line each, and exit code 4. */
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { isIngotError } from '../../src/errors.ts';
import { diff } from '../../src/snapshot/diff/diff.ts';
import { find } from '../../src/snapshot/find.ts';
import { history } from '../../src/snapshot/history.ts';
import { openSnapshot, snapshots } from '../../src/snapshot/snapshot.ts';
import { ingot } from '../harness/run.ts';
import { tempStore } from '../harness/temp-store.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { all, directoryAt, fileAt, numbered } from '../snapshot/trees.ts';

const ENTRIES = [directoryAt(''), directoryAt('d'), ...numbered('d', 1_500), fileAt('x')];

let root: string;
let [first, second] = ['', ''];
beforeEach(async () => {
  root = tempStore();
  first = await storeSnapshot(root, ENTRIES, { label: 'nightly' });
  second = await storeSnapshot(root, ENTRIES.slice(0, -700));
});

const COMMANDS: readonly (readonly string[])[] = [
  ['snapshots'],
  ['ls', '-R'],
  ['ls', '-l', 'latest:d'],
  ['cat', 'latest:d/file-00700'],
  ['find', '*9'],
  ['log', 'd/file-00700'],
  ['diff', 'latest~1', 'latest'],
];

/** Each ends by itself, in lines, and finds the damage where it has to meet it. */
function expectLines(isMet: (args: readonly string[]) => boolean): void {
  for (const args of COMMANDS) {
    const { code, stderr } = ingot([...args, '--store', root], { timeout: 30_000 });
    expect(stderr, args.join(' ')).toMatch(/^(ingot: [^\n]+\n)*$/);
    expect(stderr).not.toContain('internal error');
    expect([0, 4], args.join(' ')).toContain(code);
    if (isMet(args))
      expect({ args, code, isSilent: stderr === '' }).toEqual({ args, code: 4, isSilent: false });
  }
}

const segments = () => fs.readdirSync(join(root, '.ingot/segments'));

function replace(folder: 'segments' | 'snapshots', name: string, bytes: Buffer): void {
  const path = join(root, '.ingot', folder, name);
  fs.rmSync(path, { recursive: true });
  fs.writeFileSync(path, bytes);
}

describe('every command', () => {
  const everywhere = ([command]: readonly string[]) => command !== 'snapshots';

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['is empty', () => Buffer.alloc(0)],
    ['is cut short', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['has one bit flipped', (bytes) => flipped(bytes, bytes.length * 4)],
    ['is something else', () => Buffer.from('nobody knows what')],
    ['is of a newer format', () => Buffer.from('{"segment":2,"level":0}\n')],
  ])('says in a line that a segment %s', (_, change) => {
    for (const name of segments())
      replace('segments', name, change(fs.readFileSync(join(root, '.ingot/segments', name))));
    expectLines(everywhere);
  });

  it('says in a line that a segment is missing, or is no file', () => {
    for (const name of segments()) fs.rmSync(join(root, '.ingot/segments', name));
    expectLines(everywhere);
    for (const name of segments()) fs.mkdirSync(join(root, '.ingot/segments', name));
    expectLines(everywhere);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['is empty', () => Buffer.alloc(0)],
    ['is cut short', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['has one bit flipped', (bytes) => flipped(bytes, 500)],
    ['is that of another snapshot', () => fs.readFileSync(join(root, '.ingot/snapshots', first))],
  ])('says in a line that the newest reference %s', (_, change) => {
    const bytes = fs.readFileSync(join(root, '.ingot/snapshots', second));
    replace('snapshots', second, change(bytes));
    expectLines(() => true);
  });
});

describe('a store.json of a newer format', () => {
  it('is refused in a line by every command', () => {
    const path = join(root, '.ingot/store.json');
    const json = JSON.parse(fs.readFileSync(path, 'utf8'));
    fs.writeFileSync(path, JSON.stringify({ ...json, format: 99 }));
    for (const args of COMMANDS) {
      const ended = ingot([...args, '--store', root]);
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toMatch(/^ingot: [^\n]*newer[^\n]*\n$/);
    }
  });
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** What the commands do, without processes: each ends, with entries or an error of ingot's. */
async function lookAtAll(): Promise<void> {
  const looks = [
    async () => snapshots(root),
    async () => all((await openSnapshot(root, 'latest')).entries()),
    async () => all((await openSnapshot(root, 'nightly:d')).children()),
    async () => openSnapshot(root, 'latest:d/file-00700'),
    async () => all(find(root, '*9', { onDamaged: () => {} })),
    async () => all(history(root, 'x', { onDamaged: () => {} })),
    async () => all(diff(root, 'latest~1', 'latest')),
  ];
  for (const look of looks)
    await look().catch((error: unknown) => {
      if (!isIngotError(error)) throw error;
      expect(error.message).not.toContain('\n');
    });
}

it('any bits flipped and any bytes anywhere end in order', async () => {
  const files = ['segments', 'snapshots'].flatMap((folder) =>
    fs.readdirSync(join(root, '.ingot', folder)).map((name) => join(root, '.ingot', folder, name)),
  );
  const whole = new Map(files.map((path) => [path, fs.readFileSync(path)]));
  const edit = fc.record({
    file: fc.nat({ max: files.length - 1 }),
    bits: fc.array(fc.nat({ max: 1 << 20 }), { maxLength: 4 }),
    bytes: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined, freq: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      for (const { file, bits, bytes } of edits) {
        const path = files[file]!;
        let now: Buffer = Buffer.from(bytes ?? whole.get(path)!);
        for (const bit of bits) if (now.length > 0) now = flipped(now, bit % (8 * now.length));
        fs.rmSync(path);
        fs.writeFileSync(path, now);
      }
      await lookAtAll();
      for (const [path, bytes] of whole) {
        fs.rmSync(path);
        fs.writeFileSync(path, bytes);
      }
    }),
    { numRuns: 60 },
  );
});
