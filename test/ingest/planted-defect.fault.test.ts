import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CELLS } from '../harness/fault-matrix.ts';
import type { Role, Site } from '../harness/fault-sites.ts';
import { makeBench, record, tryFault } from '../harness/fault-trial.ts';
import { ingestTrial } from '../harness/ingest-trial.ts';
import { demandProgram } from '../harness/mounts.ts';

const PLANTED = fileURLToPath(new URL('../fixtures/planted-defect.mjs', import.meta.url));

/** By which check a defect is found. */
const EXIT_CODE = /to include \+0$/;
const AFTER_FLUSH = /after the failed flush of/;
const TORN = /expected '[0-9a-f]+…' to be '[0-9a-f]+…'/;
const LEFT = /expected \[ Array\(1\) \] to deeply equal \[\]/;

const trial = ingestTrial('an ingest', '--barrier', 'fsync');
const bench = makeBench();
let sites: ReturnType<typeof record>;

beforeEach((context) => demandProgram(context, 'strace'));
afterAll(() => fs.rmSync(bench.root, { recursive: true, force: true }));

function fault(family: string, error: string, role: Role) {
  sites ??= record(trial, bench);
  const cell = CELLS.find((each) => each.family.name === family && each.error === error)!;
  const site = sites.get(cell.family)!.find((each: Site) => each.role === role)!;
  return (imports: string[]) => tryFault(trial, bench, cell, site, imports);
}

describe('the trial of faults finds', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each<[string, string, [string, string, Role], RegExp]>([
    ['a failed flush that nobody is told of', 'swallow', ['fsync', 'EIO', 'temp'], EXIT_CODE],
    ['a failed flush that is made again', 'flushAgain', ['fsync', 'EIO', 'temp'], AFTER_FLUSH],
    ['a name in spite of a failed flush', 'nameAnyway', ['fsync', 'ENOSPC', 'temp'], AFTER_FLUSH],
    ['an object that loses its end', 'tear', ['read', 'EIO', 'source'], TORN],
    ['temps that stay', 'litter', ['write', 'EIO', 'temp'], LEFT],
    ['a failed write that counts as made', 'skipWrites', ['write', 'ENOSPC', 'temp'], EXIT_CODE],
  ])('%s', async (_, defect, [family, error, role], found) => {
    const tryIt = fault(family, error, role);
    vi.stubEnv('DEFECT', defect);
    await expect(tryIt([PLANTED])).rejects.toThrow(found);
    // Without the defect the same fault is borne.
    await tryIt([]);
  });
});
