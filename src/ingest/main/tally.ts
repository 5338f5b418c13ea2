import type { Digest } from '../../digest.ts';
import { IngotError } from '../../errors.ts';
import type { UnsupportedKind } from '../../sources/kind.ts';
import { LARGE, type TaskDone, UNREAD } from '../messages.ts';
import { CODE, type EntryReport, OUTCOMES, type Outcome } from '../outcome.ts';
import type { TaskEntries } from '../packed-files.ts';

/** A reply whose duplicates rely on claims of tasks that are still running. */
interface Held {
  readonly entries: TaskEntries;
  readonly reply: TaskDone;
  readonly waitsFor: Set<number>;
}

export interface TallyOptions {
  /** Called with every entry, or with those that were not stored. */
  readonly onEntry?: ((entry: EntryReport) => void) | undefined;
  readonly report: 'all' | 'problems';
  /** Called with every entry, whatever `report` says. */
  readonly onEach?: ((entry: EntryReport) => void) | undefined;
  /** Called with every stored entry once its task and those it relies on have ended well. */
  readonly onStored?: ((digest: Digest, path: string) => void) | undefined;
}

/**
 * Counts every entry once. A duplicate is only as good as the claim that it relies on: it is
 * counted when the task that staged the content has committed, and is `unfinished` when that
 * task has failed.
 */
export class Tally {
  readonly outcomes: Record<Outcome, number>;
  readonly unsupportedKinds: Partial<Record<UnsupportedKind, number>> = {};
  bytesSaved = 0;
  bytesStored = 0;
  bytesUnchanged = 0;
  isTakenBack = false;
  readonly #options: TallyOptions;
  readonly #running = new Set<number>();
  readonly #failed = new Set<number>();
  #held: Held[] = [];
  #givenUp = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
    this.outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<
      Outcome,
      number
    >;
  }

  /** Without those that a failed run has given up. Only grows: `takeBack` does not change it. */
  get entriesDone(): number {
    return OUTCOMES.reduce((sum, outcome) => sum + this.outcomes[outcome], 0) - this.#givenUp;
  }

  /** One entry that is not stored: it never became part of a task, or its task could not store it. */
  add(entry: EntryReport): void {
    this.outcomes[entry.outcome]++;
    if (entry.outcome === 'unfinished') this.#givenUp++;
    if (entry.kind !== undefined)
      this.unsupportedKinds[entry.kind] = (this.unsupportedKinds[entry.kind] ?? 0) + 1;
    this.#options.onEntry?.(entry);
    this.#options.onEach?.(entry);
  }

  taskStarted(id: number): void {
    this.#running.add(id);
  }

  /** A task has committed. UNREAD and LARGE entries are not counted; the caller runs them again. */
  taskDone(id: number, entries: TaskEntries, reply: TaskDone): void {
    this.#running.delete(id);
    const waitsFor = new Set(reply.owners.filter((owner) => this.#running.has(owner)));
    const held = { entries, reply, waitsFor };
    if (waitsFor.size === 0) this.#count(held);
    else this.#held.push(held);
    this.#ended(id);
  }

  /** A task has failed: nothing it staged is stored, and no duplicate of it. */
  taskFailed(id: number, entries: TaskEntries): void {
    this.#running.delete(id);
    this.#failed.add(id);
    for (let index = 0; index < entries.count; index++)
      this.add({ path: entries.pathOf(index), outcome: 'unfinished' });
    this.#ended(id);
  }

  /** The last flush failed: nothing that was counted as stored is known to be durable. */
  takeBack(): void {
    this.isTakenBack = true;
    for (const outcome of ['new', 'duplicate', 'unchanged', 'link'] as const) {
      this.outcomes.unfinished += this.outcomes[outcome];
      this.outcomes[outcome] = 0;
    }
    this.bytesSaved = 0;
    this.bytesStored = 0;
    this.bytesUnchanged = 0;
  }

  #ended(id: number): void {
    if (this.#held.length === 0) return;
    const ready: Held[] = [];
    this.#held = this.#held.filter((held) => {
      held.waitsFor.delete(id);
      if (held.waitsFor.size > 0) return true;
      ready.push(held);
      return false;
    });
    for (const held of ready) this.#count(held);
  }

  #count({ entries, reply }: Held): void {
    this.#failWithOwners(reply);
    const fresh = sumOf(CODE.new, reply);
    const repeated = sumOf(CODE.duplicate, reply);
    this.outcomes.new += fresh.entries;
    this.bytesStored += fresh.bytes;
    this.outcomes.duplicate += repeated.entries;
    this.bytesSaved += repeated.bytes;
    const unchanged = sumOf(CODE.unchanged, reply);
    this.outcomes.unchanged += unchanged.entries;
    this.bytesUnchanged += unchanged.bytes;
    this.outcomes.link += sumOf(CODE.link, reply).entries;
    const hasUnstored = reply.problems.length > 0 || this.#failed.size > 0;
    if (reply.digests !== '' || hasUnstored) this.#nameEach(entries, reply);
  }

  /** Makes unfinished what relies on a claim of a task that has failed. */
  #failWithOwners({ outcomes, owners }: TaskDone): void {
    if (this.#failed.size === 0) return;
    for (const [index, owner] of owners.entries())
      if (this.#failed.has(owner)) outcomes[index] = CODE.unfinished;
  }

  #nameEach(entries: TaskEntries, reply: TaskDone): void {
    const problems = new Map(reply.problems.map((problem) => [problem.index, problem]));
    for (const [index, code] of reply.outcomes.entries()) {
      if (code === UNREAD || code === LARGE) continue;
      if (code === CODE.new || code === CODE.duplicate || code === CODE.unchanged)
        this.#nameStored(entries, index, reply);
      else if (code === CODE.link) this.#nameLink(entries, index);
      else {
        const { failure, kind } = problems.get(index) ?? {};
        const why = { ...(failure && { failure }), ...(kind && { kind }) };
        this.add({ path: entries.pathOf(index), outcome: OUTCOMES[code]!, ...why });
      }
    }
  }

  #nameLink(entries: TaskEntries, index: number): void {
    const { onEach, report } = this.#options;
    if (report !== 'all' && onEach === undefined) return;
    this.#nameGood({ path: entries.pathOf(index), outcome: 'link' });
  }

  #nameStored(entries: TaskEntries, index: number, reply: TaskDone): void {
    if (reply.digests === '') return;
    const path = entries.pathOf(index);
    const outcome = OUTCOMES[reply.outcomes[index]!]!;
    const digest = reply.digests.slice(index * 64, index * 64 + 64) as Digest;
    this.#nameGood({ path, outcome, digest, size: reply.sizes[index]! });
    this.#options.onStored?.(digest, path);
  }

  /** One that is no problem. */
  #nameGood(entry: EntryReport): void {
    const { onEntry, onEach, report } = this.#options;
    if (report === 'all') onEntry?.(entry);
    onEach?.(entry);
  }

  /**
   * For a run without failures: checks that each entry has come to an end. Throws when one has not,
   * which is a defect of ingot's.
   */
  assertComplete(entriesFound: number): void {
    const ended = this.entriesDone;
    if (ended === entriesFound && this.#held.length === 0) return;
    throw new IngotError({
      what: 'entries were lost count of',
      code: 'INGOT_INTERNAL',
      why: `${entriesFound} were met, ${ended} have ended`,
      hint: 'this is a defect of ingot: please report it',
    });
  }
}

/** The entries with one outcome, and their bytes. */
function sumOf(outcome: number, { outcomes, sizes }: TaskDone): { entries: number; bytes: number } {
  let entries = 0;
  let bytes = 0;
  for (let index = 0; index < outcomes.length; index++) {
    const counts = outcomes[index] === outcome ? 1 : 0;
    entries += counts;
    bytes += counts * sizes[index]!;
  }
  return { entries, bytes };
}
