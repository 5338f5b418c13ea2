import type { ReadAhead } from './choice.ts';
import { GROUP, Quartile } from './quartile.ts';

/** A read of what memory holds takes less on most machines, beside a millisecond for each mebibyte. */
const WAIT_MS = 0.03;
const BYTES_A_MS = 1 << 20;

/** Reads of a group in which the thread gave its processor away: fewer are others' doing. */
const WAITS = GROUP / 8;
/** Where reads take long and do not wait, so many pass before that is looked at again. */
const SLOW_REST = 2_048;

/** The first width, and the last: wider gains nothing more. */
const FIRST = 128;
const WIDEST = 512;

/** It goes on while a file takes at most this share of what it takes without. */
const PAYS = 0.8;
/** So many groups more that did not pay than such that did end it: one alone may have had bad luck. */
const LOSSES = 4;

/** So many reads pass before it is tried again where it did not pay; twice as many each time. */
const REST = 4_096;

/** After so many files some are read without, to see what that takes by now; ever later, up to a limit. */
const COMPARE_EVERY = 2_048;
const COMPARE_LATEST = 8_192;

/** So many of the last entries are weighed: were they read, or known? */
const WEIGHED = 64;

/**
 * How many files a thread reads ahead. `auto` starts when reads wait, widens while they still do,
 * and ends when they wait no longer, or when a file takes as long with it as without: the time of
 * reads is the only proof that there is.
 */
export class Width {
  readonly #isFixed: boolean;
  #now: number;
  /** The widest so far. */
  widest = 0;
  readonly #without = new Quartile();
  readonly #with = new Quartile();
  readonly #asking = new Quartile();
  /** Reads to pass over: they were asked for when it was narrower. */
  #settling = 0;
  #losses = 0;
  #resting = 0;
  #rest = REST;
  #sinceCompared = 0;
  #compareEvery = COMPARE_EVERY;
  readonly #switches: (() => number) | undefined;
  /** True while it counts reads that give the processor away. */
  #counts = false;
  #switchesBefore = 0;
  #waits = 0;
  /** Of the last entries so many more were known than read. */
  #known: number;

  /**
   * `hasRecord`: entries may be known, and then they are not read at all. `switches`: as
   * `threadSwitches` of libc.ts; without it the time of reads is all that shows whether they wait.
   */
  constructor(choice: ReadAhead, hasRecord: boolean, switches?: () => number) {
    this.#isFixed = choice !== 'auto';
    this.#switches = switches;
    this.#now = choice === 'auto' ? 0 : choice;
    this.#known = hasRecord ? WEIGHED : 0;
  }

  /** Now. */
  get files(): number {
    return this.#known >= WEIGHED / 2 ? 0 : this.#now;
  }

  /** True when the next files shall be read without it. */
  get shallCompare(): boolean {
    return !this.#isFixed && this.#sinceCompared >= this.#compareEvery;
  }

  /** Those files were chosen. */
  compares(): void {
    this.#sinceCompared = 0;
    this.#compareEvery = Math.min(COMPARE_LATEST, this.#compareEvery * 2);
    this.#beginGroup();
  }

  /** A file was asked for, in so many milliseconds. */
  asked(ms: number): void {
    this.widest = Math.max(this.widest, this.#now);
    this.#sinceCompared++;
    this.#asking.add(ms);
  }

  /** An entry was known, and not read. */
  passed(): void {
    if (this.#known < WEIGHED) this.#known++;
  }

  /** A file is about to be read. */
  begins(): void {
    if (this.#counts) this.#switchesBefore = this.#switches!();
  }

  /** A file was read in so many milliseconds. */
  read(ms: number, bytes: number, wasAskedFor: boolean): void {
    if (this.#known > 0) this.#known--;
    if (this.#isFixed) return;
    const waited = ms - bytes / BYTES_A_MS;
    if (wasAskedFor) this.#readWith(waited);
    else this.#readWithout(waited);
  }

  /** For good: the machine is short of what it takes. */
  end(): void {
    this.#set(0);
    this.#resting = Infinity;
  }

  #readWithout(waited: number): void {
    if (this.#resting > 0) this.#resting--;
    else {
      if (this.#counts && this.#switches!() > this.#switchesBefore) this.#waits++;
      if (this.#without.add(waited)) this.#judge();
    }
  }

  /** Whether reads wait, by those of a group that were not asked for. */
  #judge(): void {
    const [counted, waits] = [this.#counts, this.#waits];
    this.#counts = false;
    if (this.#without.last <= WAIT_MS) this.#set(0);
    else if (this.#switches === undefined || waits >= WAITS) this.#start();
    else if (!counted) this.#beginGroup();
    else {
      this.#set(0);
      this.#resting = SLOW_REST;
    }
  }

  #start(): void {
    if (this.#now === 0) this.#set(FIRST);
  }

  /** Of reads that were not asked for, and that are counted. */
  #beginGroup(): void {
    this.#without.clear();
    this.#waits = 0;
    this.#counts = this.#switches !== undefined;
  }

  #readWith(waited: number): void {
    if (this.#settling > 0) this.#settling--;
    else if (this.#now > 0 && this.#with.add(waited)) {
      const pays = this.#with.mean + this.#asking.mean <= this.#without.mean * PAYS;
      this.#losses = Math.max(0, this.#losses + (pays ? -1 : 1));
      if (this.#losses === LOSSES) this.#giveUp();
      else if (pays && this.#with.last > WAIT_MS && this.#now < WIDEST) this.#set(this.#now * 2);
    }
  }

  #giveUp(): void {
    this.#losses = 0;
    this.#set(0);
    this.#resting = this.#rest;
    this.#rest *= 2;
  }

  #set(files: number): void {
    if (files === 0) this.#compareEvery = COMPARE_EVERY;
    this.#now = files;
    this.#settling = files;
    this.#with.forget();
  }
}
