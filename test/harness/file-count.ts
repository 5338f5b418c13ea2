/** Says how far a run is where no live summary does: without a terminal. In CI also what took long. */
import type { Reporter, TestModule, TestSpecification } from 'vitest/node';

/** A line so often tells whoever waits enough, and leaves the failures to be seen. */
const LINE_EVERY_MS = 10_000;
const SLOWEST = 10;

export class FileCount implements Reporter {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  #files = 0;
  #done = 0;
  #begun = 0;
  #printedAt = 0;

  constructor(print = (line: string) => console.log(line), now = () => performance.now()) {
    this.#print = print;
    this.#now = now;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#files = specifications.length;
    this.#done = 0;
    this.#begun = this.#printedAt = this.#now();
  }

  onTestModuleEnd(): void {
    this.#done++;
    const now = this.#now();
    if (now - this.#printedAt < LINE_EVERY_MS && this.#done < this.#files) return;
    this.#printedAt = now;
    this.#print(`${this.#done} of ${this.#files} files, ${seconds(now - this.#begun)}`);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (process.env.CI === undefined) return;
    const files = modules
      .map((module) => ({ name: module.relativeModuleId, ms: module.diagnostic().duration }))
      .sort((a, b) => b.ms - a.ms);
    this.#print(`the slowest ${Math.min(SLOWEST, files.length)} of ${files.length} files:`);
    for (const { name, ms } of files.slice(0, SLOWEST)) this.#print(`  ${seconds(ms)}  ${name}`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
