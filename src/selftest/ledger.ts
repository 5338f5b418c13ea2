import {
  GUARANTEES,
  type GuaranteeNumber,
  type GuaranteeReport,
  KILLED_IN,
  type KilledIn,
} from './report.ts';

/** What trials found, by guarantee: one finding breaks it, whatever else was in order. */
export class Ledger {
  readonly kills = Object.fromEntries(KILLED_IN.map((phase) => [phase, 0])) as Record<
    KilledIn,
    number
  >;
  readonly #kept = new Map<GuaranteeNumber, string[]>();
  readonly #broken = new Map<GuaranteeNumber, string[]>();
  readonly #notTried = new Map<GuaranteeNumber, string[]>();

  /** One check: `finding` is what was wrong, `evidence` what was tried when nothing was. */
  judge(number: GuaranteeNumber, finding: string | undefined, evidence: string): void {
    if (finding === undefined) note(this.#kept, number, evidence);
    else note(this.#broken, number, finding);
  }

  notTried(number: GuaranteeNumber, why: string): void {
    note(this.#notTried, number, why);
  }

  verdicts(): GuaranteeReport[] {
    return ([1, 2, 3, 4, 5, 6, 7] as const).map((number) => ({
      number,
      guarantee: GUARANTEES[number],
      ...this.#verdict(number),
    }));
  }

  #verdict(number: GuaranteeNumber): Pick<GuaranteeReport, 'verdict' | 'evidence'> {
    const broken = this.#broken.get(number);
    if (broken !== undefined) return { verdict: 'broken', evidence: broken };
    const kept = this.#kept.get(number);
    if (kept !== undefined) return { verdict: 'kept', evidence: kept };
    const reasons = this.#notTried.get(number) ?? ['no trial of it ran'];
    return { verdict: 'not tried', evidence: reasons };
  }
}

function note(notes: Map<GuaranteeNumber, string[]>, number: GuaranteeNumber, text: string): void {
  const texts = notes.get(number) ?? [];
  if (!texts.includes(text)) texts.push(text);
  notes.set(number, texts);
}
