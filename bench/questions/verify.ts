import type { VerifyReport } from '../../src/index.ts';
import { besideOthers } from '../finding.ts';
import { INGOT, ingestCommand, ingesting, ratesOf, storeIn } from '../ingot.ts';
import { besideLimit, LIMIT_METHOD } from '../limit.ts';
import { measure, secondsOf } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

export const VERIFY: Question = {
  name: 'verify',
  asks: 'How fast are objects re-hashed, beside the same in C?',
  method: `${LIMIT_METHOD}; limit.c only reads and hashes`,
  room: ({ corpus }) => roomFor(corpus),
  finding: (rows) => besideOthers('ingot verify', rows),
  async *run(given) {
    const { arena, tree, threads } = given;
    arena.renew();
    await measure(ingesting(ingestCommand(given, tree)));
    const store = storeIn(given);
    const options = ['--store', store, '--threads', `${threads}`, '--json'];
    const ours = {
      command: [...INGOT, 'verify', ...options] as const,
      prepare: () => dropCachesIfCold(given),
    };
    const report = JSON.parse((await measure(ours)).stdout) as VerifyReport;
    const corpus = { name: 'store', files: report.checked, bytes: report.bytes };
    const context = { ...given, corpus };
    const { samples, rows } = await besideLimit(context, ours, [
      { mode: 'hash', tree: store, batch: 64 },
    ]);
    const seconds = secondsOf(samples);
    yield {
      label: 'ingot verify',
      parameters: {},
      seconds,
      ...ratesOf(corpus.files, corpus.bytes, seconds.median),
    };
    yield* rows;
  },
};
