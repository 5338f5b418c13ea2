/** One function a question; each gives the lines of its answer. */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { QuietDisk } from './disk.ts';
import { alternate, type Command, INGOT, median, type Pairing, time } from './measure.ts';

export interface Context {
  readonly disk: QuietDisk;
  /** The program built from limit.c. */
  readonly limit: string;
  /** A real tree, in the page cache after the first run. */
  readonly tree: string;
  readonly rounds: number;
  readonly threads: string;
}

type Question = (context: Context) => Generator<string>;

export const QUESTIONS: Readonly<Record<string, Question>> = {
  cold,
  duplicates,
  large,
  put,
  verify,
  memory,
};

function ingest(context: Context, source: string): Command {
  const store = path.join(context.disk.path, 'store');
  return [...INGOT, 'ingest', source, '--store', store, '--threads', context.threads, '-q'];
}

function hashing({ limit, disk, threads }: Context, files: string): Command {
  return [limit, files, path.join(disk.path, 'limit'), 'hash', threads, '64'];
}

/** The reference writes temps for files above 8 MiB, and trips over those of its last run. */
function forget({ disk }: Context): () => void {
  return () => fs.rmSync(path.join(disk.path, 'limit'), { recursive: true, force: true });
}

function line(name: string, { ours, theirs, ratios }: Pairing): string {
  const spread = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
  const times = `${median(ours).toFixed(3)} s / ${median(theirs).toFixed(3)} s`;
  return `${name.padEnd(46)} ${median(ratios).toFixed(2)}  (${spread})  ${times}`;
}

/** How long does a durable first ingest take, beside the same work in C? */
function* cold(context: Context): Generator<string> {
  const { disk, limit, tree, rounds, threads } = context;
  const store = path.join(disk.path, 'limit');
  for (const mode of ['none', 'syncfs']) {
    const theirs: Command = [limit, tree, store, mode, threads, '256'];
    const pairing = alternate(rounds, ingest(context, tree), theirs, () => disk.renew());
    yield line(`cold ingest ÷ limit ${mode}`, pairing);
  }
}

/** How long does an ingest take that finds every content stored already, under other paths? */
function* duplicates(context: Context): Generator<string> {
  const { disk, tree, rounds } = context;
  disk.renew();
  const copy = path.join(disk.path, 'copy');
  execFileSync('cp', ['-a', tree, copy]);
  time(ingest(context, tree));
  const pairing = alternate(rounds, ingest(context, copy), hashing(context, copy), forget(context));
  yield line('duplicates only ÷ limit hash', pairing);
}

/** How fast are large new files? Eight of 512 MiB. */
function* large(context: Context): Generator<string> {
  const { disk, limit, rounds, threads } = context;
  const source = fs.mkdtempSync('/dev/shm/ingot-bench-large-');
  try {
    for (let file = 0; file < 8; file++) writeRandom(path.join(source, `file${file}`), 512);
    const theirs: Command = [limit, source, path.join(disk.path, 'limit'), 'none', threads, '1'];
    const pairing = alternate(rounds, ingest(context, source), theirs, () => disk.renew());
    yield line('8 x 512 MiB ÷ limit none', pairing);
  } finally {
    fs.rmSync(source, { recursive: true });
  }
}

function writeRandom(file: string, mebibytes: number): void {
  const fd = fs.openSync(file, 'w');
  const block = randomBytes(1 << 20);
  for (let n = 0; n < mebibytes; n++) {
    randomBytes(64).copy(block);
    fs.writeSync(fd, block);
  }
  fs.closeSync(fd);
}

/** What does storing one small file cost, beside starting Node at all? */
function* put(context: Context): Generator<string> {
  const { disk, rounds } = context;
  disk.renew();
  const file = path.join(disk.path, 'small');
  const renew = () => fs.writeFileSync(file, randomBytes(100));
  const ours: Command = [...INGOT, 'put', file, '--store', path.join(disk.path, 'store')];
  yield line('put ÷ node -e 0', alternate(rounds * 4, ours, [process.execPath, '-e', '0'], renew));
}

/** How fast are objects re-hashed, beside the same in C? */
function* verify(context: Context): Generator<string> {
  const { disk, tree, rounds, threads } = context;
  disk.renew();
  time(ingest(context, tree));
  const store = path.join(disk.path, 'store');
  const ours: Command = [...INGOT, 'verify', '--store', store, '--threads', threads, '-q'];
  const pairing = alternate(rounds, ours, hashing(context, store), forget(context));
  yield line('verify ÷ limit hash', pairing);
}

/** Does memory grow with the number of files? */
function* memory(context: Context): Generator<string> {
  const peaks: number[] = [];
  for (const count of [100_000, 1_000_000]) {
    const source = fs.mkdtempSync(path.join(os.tmpdir(), 'ingot-bench-many-'));
    try {
      makeMany(source, count);
      context.disk.renew();
      const { peakKiB, seconds } = time(ingest(context, source));
      peaks.push(peakKiB);
      yield `peak RSS, ${count} small files`.padEnd(46) +
        ` ${(peakKiB / 1024).toFixed(0)} MiB  ${seconds.toFixed(1)} s`;
    } finally {
      fs.rmSync(source, { recursive: true });
    }
  }
  yield `${'peak RSS, 1,000,000 ÷ 100,000 files'.padEnd(46)} ${(peaks[1]! / peaks[0]!).toFixed(2)}`;
}

/** Distinct contents of about 100 bytes, 1,000 in a directory. */
function makeMany(folder: string, count: number): void {
  for (let n = 0; n < count; n++) {
    const directory = path.join(folder, `d${Math.floor(n / 1000)}`);
    if (n % 1000 === 0) fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, `f${n}`), `${n} `.repeat(15));
  }
}
