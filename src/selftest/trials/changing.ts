import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { count } from '../../units.ts';
import { objectsIn, wrongObjects } from '../checks.ts';
import { printedReport, type Running, unexpectedEnd } from '../program.ts';
import { seededBytes } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

const ROUNDS = 3;
/** Files that grow: how large they are at first, and by how much they do each millisecond. */
const GROWING = { small: { first: 20_000, step: 700 }, large: { first: 6 << 20, step: 96 << 10 } };
/** A file that is replaced by others of the same size. */
const VERSION_BYTES = 50_000;
const VERSIONS = ['one', 'two', 'three'].map((name) =>
  seededBytes(`version ${name}`, VERSION_BYTES),
);
/** No file grows beyond this. */
const MAX_BYTES = 40 << 20;

/** Files that change while they are read: each is stored as it was at one moment, or not at all. */
export async function tryChanging(ground: Ground): Promise<void> {
  const { folder, program, ledger } = ground;
  const [source, store] = [join(folder, 'source'), storeOf(folder)];
  const meddler = new Meddler(source);
  let [changed, stored] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const running = program.start(ingestOf(ground, [source]));
    await meddler.work(running);
    const ended = await program.end(running);
    const failure = unexpectedEnd('an ingest of changing files', ended, ended.code === 3 ? 3 : 0);
    if (failure !== undefined) return ledger.judge(5, failure, '');
    const { outcomes } = printedReport(ended);
    changed += outcomes.changed;
    stored += outcomes.new + outcomes.duplicate;
  }
  const torn = objectsIn(store).find(
    (name) => !meddler.hasBeen(fs.readFileSync(join(store, name))),
  );
  ledger.judge(
    5,
    torn && `object ${torn} holds bytes that no file had at any one moment`,
    `of ${count(changed + stored)} readings of changing files ${changed} were reported as changed, ${stored} stored as they were at one moment`,
  );
  ledger.judge(1, await wrongObjects(store), 'objects of changing files hash to their names');
}

/** Appends to some files and replaces another, as long as an ingest runs. */
class Meddler {
  readonly #source: string;
  readonly #steps = { small: 0, large: 0 };
  #replaced = 0;

  constructor(source: string) {
    this.#source = source;
    fs.mkdirSync(source);
    for (const lane of ['small', 'large'] as const)
      fs.writeFileSync(join(source, lane), seededBytes(lane, GROWING[lane].first));
    this.#replace();
  }

  async work(running: Running): Promise<void> {
    while (!running.isOver) {
      this.#grow('small');
      this.#grow('large');
      this.#replace();
      await delay(1);
    }
  }

  /** True for bytes that one of the files was at some moment. */
  hasBeen(bytes: Buffer): boolean {
    const growing = ['small', 'large'].map((lane) => fs.readFileSync(join(this.#source, lane)));
    return (
      VERSIONS.some((version) => version.equals(bytes)) ||
      growing.some((last) => last.subarray(0, bytes.length).equals(bytes))
    );
  }

  #grow(lane: 'small' | 'large'): void {
    const { first, step } = GROWING[lane];
    if (first + this.#steps[lane] * step > MAX_BYTES) return;
    const more = seededBytes(`${lane} ${this.#steps[lane]++}`, step);
    fs.appendFileSync(join(this.#source, lane), more);
  }

  #replace(): void {
    const next = join(this.#source, '..', 'next');
    fs.writeFileSync(next, VERSIONS[this.#replaced++ % VERSIONS.length]!);
    fs.renameSync(next, join(this.#source, 'replaced'));
  }
}
