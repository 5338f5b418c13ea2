import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import type { FileOps } from '../../src/files/file-ops.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { Store } from '../../src/store/store.ts';
import { countOpenIn } from '../harness/open-files.ts';
import {
  listed,
  listSorted,
  openStoreWith,
  plant,
  recordingOps,
  strayNames,
  tempStore,
} from '../harness/temp-store.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const content = async (stream: Readable) => Buffer.concat(await stream.toArray());

test('opening needs a store unless it may create one', async () => {
  const path = join(temporaryDirectory(), 'store');
  await expect(Store.open(path)).rejects.toMatchObject({ code: 'INGOT_NO_STORE', path });
  expect(fs.existsSync(path)).toBe(false);
  const store = await Store.open(relative(process.cwd(), path), {
    create: true,
    layout: 'sharded',
  });
  expect(store).toMatchObject({ root: path, layout: 'sharded' });
  await expect(Store.open(path, { layout: 'flat' })).rejects.toMatchObject({
    code: 'INGOT_LAYOUT',
  });
  await expect(Store.open(path, { create: true, layout: 'flat' })).rejects.toMatchObject({
    code: 'INGOT_LAYOUT',
  });
});

test('opening for reading takes no writer and sweeps nothing', async () => {
  const root = tempStore();
  fs.mkdirSync(join(root, '.tmp-dead0000000000000000000000000000'));
  const digest = plant(root, 'flat', 'x');
  const store = await Store.open(root);
  await content(await store.get(digest));
  expect(strayNames(root)).toEqual(['.tmp-dead0000000000000000000000000000']);
  await store.close();
  expect(strayNames(root)).toEqual(['.tmp-dead0000000000000000000000000000']);
});

test.each(['flat', 'sharded'] as const)(
  'what is put is found under its digest, %s',
  async (layout) => {
    const root = tempStore(layout);
    const store = await Store.open(root);
    const { digest } = await store.put(Buffer.from('hello'));
    const path = objectPath(root, layout, digest);
    expect(fs.readFileSync(path, 'utf8')).toBe('hello');
    expect(fs.statSync(path).mode & 0o777).toBe(0o444);
    expect(await store.has(digest)).toBe(true);
    expect(await store.stat(digest)).toEqual({ digest, size: 5, path });
    expect(await listed(store)).toEqual([digest]);
    expect((await content(await store.get(digest))).toString()).toBe('hello');
    await store.close();
    expect(strayNames(root)).toEqual([]);
  },
);

test('an unknown digest is not there', async () => {
  const store = await Store.open(tempStore());
  const digest = digestOf(Buffer.from('never stored'));
  expect(await store.has(digest)).toBe(false);
  expect(await store.stat(digest)).toBeUndefined();
  await expect(store.get(digest)).rejects.toMatchObject({ code: 'INGOT_NOT_FOUND' });
});

test('a file, a link to it, its bytes and a stream of them are one object', async () => {
  const root = tempStore();
  const folder = temporaryDirectory();
  const bytes = randomBytes(3_000_000);
  fs.writeFileSync(join(folder, 'file'), bytes);
  fs.symlinkSync('file', join(folder, 'link'));
  const store = await Store.open(root);
  const digest = digestOf(bytes);
  const base = { digest, size: bytes.length, repaired: false };
  expect(await store.put(join(folder, 'file'))).toEqual({ ...base, outcome: 'new' });
  expect(await store.put(join(folder, 'link'))).toEqual({ ...base, outcome: 'duplicate' });
  expect(await store.put(bytes)).toEqual({ ...base, outcome: 'duplicate' });
  const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 2_000_000), bytes.subarray(2_000_000)];
  expect(await store.put(Readable.from(pieces))).toEqual({ ...base, outcome: 'duplicate' });
  expect((await content(await store.get(digest))).equals(bytes)).toBe(true);
  await store.close();
  expect(listSorted(root, 'flat')).toEqual([digest]);
});

test('a fifo is read to its end', async () => {
  const fifo = join(temporaryDirectory(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const store = await Store.open(tempStore());
  const [result] = await Promise.all([
    store.put(fifo),
    fs.promises.writeFile(fifo, 'through a pipe'),
  ]);
  expect(result).toMatchObject({ digest: digestOf(Buffer.from('through a pipe')), outcome: 'new' });
  await store.close();
});

test('many puts at once are all stored', async () => {
  const root = tempStore();
  const store = await Store.open(root);
  const contents = Array.from({ length: 50 }, (_, n) => Buffer.from(`content ${n}`));
  const results = await Promise.all(contents.map((bytes) => store.put(bytes)));
  await store.close();
  expect(listSorted(root, 'flat')).toEqual(results.map(({ digest }) => digest).sort());
});

test('closing waits for the puts that run, and ends putting', async () => {
  const root = tempStore();
  const store = await Store.open(root);
  const running = store.put(Buffer.from('late'));
  await store.close();
  expect(await running).toMatchObject({ outcome: 'new' });
  await expect(store.put(Buffer.from('too late'))).rejects.toMatchObject({ code: 'INGOT_CLOSED' });
  expect(await store.has(digestOf(Buffer.from('late')))).toBe(true);
  expect(strayNames(root)).toEqual([]);
});

test('a directory, a missing file and a stream of text cannot be put', async () => {
  const root = tempStore();
  const folder = temporaryDirectory();
  const store = await Store.open(root);
  await expect(store.put(folder)).rejects.toMatchObject({ code: 'EISDIR', path: folder });
  await expect(store.put(join(folder, 'no'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(store.put(Readable.from(['text']))).rejects.toMatchObject({
    code: 'INGOT_NOT_BYTES',
  });
  await store.close();
  expect(listSorted(root, 'flat')).toEqual([]);
});

test('the error of a stream is passed on and leaves no temp', async () => {
  const root = tempStore();
  const store = await Store.open(root);
  const source = Readable.from(
    (async function* () {
      yield Buffer.alloc(2_000_000);
      throw new Error('the source broke');
    })(),
  );
  await expect(store.put(source)).rejects.toThrow('the source broke');
  const [writer] = strayNames(root);
  expect(fs.readdirSync(join(root, writer!, '0'))).toEqual([]);
  await store.close();
  expect(listSorted(root, 'flat')).toEqual([]);
});

test('a file that changes while it is read is refused', async () => {
  const path = join(temporaryDirectory(), 'growing');
  fs.writeFileSync(path, Buffer.alloc(20 << 20));
  const store = await Store.open(tempStore());
  await store.put(Buffer.from('opens the writer'));
  const put = store.put(path);
  const writes = setInterval(() => fs.appendFileSync(path, 'more'), 1);
  await expect(put).rejects.toMatchObject({ code: 'INGOT_CHANGED', path });
  clearInterval(writes);
  await store.close();
});

test.each([1000, 5 << 20])(
  'a file of %i bytes that changes during one reading is read again and stored as it is then',
  async (size) => {
    const path = join(temporaryDirectory(), 'growing');
    fs.writeFileSync(path, Buffer.alloc(size));
    const store = await Store.open(tempStore());
    // It is asked before each read, and at other times.
    const { signal } = new AbortController();
    let isWritten = false;
    signal.throwIfAborted = () => {
      if (isWritten || countOpenIn(path) === 0) return;
      isWritten = true;
      fs.appendFileSync(path, 'more');
    };
    const { digest } = await store.put(path, { signal });
    expect(digest).toBe(digestOf(fs.readFileSync(path)));
    expect(fs.statSync(path).size).toBe(size + 4);
    await store.close();
  },
);

test('an object of the wrong size is repaired, one of the right size is taken as it is', async () => {
  const root = tempStore();
  const torn = plant(root, 'flat', 'torn content', 'torn');
  const wrong = plant(root, 'flat', 'right', 'wrong');
  const store = await Store.open(root);
  expect(await store.put(Buffer.from('torn content'))).toMatchObject({
    outcome: 'new',
    repaired: true,
  });
  expect(await store.put(Buffer.from('right'))).toMatchObject({
    outcome: 'duplicate',
    repaired: false,
  });
  await store.close();
  expect(fs.readFileSync(objectPath(root, 'flat', torn), 'utf8')).toBe('torn content');
  expect(fs.readFileSync(objectPath(root, 'flat', wrong), 'utf8')).toBe('wrong');
});

const big = randomBytes(700_000);
const flipped = Buffer.from(big);
flipped[350_000]! ^= 1;
test.each([
  ['truncated', big.subarray(0, -1)],
  ['emptied', Buffer.alloc(0)],
  ['longer', Buffer.concat([big, Buffer.from('x')])],
  ['flipped', flipped],
])('reading a %s object ends with an error and never gives out all of it', async (_how, bytes) => {
  const root = tempStore();
  const digest = plant(root, 'flat', big, bytes);
  const store = await Store.open(root);
  const stream = await store.get(digest);
  let given = 0;
  stream.on('data', (chunk: Buffer) => {
    given += chunk.length;
  });
  const ended = new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  await expect(ended).rejects.toMatchObject({
    code: 'INGOT_DAMAGED',
    message: expect.stringMatching(new RegExp(`${digest}.*ingot verify --quarantine`)),
  });
  expect(given === 0 || given < bytes.length).toBe(true);
});

test('a stream that is given up closes its file', async () => {
  const root = tempStore();
  const digest = plant(root, 'flat', big);
  const store = await Store.open(root);
  const handles = () =>
    fs.readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith(digest);
      } catch {
        return false;
      }
    }).length;
  const unread = await store.get(digest);
  expect(handles()).toBe(0);
  await once(unread.destroy(), 'close');
  const opening = await store.get(digest);
  opening.read(0);
  await once(opening.destroy(), 'close');
  expect(handles()).toBe(0);
  const halfRead = await store.get(digest);
  await once(halfRead, 'readable');
  expect(handles()).toBe(1);
  await once(halfRead.destroy(), 'close');
  expect(handles()).toBe(0);
});

test('an object in the other layout is found, in a relayout begun before or after opening', async () => {
  const root = tempStore('sharded');
  const digest = plant(root, 'flat', 'not moved yet');
  const store = await Store.open(root);
  expect(await store.has(digest)).toBe(true);
  expect((await store.stat(digest))?.path).toBe(objectPath(root, 'flat', digest));
  expect((await content(await store.get(digest))).toString()).toBe('not moved yet');
});

test('of a stream that uses its buffer anew what was hashed is stored', async () => {
  const root = tempStore();
  const write = async (...args: Parameters<typeof fs.write.__promisify__>) => {
    // Long enough for the stream to go on.
    await delay(5);
    return promisify(fs.write)(...args);
  };
  const ops = { ...fs, write: Object.assign(() => {}, { [promisify.custom]: write }) };
  const store = await openStoreWith(ops as unknown as FileOps, root);
  const buffer = Buffer.alloc(1 << 18);
  let n = 0;
  const reusing = new Readable({
    read() {
      this.push(n++ < 20 ? buffer.fill(n) : null);
    },
  });
  const { digest, size } = await store.put(reusing);
  await store.close();
  expect(size).toBe(20 << 18);
  expect(digestOf(fs.readFileSync(objectPath(root, 'flat', digest)))).toBe(digest);
});

test('a stream that was read before is refused, not stored in part or as nothing', async () => {
  const root = tempStore();
  const store = await Store.open(root);
  const read = Readable.from([Buffer.from('x')]);
  await read.toArray();
  const destroyed = Readable.from([Buffer.from('x')]).destroy();
  const begun = Readable.from([Buffer.from('xyz')], { objectMode: false });
  begun.read(0);
  await new Promise((resolve) => begun.once('readable', resolve));
  expect(String(begun.read(1))).toBe('x');
  for (const stream of [read, destroyed, begun])
    await expect(store.put(stream)).rejects.toMatchObject({ code: 'INGOT_READ_ALREADY' });
  await store.close();
  expect(listSorted(root, 'flat')).toEqual([]);
});

test('of two puts of one stream the second is refused, and the first one stores all of it', async () => {
  const root = tempStore();
  const store = await Store.open(root);
  const content = Buffer.alloc(3 << 20, 'x');
  const path = join(temporaryDirectory(), 'source');
  fs.writeFileSync(path, content);
  const stream = fs.createReadStream(path);
  const first = store.put(stream);
  await expect(store.put(stream)).rejects.toMatchObject({ code: 'INGOT_READ_ALREADY' });
  expect(await first).toMatchObject({ digest: digestOf(content), size: content.length });
  await store.close();
});

test('bytes in shared memory are stored as they were at one moment', async () => {
  const root = tempStore();
  const bytes = Buffer.from(new SharedArrayBuffer(8)).fill('before');
  const { ops } = recordingOps(({ name, path }) => {
    // What another thread does between the hash and the write of the temp.
    if (name === 'writeSync' && /\/\d+$/.test(path)) bytes.fill('later');
    return undefined;
  });
  const store = await openStoreWith(ops, root);
  const { digest } = await store.put(bytes);
  await store.close();
  expect(digestOf(fs.readFileSync(objectPath(root, 'flat', digest)))).toBe(digest);
});

test('a put of a fifo can be given up, and so can the store', async () => {
  const fifo = join(temporaryDirectory(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const root = tempStore();
  const store = await Store.open(root);
  const giveUp = new AbortController();
  const put = store.put(fifo, { signal: giveUp.signal });
  const isOpen = () =>
    fs.readdirSync('/proc/self/fd').some((fd) => {
      const link = `/proc/self/fd/${fd}`;
      return fs.existsSync(link) && fs.readlinkSync(link) === fifo;
    });
  while (!isOpen()) await nextTurn();
  giveUp.abort();
  await expect(put).rejects.toThrow(/abort/);
  await store.close();
  expect(listSorted(root, 'flat')).toEqual([]);
});

const OTHER_KINDS = [
  ['a link to such a file', (path: string, other: string) => fs.symlinkSync(other, path)],
  ['a directory', (path: string) => fs.mkdirSync(join(path, 'within'), { recursive: true })],
  ['a fifo', (path: string) => execFileSync('mkfifo', [path])],
  ['a socket', (path: string) => fs.renameSync(join(makeTree({ s: { socket: true } }), 's'), path)],
] as const;

test.each(OTHER_KINDS)('%s under a digest is damaged, not followed', async (_, make) => {
  const root = tempStore();
  const digest = digestOf(Buffer.from('precious'));
  const path = objectPath(root, 'flat', digest);
  const other = join(temporaryDirectory(), 'other');
  fs.writeFileSync(other, 'precious');
  make(path, other);
  const store = await Store.open(root);
  await expect(store.get(digest)).rejects.toMatchObject({ code: 'INGOT_DAMAGED', path });
  expect(await store.has(digest)).toBe(false);
});

test.each(OTHER_KINDS)('%s under a digest is no hit, and is repaired', async (_, make) => {
  const root = tempStore();
  const bytes = Buffer.from('precious');
  const path = objectPath(root, 'flat', digestOf(bytes));
  const other = join(temporaryDirectory(), 'other');
  fs.writeFileSync(other, bytes);
  make(path, other);
  const store = await Store.open(root);
  expect(await store.put(bytes)).toMatchObject({ outcome: 'new', repaired: true });
  await store.close();
  expect(fs.lstatSync(path).isFile()).toBe(true);
  expect(fs.readFileSync(path, 'utf8')).toBe('precious');
  expect(fs.readFileSync(other, 'utf8')).toBe('precious');
});

test('what is gone when its stream is first read ends the stream, not the process', async () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'x');
  const store = await Store.open(root);
  const stream = await store.get(digest);
  fs.rmSync(objectPath(root, 'flat', digest));
  await expect(stream.toArray()).rejects.toMatchObject({ code: 'INGOT_NOT_FOUND' });
});
