import { expect, it } from 'vitest';
import { ingestSummary } from '../../src/cli/report.ts';
import type { IngestReport } from '../../src/ingest/api.ts';
import { ingestTree } from '../harness/ingest-tree.ts';

/** The report of a real run, as if it had found so many entries in 5 s and given up some of them. */
async function interrupted(entries: number, unfinished: number): Promise<IngestReport> {
  const { report: typedAsBuilt } = await ingestTree({ a: 'one' });
  const report = JSON.parse(JSON.stringify(typedAsBuilt)) as IngestReport;
  const outcomes = { ...report.outcomes, new: entries - unfinished, unfinished };
  return { ...report, entries, outcomes, bytesRead: 5e6, wallMs: 5000 };
}

it('the rates of a run that did not end well count what it has done', async () => {
  const [headline, outcomes] = ingestSummary(await interrupted(31_596, 27_716)).split('\n');
  expect(headline).toBe('31,596 entries in 1 directory, 5.00 s (776 files/s, 1.0 MB/s)');
  expect(outcomes).toContain('unfinished 27,716');
});

it('the rates of a run that has done nothing are none', async () => {
  expect(ingestSummary(await interrupted(100, 100))).toContain('5.00 s (0 files/s, ');
});
