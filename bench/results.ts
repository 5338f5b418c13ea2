/** What `bench-report/results.json` holds. Seconds, bytes, counts; ratios are ours ÷ theirs. */
import type { Phase } from '../src/index.ts';

export interface Results {
  readonly format: 1;
  /** ISO 8601, when the first run began. */
  readonly begunAt: string;
  readonly machine: Machine;
  readonly corpus: CorpusFacts;
  readonly answers: readonly Answer[];
}

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly ingot: string;
  /** `ext4 on a loop file in memory`, or the type and device of the disk that was named. */
  readonly disk: string;
  readonly pageCache: 'warm' | 'cold';
}

export interface CorpusFacts {
  /** A corpus' name, or the tree that was named with --tree. */
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** Undefined where nobody has counted them yet. */
  readonly distinctFiles?: number;
  readonly distinctBytes?: number;
}

/** What one question found. */
export interface Answer {
  readonly question: string;
  readonly asks: string;
  /** The answer in a sentence that is computed from the rows. */
  readonly finding: string;
  /** How it was measured, in a sentence: rounds, alternation, what is outside the measured time. */
  readonly method: string;
  readonly rows: readonly Row[];
}

/** One thing that was measured: a setting, a peer, a floor. */
export interface Row {
  readonly label: string;
  /** What sets it apart from the other rows: `threads: 2`, `durability: 'group'`. */
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly seconds?: Spread;
  readonly filesPerSecond?: number;
  readonly bytesPerSecond?: number;
  /**
   * Of the two runs of each round: ingot's time ÷ the row's where `to` is the row itself (a peer, a
   * reference), else the row's ÷ that of `to`, another setting.
   */
  readonly ratio?: Spread & { readonly to: string };
  readonly peakRssBytes?: number;
  /** The workers' time by phase, of the median run. */
  readonly stageMs?: Readonly<Record<Phase, number>>;
  readonly bottleneck?: Phase;
  /** The floor that binds, and our time ÷ the floor's. */
  readonly floor?: { readonly label: string; readonly distance: number };
  /** Figures of the row's own: system calls a file, latencies; unit in the name. */
  readonly figures?: Readonly<Record<string, number>>;
  /** What a peer, or ingot beside peers, keeps besides contents, and what it does to them. */
  readonly keeps?: string;
  /** Versions and settings of a peer. */
  readonly settings?: string;
  /** Why there are no figures: not installed, failed with …. */
  readonly absent?: string;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly runs: number;
}
