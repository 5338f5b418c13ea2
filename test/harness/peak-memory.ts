/** The most memory that a run of the built program had. */
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, ingot } from './run.ts';
import { temporaryDirectory } from './tree.ts';

const TELL_PEAK = fileURLToPath(new URL('../fixtures/tell-peak.mjs', import.meta.url));

/** `ingot ARGS`, until it ends, and its peak in bytes. */
export function ingotWithPeak(args: readonly string[]): { ended: Ended; peakBytes: number } {
  const peak = join(temporaryDirectory(), 'peak');
  // With an option of this kind ingot ends in order, and so tells that it ends (src/cli/end.ts).
  const options = `--import ${TELL_PEAK} --trace-uncaught`;
  const ended = ingot(args, { env: { NODE_OPTIONS: options, PEAK: peak } });
  return { ended, peakBytes: Number(fs.readFileSync(peak, 'utf8')) };
}
