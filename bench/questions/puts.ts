import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInPlace } from '../children.ts';
import { takes } from '../finding.ts';
import { storeIn } from '../ingot.ts';
import { alternate, type Contender, medianSample, ratioOf, secondsOf } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context, Question } from '../question.ts';
import { inodesFor, roomFor } from '../room.ts';

const CHILD = fileURLToPath(new URL('../puts-child.js', import.meta.url));

const FILES = 3000;
const SIZES = [300, 300_000];
const facts = (bytes: number) => ({ name: 'puts', files: 2 * FILES, bytes: 2 * FILES * bytes });
const largest = facts(Math.max(...SIZES));

/** All at once, as many as may wait for one flush in other tools, and one after the other. */
const AT_ONCE = [0, 30, 1];

export const PUTS: Question = {
  name: 'puts',
  asks: 'What do many puts of the library at once cost, beside one after the other?',
  method: `${FILES} files of one size; the time of their puts alone, in whole processes in turn; ratio: ÷ one after the other, of the two runs of each round`,
  room: () => roomFor(largest),
  inodes: () => inodesFor(largest.files),
  finding(rows) {
    const each = rows.flatMap(({ label, ratio }) =>
      ratio === undefined ? [] : `${label}, take ${takes(ratio)}`,
    );
    return each.length === 0 ? undefined : `Beside ${wordsOf(1)}: ${each.join('; ')}.`;
  },
  async *run(context) {
    for (const bytes of SIZES) {
      const puts = AT_ONCE.map((atOnce) => putting(context, bytes, atOnce));
      const samples = await alternate(puts, context.rounds);
      const alone = samples.at(-1)!;
      for (const [index, atOnce] of AT_ONCE.entries()) {
        const ours = samples[index]!;
        const label = `${FILES} files of ${bytes} bytes, ${wordsOf(atOnce)}`;
        const { peakRssBytes } = medianSample(ours);
        const ratio = { ...ratioOf(ours, alone), to: wordsOf(1) };
        yield {
          label,
          parameters: { bytes, atOnce: atOnce || FILES },
          seconds: secondsOf(ours),
          ...(peakRssBytes !== undefined && { peakRssBytes }),
          ...(atOnce !== 1 && { ratio }),
        };
      }
    }
  },
};

function wordsOf(atOnce: number): string {
  if (atOnce === 0) return 'all at once';
  return atOnce === 1 ? 'one after the other' : `${atOnce} at once`;
}

/** On a new file system each time: ext4 is slow at making files where many were removed in the last minute. */
function putting(context: Context, bytes: number, atOnce: number): Contender {
  const folder = path.join(context.arena.path, 'puts');
  const store = storeIn(context);
  return {
    command: [process.execPath, CHILD, store, folder, `${atOnce}`],
    prepare: () => {
      context.arena.renew();
      writeFiles(folder, bytes);
      // Else the first flush of the puts would write them.
      runInPlace('sync', '-f', folder);
      dropCachesIfCold(context);
    },
    secondsIn: Number,
  };
}

function writeFiles(folder: string, bytes: number): void {
  fs.mkdirSync(folder);
  for (let n = 0; n < FILES; n++)
    fs.writeFileSync(path.join(folder, String(n)), Buffer.alloc(bytes, `${n} `));
}
