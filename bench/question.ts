/** What every question in bench/questions/ is, and what it is given. */
import type { Arena } from './arena.ts';
import type { Corpora } from './corpus/corpora.ts';
import type { CorpusDescription } from './corpus/description.ts';
import type { CorpusFacts, Row } from './results.ts';

export interface Question {
  /** As it is named on the command line. */
  readonly name: string;
  /** The question in one sentence; heads the table and the report. */
  readonly asks: string;
  readonly method: string;
  /** Bytes that it needs in the arena at most, so that a lack is told before the first run. */
  room(need: Need): number;
  /** Inodes that it needs in the arena at most. Default: three for each file of the corpus. */
  inodes?(need: Need): number;
  /** The trees that it makes besides the corpus, each after it has dropped the last. Default: none. */
  corpora?(need: Need): readonly CorpusDescription[];
  /** Rows as they are measured. Rejects only when nothing can be measured at all. */
  run(context: Context): AsyncIterable<Row>;
  /** The answer in one sentence, from rows with figures; undefined when they do not suffice. */
  finding(rows: readonly Row[]): string | undefined;
}

/** What is known before the arena and the tree are made. */
export interface Need {
  readonly corpus: CorpusFacts;
  /** Counted runs of each command, after a warm-up. */
  readonly rounds: number;
  readonly threads: number;
  /** The tools to compare with, by name; undefined for all. */
  readonly peers: readonly string[] | undefined;
  /** Also what takes an hour and a large disk. */
  readonly huge: boolean;
  /** Seeded trees, made when they are asked for. */
  readonly corpora: Corpora;
}

export interface Context extends Need {
  /** The disk that is measured. */
  readonly arena: Arena;
  /** The tree that is ingested, on the arena's disk or beside it; in the page cache if warm. */
  readonly tree: string;
  /** Drop the page cache before each run. */
  readonly cold: boolean;
  /** A remark for people, on stderr: noise, a peer that fails. */
  note(text: string): void;
}
