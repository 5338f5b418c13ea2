/** What a verify found, as soon as it is found, and at its end. */
import type { Digest } from '../digest.ts';
import { type Failure, IngotError, printable } from '../errors.ts';
import type { DamagedSnapshot, VerifyReport } from '../snapshot/verify/api.ts';
import type { LostObject } from '../snapshot/verify/lost.ts';
import type { DamagedObject, UnreadableObject } from '../store/seam/upkeep.ts';
import { byteRate, bytes, count, counted, duration } from '../units.ts';
import type { Output } from './output.ts';
import { readAheadTexts } from './read-ahead-text.ts';
import { unsettledNotes } from './unsettled.ts';

/** A whole store may be another user's, and a document is held in memory; the counts are in it. */
const MAX_IN_DOCUMENT = 10_000;

/** Named as soon as it is found: a long run may be stopped before its end. */
export class Findings {
  readonly #output: Output;
  readonly #objects: object[] = [];
  readonly #unreadable: object[] = [];
  readonly #snapshots: object[] = [];
  readonly #lost: object[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  damaged(
    object: DamagedObject & { quarantined: string | undefined; unmoved: Failure | undefined },
  ): void {
    const { digest, why, quarantined, unmoved } = object;
    const moved = quarantined === undefined ? '' : `; moved to ${printable(quarantined)}`;
    const stays = unmoved === undefined ? '' : `; it stays: ${new IngotError(unmoved).message}`;
    this.#output.print(`damaged ${digest}: ${why}${moved}${stays}\n`);
    this.#output.event({ event: 'damaged', ...object });
    this.#keep(this.#objects, object, Infinity);
  }

  unreadable(object: UnreadableObject): void {
    const { digest = '', failure } = object;
    this.#output.print(`unreadable ${digest}: ${new IngotError(failure).message}\n`);
    this.#output.event({ event: 'unreadable', ...object });
    this.#keep(this.#unreadable, object);
  }

  damagedSnapshot(snapshot: DamagedSnapshot): void {
    const { id, failure } = snapshot;
    this.#output.print(`damaged snapshot ${printable(id)}: ${new IngotError(failure).message}\n`);
    this.#output.event({ event: 'damagedSnapshot', ...snapshot });
    this.#keep(this.#snapshots, snapshot);
  }

  repaired(digest: Digest, space: 'objects' | 'segments'): void {
    const what = space === 'segments' ? 'segment ' : '';
    this.#output.print(`repaired ${what}${digest}\n`);
    this.#output.event({ event: 'repaired', digest, space });
  }

  /** `from`: the store that has no whole copy of it. */
  lost(object: LostObject, from: string | undefined): void {
    const { digest, state, snapshot, paths, others } = object;
    const is = state === 'quarantined' ? 'was damaged, and is in quarantine now' : `is ${state}`;
    const lacking = from === undefined ? '' : `; ${printable(from)} has no whole copy`;
    for (const path of paths) {
      const needs = `lost ${printable(path)}: its object ${digest} ${is}; snapshot ${snapshot}`;
      this.#output.print(`${needs}${lacking}\n`);
    }
    if (others > 0)
      this.#output.print(`lost ${counted(others, 'more entry', 'more entries')} with ${digest}\n`);
    this.#output.event({ event: 'lost', ...object });
    this.#keep(this.#lost, object);
  }

  /** What the document has besides the report. */
  inDocument(): object {
    return {
      objects: this.#objects,
      unreadableObjects: this.#unreadable,
      snapshotDamage: this.#snapshots,
      lostObjects: this.#lost,
    };
  }

  #keep(list: object[], found: object, most = MAX_IN_DOCUMENT): void {
    if (this.#output.mode === 'json' && list.length < most) list.push(found);
  }
}

/** One line on stdout. */
export function summary(report: VerifyReport, wallMs: number): string {
  const { checked, damaged, quarantined, unmoved, unreadable, gone, unsettled } = report;
  const rate = byteRate(wallMs > 0 ? (report.bytes / wallMs) * 1000 : 0);
  const parts = [
    `${counted(checked, 'object')} checked, ${bytes(report.bytes)} in ${duration(wallMs)} (${rate})`,
    ...readAheadTexts(report.readAhead, 'object'),
    `${counted(damaged, 'object')} damaged`,
  ];
  if (quarantined > 0) parts.push(`${counted(quarantined, 'object')} moved to quarantine`);
  if (unmoved > 0) parts.push(`${counted(unmoved, 'object')} could not be moved`);
  if (unreadable > 0) parts.push(`${count(unreadable)} could not be looked at`);
  if (gone > 0) parts.push(`${counted(gone, 'object')} gone meanwhile`);
  parts.push(...unsettledNotes(unsettled));
  if (report.snapshots > 0) parts.push(...ofSnapshots(report));
  return `${parts.join('; ')}\n`;
}

function ofSnapshots(report: VerifyReport): string[] {
  const { snapshots, damagedSnapshots, forgotten, missing, lost } = report;
  const { repaired, repairedSegments } = report;
  const parts = [`${counted(snapshots, 'snapshot')} checked, ${count(damagedSnapshots)} damaged`];
  if (forgotten > 0) parts.push(`${counted(forgotten, 'snapshot')} forgotten meanwhile`);
  if (missing > 0) parts.push(`${counted(missing, 'object')} of snapshots missing`);
  if (repaired > 0) parts.push(`${counted(repaired, 'object')} repaired`);
  if (repairedSegments > 0) parts.push(`${counted(repairedSegments, 'segment')} repaired`);
  if (lost > 0) parts.push(`${counted(lost, 'object')} of snapshots lost`);
  return parts;
}
