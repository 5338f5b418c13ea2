import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type Command = readonly [program: string, ...args: string[]];

export interface Sample {
  readonly seconds: number;
  readonly peakKiB: number;
}

/** The built command line, run by this Node. */
export const INGOT = [
  process.execPath,
  fileURLToPath(new URL('../src/cli/main.js', import.meta.url)),
] as const;

/** Runs a whole process once, by GNU time. Throws when it fails. */
export function time([program, ...args]: Command): Sample {
  const begun = process.hrtime.bigint();
  const timed = spawnSync('/usr/bin/time', ['-f', '%M', program, ...args], { encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  if (timed.error !== undefined) throw timed.error;
  if (timed.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${timed.stderr}`);
  return { seconds, peakKiB: Number(timed.stderr.trim().split('\n').at(-1)) };
}

export interface Pairing {
  readonly ours: number[];
  readonly theirs: number[];
  /** Ours ÷ theirs, of the two runs of each round. */
  readonly ratios: number[];
}

/** Runs two commands in turn, A B A B …; `prepare` is not measured. */
export function alternate(
  rounds: number,
  ours: Command,
  theirs: Command,
  prepare: () => void,
): Pairing {
  const pairing: Pairing = { ours: [], theirs: [], ratios: [] };
  for (let round = 0; round < rounds; round++) {
    prepare();
    const a = time(ours).seconds;
    prepare();
    const b = time(theirs).seconds;
    pairing.ours.push(a);
    pairing.theirs.push(b);
    pairing.ratios.push(a / b);
  }
  return pairing;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Builds the reference in C, which shows what the machine can do. Needs cc and OpenSSL's headers. */
export function buildLimit(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ingot-limit-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const source = fileURLToPath(new URL('../../bench/limit.c', import.meta.url));
  const program = path.join(folder, 'limit');
  execFileSync('cc', ['-O2', '-w', '-o', program, source, '-lcrypto', '-lpthread']);
  return program;
}
