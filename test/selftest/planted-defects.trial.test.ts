import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GuaranteeNumber, type SelftestReport, selftest, type TrialName } from 'ingot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { demandProgram } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const PLANTED = fileURLToPath(new URL('../fixtures/planted-selftest.mjs', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => void vi.unstubAllEnvs());

function selftestWith(defect: string, trials: readonly TrialName[]): Promise<SelftestReport> {
  vi.stubEnv('NODE_OPTIONS', `--import ${PLANTED}`);
  vi.stubEnv('DEFECT', defect);
  return selftest(directory, { trials });
}

/** The guarantees that are broken, with what was found. */
function brokenIn({ guarantees }: SelftestReport): Record<number, string> {
  const broken = guarantees.filter(({ verdict }) => verdict === 'broken');
  return Object.fromEntries(broken.map(({ number, evidence }) => [number, evidence.join('; ')]));
}

describe('a selftest finds', () => {
  it.each<[string, string, TrialName, Partial<Record<GuaranteeNumber, RegExp>>]>([
    ['objects that lose their ends', 'tear', 'fresh-tree', { 1: /1,501 objects with wrong bytes/ }],
    ['objects that lose their ends', 'tear', 'kills', { 1: /objects with wrong bytes/ }],
    ['temps that stay', 'litter', 'fresh-tree', { 3: /temps are left after an ingest/ }],
    ['temps that are not swept', 'litter', 'kills', { 3: /temps are left after the run that/ }],
    ['a lock that everyone gets', 'anyLock', 'writers', { 3: /temps of a live writer were swept/ }],
    ['a repair that is none', 'keepDamaged', 'hits', { 4: /with wrong bytes/ }],
    ['bytes that are not the files', 'misread', 'fresh-tree', { 5: /is not there/ }],
    ['torn readings', 'misread', 'changing', { 5: /no file had at any one moment/ }],
    ['names that are passed over', 'skip', 'odd-names', { 6: /counted \{entries:18,/ }],
  ])('%s (%s, %s)', async (_, defect, trial, found) => {
    const broken = brokenIn(await selftestWith(defect, [trial]));
    expect(Object.keys(broken)).toEqual(Object.keys(found));
    for (const [number, finding] of Object.entries(found))
      expect(broken[Number(number)]).toMatch(finding);
    expect(fs.readdirSync(directory)).toEqual([]);
  });
});

describe('a selftest with strace finds', () => {
  beforeEach((context) => demandProgram(context, 'strace'));

  it.each<[string, string, Partial<Record<GuaranteeNumber, RegExp>>]>([
    [
      'an ingest that flushes nothing',
      'notDurable',
      { 1: /before its bytes were flushed/, 2: /directory was not flushed/, 7: /made no \w+/ },
    ],
    ['names that are not flushed', 'forgetNames', { 2: /not flushed after the last object/ }],
    ['a flush that is made again', 'flushAgain', { 7: /was flushed again/ }],
    ['names in spite of a failed flush', 'nameAnyway', { 7: /20 objects got a name although/ }],
    ['a failed flush that nobody reports', 'swallow', { 7: /failed ended with 0 instead of 1/ }],
  ])('%s (%s)', async (_, defect, found) => {
    const broken = brokenIn(await selftestWith(defect, ['flush-order', 'failed-flush']));
    expect(Object.keys(broken)).toEqual(Object.keys(found));
    for (const [number, finding] of Object.entries(found))
      expect(broken[Number(number)]).toMatch(finding);
    expect(fs.readdirSync(directory)).toEqual([]);
  });
});
