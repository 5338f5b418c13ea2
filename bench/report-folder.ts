import fs from 'node:fs';
import path from 'node:path';
import { failed, hasErrno } from '../src/errors.ts';
import { writeReport } from './report/index.ts';
import type { Results } from './results.ts';

/** The folder that results.json and report.html go to. */
export class ReportFolder {
  readonly #path: string;
  readonly #isNew: boolean;

  /** Makes it, and tries it out: throws an IngotError before anything is measured. */
  constructor(folder: string) {
    this.#path = folder;
    try {
      this.#isNew = fs.mkdirSync(folder, { recursive: true }) !== undefined;
      const trial = path.join(folder, 'trial');
      fs.writeFileSync(trial, '');
      fs.unlinkSync(trial);
    } catch (error) {
      throw failed('cannot write a report', error, { path: folder });
    }
  }

  /** Replaces what is there, never by half of the results. Throws an IngotError. */
  write(results: Results): void {
    const whole = path.join(this.#path, 'results.json');
    const part = `${whole}.part`;
    try {
      fs.writeFileSync(part, `${JSON.stringify(results, null, 2)}\n`);
      fs.renameSync(part, whole);
      writeReport(results, this.#path);
    } catch (error) {
      fs.rmSync(part, { force: true });
      throw failed('cannot write a report', error, { path: this.#path });
    }
  }

  /** Leaves no folder behind that was made for nothing. */
  remove(): void {
    try {
      if (this.#isNew) fs.rmdirSync(this.#path);
    } catch (error) {
      if (!hasErrno(error, 'ENOTEMPTY')) throw error;
    }
  }
}
