/** Values of a JSON document that nobody vouches for, read with their types checked. */
import { escapeName, toBytes } from '../names.ts';
import { WHOLE_WORD } from './entry-body.ts';
import type { Refuse } from './text.ts';

export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly refuse: Refuse;

  constructor(values: Readonly<Record<string, unknown>>, refuse: Refuse) {
    this.#values = values;
    this.refuse = refuse;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key);
  }

  at(key: string): Field {
    return new Field(this.has(key) ? this.#values[key] : undefined, key, this.refuse);
  }

  object(key: string): Fields {
    return this.at(key).fields();
  }

  objects<T>(key: string, read: (fields: Fields) => T): T[] {
    return this.at(key)
      .array()
      .map((each) => read(each.fields()));
  }

  pairs<T>(key: string, read: (first: Field, second: Field) => T): T[] {
    return this.at(key)
      .array()
      .map((each) => {
        const [first, second] = each.array();
        if (first === undefined || second === undefined)
          return this.refuse(`its ${key} are no pairs`);
        return read(first, second);
      });
  }
}

export class Field {
  readonly #value: unknown;
  readonly #key: string;
  readonly #refuse: Refuse;

  constructor(value: unknown, key: string, refuse: Refuse) {
    this.#value = value;
    this.#key = key;
    this.#refuse = refuse;
  }

  /** Without NUL, in the escaped form of names.ts. */
  text(): string {
    const value = this.#value;
    if (typeof value !== 'string' || value.includes('\0')) return this.#wrong();
    return escapeName(toBytes(value));
  }

  word(): string {
    return this.matching((text): text is string => WHOLE_WORD.test(text));
  }

  matching<T extends string>(is: (text: string) => text is T): T {
    const value = this.#value;
    return typeof value === 'string' && is(value) ? value : this.#wrong();
  }

  count(most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value;
    if (!Number.isSafeInteger(value)) return this.#wrong();
    return Number(value) >= 0 && Number(value) <= most ? Number(value) : this.#wrong();
  }

  /** Of a decimal string. */
  size(): number {
    const size = Number(this.matching((text): text is string => /^(0|[1-9]\d{0,15})$/.test(text)));
    return Number.isSafeInteger(size) ? size : this.#wrong();
  }

  /** Milliseconds since 1970, of an ISO string in UTC. */
  time(): number {
    const time = new Date(this.matching((text): text is string => TIME.test(text))).getTime();
    return Number.isNaN(time) ? this.#wrong() : time;
  }

  flag(): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.#wrong();
  }

  array(): Field[] {
    if (!Array.isArray(this.#value)) return this.#wrong();
    return this.#value.map((each: unknown) => new Field(each, this.#key, this.#refuse));
  }

  fields(): Fields {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#wrong();
    return new Fields(value as Record<string, unknown>, this.#refuse);
  }

  #wrong(): never {
    return this.#refuse(`its ${this.#key} is missing or wrong`);
  }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
