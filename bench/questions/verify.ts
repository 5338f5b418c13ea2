import type { VerifyReport } from '../../src/index.ts';
import { besideOthers } from '../finding.ts';
import { INGOT, ingestCommand, ingesting, ratesOf, storeIn } from '../ingot.ts';
import { besideLimit, LIMIT_METHOD } from '../limit.ts';
import { type Contender, measure, medianSample, secondsOf } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Question } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import { roomFor } from '../room.ts';

/** Processes that read at a time: where a cache holds nothing, what the disk gives shows so. */
const READERS = 16;

interface Named {
  readonly label: string;
  readonly contender: Contender;
}

export const VERIFY: Question = {
  name: 'verify',
  asks: 'How fast are objects re-hashed, beside the same in C?',
  method: `${LIMIT_METHOD}; limit.c only reads and hashes; with --cold, on a disk (--on), xargs only reads`,
  room: ({ corpus }) => roomFor(corpus),
  finding: (rows) => besideOthers('ingot verify', rows),
  async *run(given) {
    const { arena, tree, threads } = given;
    arena.renew();
    await measure(ingesting(ingestCommand(given, tree)));
    const store = storeIn(given);
    const options = ['--store', store, '--threads', `${threads}`, '--json'];
    const prepare = () => dropCachesIfCold(given);
    const verifying = (...more: string[]) => ({
      command: [...INGOT, 'verify', ...options, ...more] as const,
      prepare,
    });
    const ours = verifying();
    const report = JSON.parse((await measure(ours)).stdout) as VerifyReport;
    const corpus = { name: 'store', files: report.checked, bytes: report.bytes };
    const context = { ...given, corpus };
    const others: Named[] = [
      { label: 'ingot verify --read-ahead 0', contender: verifying('--read-ahead', '0') },
    ];
    if (given.cold) others.push(catting(store, prepare));
    const { samples, ...beside } = await besideLimit(
      context,
      ours,
      [{ mode: 'hash', tree: store, batch: 64 }],
      others.map(({ contender }) => contender),
    );
    const seconds = secondsOf(samples);
    const { readAhead } = JSON.parse(medianSample(samples).stdout) as VerifyReport;
    yield {
      label: 'ingot verify',
      parameters: { readAhead: `auto: ${readAhead.width}` },
      seconds,
      ...ratesOf(corpus.files, corpus.bytes, seconds.median),
    };
    for (const [index, { label }] of others.entries())
      yield referenceRow({ label, parameters: {} }, samples, beside.others[index]!, corpus);
    yield* beside.rows;
  },
};

function catting(store: string, prepare: () => void): Named {
  const script = 'find "$1" -type f -print0 | xargs -0 -r -P "$2" -n 64 cat > /dev/null';
  return {
    label: `xargs -P ${READERS} cat`,
    contender: { command: ['sh', '-c', script, 'sh', store, `${READERS}`], prepare },
  };
}
