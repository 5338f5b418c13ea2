/** How large the stat record is. */
import fs from 'node:fs';
import path from 'node:path';
import type { IngestReport } from '../../src/index.ts';
import { METADATA } from '../../src/store/local/on-disk/format.ts';
import { bytesBelow } from '../peers/regular-files.ts';
import type { Row } from '../results.ts';

const GOAL = { must: 140, aim: 100 };

/** Of a store that has taken in one source, of which the report is. */
export function recordRow({ store, entries }: Pick<IngestReport, 'store' | 'entries'>): Row {
  const head = { label: 'the record', parameters: {} };
  const folder = path.join(store, METADATA, 'records');
  const bytes = fs.existsSync(folder) ? bytesBelow(folder) : 0;
  if (bytes === 0) return { ...head, absent: 'this ingot keeps none' };
  return { ...head, figures: { bytesAnEntry: bytes / entries, ...GOAL } };
}
