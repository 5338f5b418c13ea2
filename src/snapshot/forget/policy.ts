/** Which snapshots the rules of a policy keep, and why. */
import { type Checks, countOf, eachOneOf, strings, text } from '../../checked.ts';
import { UsageError } from '../../errors.ts';
import type { Reference } from '../reference.ts';
import { beforeSpan } from './span.ts';

/** The counts are of complete snapshots. */
export interface Policy {
  /** Keep the newest ones. */
  readonly keepLast?: number | undefined;
  /** Keep the newest one of each hour that has any, of so many hours; of this machine's time. */
  readonly keepHourly?: number | undefined;
  readonly keepDaily?: number | undefined;
  /** Of weeks that begin on Mondays. */
  readonly keepWeekly?: number | undefined;
  readonly keepMonthly?: number | undefined;
  readonly keepYearly?: number | undefined;
  /** Keep those made in this time before the newest of their group: `30d`, `1y6m`. */
  readonly keepWithin?: string | undefined;
  /** Keep those of these labels. */
  readonly keepLabel?: readonly string[] | undefined;
  /** What the snapshots of a group have in common. Default: all three. */
  readonly groupBy?: readonly GroupKey[] | undefined;
}

export const GROUP_KEYS = ['label', 'host', 'sources'] as const;
export type GroupKey = (typeof GROUP_KEYS)[number];

/** What becomes of a snapshot. */
export interface Verdict {
  readonly snapshot: Reference;
  readonly keeps: boolean;
  /** The rules that keep it, or why it goes. */
  readonly why: readonly string[];
}

export const POLICY_CHECKS: Checks<Policy> = {
  keepLast: countOf('snapshots'),
  keepHourly: countOf('hours'),
  keepDaily: countOf('days'),
  keepWeekly: countOf('weeks'),
  keepMonthly: countOf('months'),
  keepYearly: countOf('years'),
  keepWithin: text,
  keepLabel: strings,
  groupBy: eachOneOf(GROUP_KEYS),
};

/** The counting rules: what they are called, and what the snapshots of one period have in common. */
const PERIODS = [
  ['keepLast', 'last', ({ id }: Reference) => id],
  ['keepHourly', 'hourly', ({ time }: Reference) => `${dayOf(time)} ${hourOf(time)}`],
  ['keepDaily', 'daily', ({ time }: Reference) => dayOf(time)],
  ['keepWeekly', 'weekly', ({ time }: Reference) => mondayOf(time)],
  ['keepMonthly', 'monthly', ({ time }: Reference) => dayOf(time).slice(0, -3)],
  ['keepYearly', 'yearly', ({ time }: Reference) => dayOf(time).slice(0, -6)],
] as const;

/** True when it has a rule that keeps any. */
export function hasRule(policy: Policy): boolean {
  const { keepWithin, keepLabel = [] } = policy;
  const counts = PERIODS.some(([rule]) => policy[rule] !== undefined);
  return counts || keepWithin !== undefined || keepLabel.length > 0;
}

/** Throws a UsageError where no rule keeps any, and for a span of time that is none. */
export function requirePolicy(policy: Policy): void {
  if (!hasRule(policy)) throw withoutRule();
  if (policy.keepWithin !== undefined) beforeSpan(0, policy.keepWithin);
}

/** Of each snapshot, the oldest first. The policy is one that `requirePolicy` takes. */
export function applyPolicy(snapshots: readonly Reference[], policy: Policy): Verdict[] {
  const { groupBy = GROUP_KEYS } = policy;
  const groups = new Map<string, Reference[]>();
  for (const snapshot of snapshots) {
    const key = groupOf(snapshot, groupBy);
    groups.set(key, [...(groups.get(key) ?? []), snapshot]);
  }
  return [...groups.values()]
    .flatMap((group) => verdictsOf(newestFirst(group), policy))
    .sort((a, b) => (a.snapshot.id < b.snapshot.id ? -1 : 1));
}

function groupOf({ label, host, sources }: Reference, keys: readonly GroupKey[]): string {
  const facts = { label, host, sources: sources.map(({ real }) => real).sort() };
  return JSON.stringify(GROUP_KEYS.filter((key) => keys.includes(key)).map((key) => facts[key]));
}

function newestFirst(snapshots: readonly Reference[]): Reference[] {
  return [...snapshots].sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** Of one group. */
function verdictsOf(snapshots: readonly Reference[], policy: Policy): Verdict[] {
  const { keepWithin, keepLabel = [] } = policy;
  const newest = Math.max(...snapshots.map(({ time }) => time));
  const since = keepWithin === undefined ? undefined : beforeSpan(newest, keepWithin);
  const counted = PERIODS.map(([rule, name, periodOf]) => ({
    ...{ name, periodOf, most: policy[rule] ?? 0 },
    met: new Set<string>(),
  }));
  let hasComplete = false;
  return snapshots.map((snapshot) => {
    const { complete, label, time } = snapshot;
    const why: string[] = [];
    if (!hasComplete) why.push(complete ? 'newest complete one' : 'none after it is complete');
    hasComplete ||= complete;
    if (complete)
      for (const { name, periodOf, most, met } of counted) {
        const period = periodOf(snapshot);
        if (met.size >= most || met.has(period)) continue;
        met.add(period);
        why.push(`${name} ${met.size}`);
      }
    if (since !== undefined && time >= since) why.push(`within ${keepWithin}`);
    if (label !== undefined && keepLabel.includes(label)) why.push(`label ${label}`);
    const keeps = why.length > 0;
    return { snapshot, keeps, why: keeps ? why : [complete ? 'no rule keeps it' : 'incomplete'] };
  });
}

function dayOf(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function hourOf(time: number): string {
  const date = new Date(time);
  // An hour comes twice when summer ends.
  return `${twoDigits(date.getHours())} ${date.getTimezoneOffset()}`;
}

function mondayOf(time: number): string {
  const date = new Date(time);
  date.setDate(date.getDate() - ((date.getDay() + 6) % 7));
  return dayOf(date.getTime());
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function withoutRule(): UsageError {
  return new UsageError({
    ...{ what: 'nothing to forget', code: 'INGOT_USAGE' },
    why: 'neither snapshots nor a rule that keeps some are given',
    hint: "name snapshots, as in 'ingot forget latest~1', or say which to keep, as in '--keep-last 7'",
  });
}
