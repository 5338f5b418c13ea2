/** Whatever becomes of a record: it never throws, and never names another content than it did. */
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownEntries } from '../../src/record/known-entries.ts';
import { RecordBlocks } from '../../src/record/record-blocks.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import {
  addFile,
  digestNumber,
  enter,
  enterKnown,
  identityOf,
  knownIn,
  LINK,
  leavePartIn,
  RULES,
  recordIn,
  STATUS,
} from './recording.ts';

const DIRECTORIES = [1, 2, 3].map((n) => ({ inTree: `d${n}`, identity: identityOf(n) }));
const FILES = [0, 1, 2];
const digestOfFile = (directory: number, file: number) => digestNumber(10 * directory + file);

/** Two tasks of a run. */
function tasks(): Uint8Array[] {
  return [DIRECTORIES.slice(0, 2), DIRECTORIES.slice(2)].map((some) => {
    const blocks = new RecordBlocks(1);
    for (const place of some) {
      enter(blocks, place);
      for (const file of FILES)
        addFile(blocks, {
          ...{ name: `f${file}`, digest: digestOfFile(place.identity.inode, file) },
          xattrs: `x${file}`,
        });
      blocks.link('l', LINK, { target: place.inTree, isSure: true });
    }
    return blocks.take()!;
  });
}

/** How many of the entries are known. Fails when one is known as something else. */
function expectTruth(known: KnownEntries): number {
  let found = 0;
  for (const place of DIRECTORIES) {
    enterKnown(known, place);
    for (const file of FILES) {
      const entry = known.file(`f${file}`, STATUS, RULES);
      if (entry === undefined) continue;
      const digest = digestOfFile(place.identity.inode, file);
      if (entry.digest !== digest || entry.xattrs !== `x${file}`)
        expect.fail(`f${file} of ${place.inTree} is known as another`);
      found++;
    }
    const link = known.link('l', LINK, RULES);
    if (link !== undefined && link.target !== place.inTree) expect.fail('a link leads elsewhere');
    found += link === undefined ? 0 : 1;
  }
  return found;
}

const ALL = DIRECTORIES.length * (FILES.length + 1);

type Kind = 'record' | 'part';

/** A folder with one file in it, that file, and its bytes. */
function made(kind: Kind): { folder: string; path: string; bytes: Buffer } {
  const folder = temporaryDirectory();
  if (kind === 'record') recordIn(folder, tasks());
  else leavePartIn(folder, tasks());
  const path = join(folder, fs.readdirSync(folder)[0]!);
  return { folder, path, bytes: fs.readFileSync(path) };
}

/** What is still known with other bytes in its place, and what is said of it. */
function knownWith(folder: string, path: string, bytes: Buffer) {
  fs.writeFileSync(path, bytes);
  const { records, known, notices } = knownIn(folder);
  const found = expectTruth(known);
  records.close({ keepPart: true });
  expect(notices.length).toBeLessThanOrEqual(1);
  for (const notice of notices) expect(notice).toMatch(/^cannot use the record [^\n]*$/);
  return { found, hasSaidSo: notices.length + known.damaged > 0 };
}

it('a record of whose end any bit is flipped is none: it says which objects are there', () => {
  const { folder, path, bytes } = made('record');
  // But for the end of its line.
  for (let bit = 8; bit < 256 * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 1 - (bit >> 3)]! ^= 1 << (bit & 7);
    expect(knownWith(folder, path, flipped)).toEqual({ found: 0, hasSaidSo: true });
  }
});

describe.each<Kind>(['record', 'part'])('a %s', (kind) => {
  it('is known whole as long as nothing becomes of it', () => {
    const { folder, path, bytes } = made(kind);
    expect(knownWith(folder, path, bytes)).toEqual({ found: ALL, hasSaidSo: false });
  });

  it('of which any bit is flipped says nothing that is wrong', () => {
    const { folder, path, bytes } = made(kind);
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const { found, hasSaidSo } = knownWith(folder, path, flipped);
      // What cannot be used of a record is reported; a part may have been torn, and ends there.
      if (found < ALL && kind === 'record') expect(hasSaidSo, `bit ${bit}`).toBe(true);
    }
  });

  it('that ends at any byte says nothing that is wrong', () => {
    const { folder, path, bytes } = made(kind);
    let most = 0;
    for (let length = 0; length < bytes.length; length++) {
      const { found } = knownWith(folder, path, bytes.subarray(0, length));
      if (kind === 'record') expect(found, `${length} bytes`).toBe(0);
      else expect(found).toBeGreaterThanOrEqual(most);
      most = found;
    }
  });

  it('in which any bytes are replaced, moved or added says nothing that is wrong', () => {
    const { folder, path, bytes } = made(kind);
    const change = fc.record({
      at: fc.nat(bytes.length),
      drop: fc.oneof(fc.constant(0), fc.nat(64), fc.nat(bytes.length)),
      by: fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom(Buffer.alloc(4096), Buffer.alloc(32, 0xff), bytes),
        fc.tuple(fc.nat(bytes.length), fc.nat(300)).map(([n, m]) => bytes.subarray(n, n + m)),
      ),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let changed = bytes;
        for (const { at, drop, by } of changes)
          changed = Buffer.concat([changed.subarray(0, at), by, changed.subarray(at + drop)]);
        knownWith(folder, path, changed);
      }),
      { numRuns: 1_500 },
    );
  });

  it('whose bytes change while it is read says nothing that is wrong of what it has read', () => {
    const { folder, path, bytes } = made(kind);
    const { known } = knownIn(folder);
    enterKnown(known, DIRECTORIES[0]!);
    expect(known.file('f0', STATUS, RULES)?.digest).toBe(digestOfFile(1, 0));
    fs.writeFileSync(path, Buffer.alloc(bytes.length, 0xff));
    expectTruth(known);
    fs.truncateSync(path, 0);
    expectTruth(known);
  });
});
