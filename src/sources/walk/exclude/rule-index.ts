/**
 * Finds the few of many rules that a path may match. Each rule has one key: a literal text that
 * stands in every path it matches. Of those that a rule could have it gets the rarest one.
 */
import type { NamePattern } from './name-pattern.ts';
import { ANY_DIRECTORIES, type Rule } from './rule.ts';

/** In the order of their places. */
export type RuleList = readonly Rule[];

/** How a key stands in a name: it is all of it, its beginning, its end, or anywhere in it. */
const KINDS = ['whole', 'start', 'end', 'within'] as const;
type Kind = (typeof KINDS)[number];

interface Key {
  /** In the last name of a path, or in one of the directories that lead there. */
  readonly where: 'name' | 'above';
  readonly kind: Kind;
  readonly text: string;
}

/** Each length of a key costs a look-up for each name. */
const MAX_KEY_LENGTH = 16;

/** Of this length each beginning in a name costs one. */
const MAX_WITHIN_LENGTH = 4;

/** Keys of one part that are weighed. */
const MAX_KEYS_WITHIN = 8;

export class RuleIndex {
  readonly #counts = new Map<string, number>();
  readonly #names = new NameIndex();
  readonly #above = new NameIndex();
  readonly #byPath = new Map<string, Rule[]>();
  readonly #withoutKey: Rule[] = [];
  #longestPath = 0;

  /** To be called with all rules before the first is added. */
  count(rule: Rule): void {
    if (rule.path !== undefined) return;
    for (const key of keysOf(rule)) {
      const id = idOf(key);
      this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    }
  }

  /** Rules come in the order of their places. */
  add(rule: Rule): void {
    if (rule.path !== undefined) {
      this.#longestPath = Math.max(this.#longestPath, rule.path.length);
      addTo(this.#byPath, rule.path, rule);
      return;
    }
    const key = this.#rarest(keysOf(rule));
    if (key === undefined) this.#withoutKey.push(rule);
    else (key.where === 'name' ? this.#names : this.#above).add(key, rule);
  }

  /** To be called when all are added: what was needed for the choice of keys goes. */
  end(): void {
    this.#counts.clear();
  }

  /** Adds the lists that depend on the directories of a path. */
  collectAbove(directories: readonly string[], lists: RuleList[]): void {
    if (this.#withoutKey.length > 0) lists.push(this.#withoutKey);
    for (const name of directories) this.#above.collect(name, lists);
  }

  /** Adds the lists that depend on the last name of a path. */
  collect(path: string, name: string, lists: RuleList[]): void {
    this.#names.collect(name, lists);
    // A longer path is not worth its hash.
    const list = path.length > this.#longestPath ? undefined : this.#byPath.get(path);
    if (list !== undefined) lists.push(list);
  }

  /** Of equally rare ones the longest: fewer names hold it. */
  #rarest(keys: readonly Key[]): Key | undefined {
    let best: Key | undefined;
    let bestCount = Number.POSITIVE_INFINITY;
    for (const key of keys) {
      const count = this.#counts.get(idOf(key))!;
      const isBetter = count < bestCount || (count === bestCount && isLonger(key, best!));
      if (!isBetter) continue;
      best = key;
      bestCount = count;
    }
    return best;
  }
}

/** Rules by what stands in one name. */
class NameIndex {
  readonly #whole = new Map<string, Rule[]>();
  readonly #start = new ByLength();
  readonly #end = new ByLength();
  readonly #within = new ByLength();

  add({ kind, text }: Key, rule: Rule): void {
    if (kind === 'whole') addTo(this.#whole, text, rule);
    else if (kind === 'start') this.#start.add(text, rule);
    else if (kind === 'end') this.#end.add(text, rule);
    else this.#within.add(text, rule);
  }

  collect(name: string, lists: RuleList[]): void {
    const whole = this.#whole.get(name);
    if (whole !== undefined) lists.push(whole);
    for (const length of this.#start.lengths)
      if (length <= name.length) this.#start.collect(name.slice(0, length), lists);
    for (const length of this.#end.lengths)
      if (length <= name.length) this.#end.collect(name.slice(name.length - length), lists);
    for (const length of this.#within.lengths)
      for (let at = 0; at + length <= name.length; at++)
        this.#within.collect(name.slice(at, at + length), lists);
  }
}

class ByLength {
  readonly lengths: number[] = [];
  readonly #lists = new Map<string, Rule[]>();

  add(text: string, rule: Rule): void {
    if (!this.lengths.includes(text.length)) this.lengths.push(text.length);
    addTo(this.#lists, text, rule);
  }

  collect(text: string, lists: RuleList[]): void {
    const list = this.#lists.get(text);
    if (list !== undefined) lists.push(list);
  }
}

function addTo(lists: Map<string, Rule[]>, text: string, rule: Rule): void {
  const list = lists.get(text);
  if (list === undefined) lists.set(text, [rule]);
  else list.push(rule);
}

function idOf({ where, kind, text }: Key): string {
  return `${where} ${kind} ${text}`;
}

function isLonger(key: Key, other: Key): boolean {
  return key.text.length > other.text.length;
}

function keysOf({ name, above }: Rule): Key[] {
  const keys = keysOfPart(name, 'name');
  for (const step of above) if (step !== ANY_DIRECTORIES) keys.push(...keysOfPart(step, 'above'));
  return keys;
}

function keysOfPart({ runs }: NamePattern, where: Key['where']): Key[] {
  const first = runs[0]!;
  if (runs.length === 1) return [{ where, kind: 'whole', text: first }];
  const last = runs.at(-1)!;
  const keys: Key[] = [];
  if (first !== '') keys.push({ where, kind: 'start', text: first.slice(0, MAX_KEY_LENGTH) });
  if (last !== '') keys.push({ where, kind: 'end', text: last.slice(-MAX_KEY_LENGTH) });
  for (const text of textsWithin(runs.slice(1, -1))) keys.push({ where, kind: 'within', text });
  return keys;
}

function textsWithin(runs: readonly string[]): string[] {
  const texts: string[] = [];
  for (const run of runs) {
    const length = Math.min(run.length, MAX_WITHIN_LENGTH);
    if (length === 0) continue;
    for (let at = 0; at + length <= run.length; at++) {
      if (texts.length === MAX_KEYS_WITHIN) return texts;
      texts.push(run.slice(at, at + length));
    }
  }
  return texts;
}
