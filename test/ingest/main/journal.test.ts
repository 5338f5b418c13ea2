/** How the lines of a journal are written, and what a failed step leaves. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type FileOps, nodeFileOps } from '../../../src/files/file-ops.ts';
import { JournalWriter } from '../../../src/ingest/main/journal.ts';
import type { EntryReport } from '../../../src/ingest/outcome.ts';
import { loadLibc } from '../../../src/native/libc.ts';
import { errno } from '../../harness/temp-store.ts';
import { temporaryDirectory } from '../../harness/tree.ts';

const libc = await loadLibc();
const RUN = {
  time: 'now',
  version: '1',
  cwd: '/',
  sources: [],
  filesFrom: undefined,
  retry: undefined,
};
const END = {
  ...{ time: 'now', cause: undefined, outcomes: {} as never, walked: true, takenBack: false },
  ...{ lostSources: [], snapshot: undefined },
};
const ENTRY: EntryReport = { path: 'x'.repeat(1000), outcome: 'vanished' };

let file: string;
beforeEach(() => {
  file = join(temporaryDirectory(), 'J');
});

const open = (ops: Partial<FileOps> = {}) =>
  JournalWriter.open(file, { libc, ops: { ...nodeFileOps, ...ops } });
const read = () => fs.readFileSync(file, 'utf8');

describe('the lines of a journal', () => {
  it('are written whole, many at a time, and flushed once', async () => {
    const writes: string[] = [];
    let flushes = 0;
    const journal = open({
      writeSync: (fd, bytes, ...more) => {
        writes.push(Buffer.from(bytes).toString());
        return nodeFileOps.writeSync(fd, bytes, ...more);
      },
      fsync: (fd, done) => {
        flushes++;
        nodeFileOps.fsync(fd, done);
      },
    });
    journal.begin(RUN);
    expect(read()).toBe(writes[0]);
    for (let n = 0; n < 1000; n++) journal.add(ENTRY);
    expect(flushes).toBe(0);
    await journal.end(END);
    journal.close();
    expect(flushes).toBe(1);
    expect(read()).toBe(writes.join(''));
    expect(writes.filter((text) => !text.endsWith('\n'))).toEqual([]);
    expect(writes.length).toBeLessThan(20);
    expect(read().split('\n')).toHaveLength(1003);
  });

  it('do not wait for others for more than a second', async () => {
    const journal = open();
    journal.begin(RUN);
    const lines = () => read().split('\n').length - 1;
    journal.add(ENTRY);
    expect(lines()).toBe(1);
    const later = performance.now() + 1000;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    journal.add(ENTRY);
    vi.restoreAllMocks();
    expect(lines()).toBe(3);
    journal.close();
  });

  it('are added to what another process has written meanwhile', async () => {
    const journal = open();
    journal.begin(RUN);
    fs.appendFileSync(file, 'other\n');
    await journal.end(END);
    journal.close();
    expect(
      read()
        .split('\n')
        .map((line) => line.slice(0, 6)),
    ).toEqual([...['{"jour', 'other', '{"end"', '']]);
  });

  it('end with the first that cannot be written', async () => {
    let isFull = false;
    const journal = open({
      writeSync: (...call) => {
        if (isFull) throw errno('ENOSPC', 'write');
        return nodeFileOps.writeSync(...call);
      },
    });
    journal.begin(RUN);
    isFull = true;
    expect(() => {
      for (let n = 0; n < 100; n++) journal.add(ENTRY);
    }).toThrow(/^cannot write the journal: .*\(ENOSPC\)/);
    isFull = false;
    await journal.end({ ...END, walked: false });
    journal.close();
    expect(read()).toMatch(/^\{"journal":1[^\n]*\n$/);
  });

  it('whose flush fails fail the run', async () => {
    const journal = open({ fsync: (_, done) => done(errno('EIO', 'fsync')) });
    journal.begin(RUN);
    await expect(journal.end(END)).rejects.toMatchObject({ code: 'EIO', kind: 'flush' });
    journal.close();
  });
});

describe('the file of a journal', () => {
  it('goes again when the run did not begin, unless it was there', () => {
    open().close();
    expect(fs.existsSync(file)).toBe(false);
    fs.writeFileSync(file, '');
    open().close();
    expect(fs.existsSync(file)).toBe(true);
  });

  it('is one run’s at a time, where there are locks', () => {
    const first = open();
    expect(() => open()).toThrow(/another run is writing to it/);
    expect(fs.existsSync(file)).toBe(true);
    const without = JournalWriter.open(file, { libc: undefined });
    without.close();
    first.close();
  });

  it('is taken without a lock where locks are refused', () => {
    const refusing = {
      tryLock: () => {
        throw errno('ENOLCK', 'flock');
      },
    };
    JournalWriter.open(file, { libc: { ...libc!, ...refusing } }).close();
  });
});
