import { Bench } from 'tinybench';
import { BATCH_OF_FILES } from '../micro/batch.ts';
import { CLAIM } from '../micro/claim.ts';
import { ESCAPE } from '../micro/escape.ts';
import { HASH } from '../micro/hash.ts';
import type { Question } from '../question.ts';
import { time } from '../report/numbers.ts';

const MICROS = [...HASH, ...CLAIM, ...BATCH_OF_FILES, ...ESCAPE];
const MS_EACH = 500;

export const MICRO: Question = {
  name: 'micro',
  asks: 'What do the inner parts cost that every file goes through?',
  method: 'tinybench in this process, half a second each after its warm-up; no files are touched',
  room: () => 0,
  inodes: () => 0,
  finding(rows) {
    const costs = rows
      .map(({ label, figures }) => ({ label, cost: figures?.nanosecondsMedian ?? 0 }))
      .sort((a, b) => b.cost - a.cost);
    const [most, least] = [costs[0], costs.at(-1)];
    if (most === undefined || least === undefined || most === least) return undefined;
    return `“${most.label}” costs the most, ${time(most.cost / 1e9)}, and “${least.label}” the least, ${time(least.cost / 1e9)}.`;
  },
  async *run() {
    for (const { label, run } of MICROS) {
      const bench = new Bench({ time: MS_EACH }).add(label, run);
      await bench.run();
      const result = bench.tasks[0]!.result;
      if (result.state !== 'completed') {
        yield { label, parameters: {}, absent: `it ended as ${result.state}` };
        continue;
      }
      const { latency, throughput } = result;
      yield {
        label,
        parameters: {},
        figures: {
          nanosecondsMedian: latency.p50 * 1e6,
          operationsPerSecond: throughput.mean,
          marginOfErrorPercent: latency.rme,
        },
      };
    }
  },
};
