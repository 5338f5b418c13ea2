import fs from 'node:fs';
import path from 'node:path';
import type { Results } from '../results.ts';
import { toPage } from './page.ts';

/** Writes `report.html` into the folder, which must be there. Throws the errors of node:fs. */
export function writeReport(results: Results, folder: string): void {
  fs.writeFileSync(path.join(folder, 'report.html'), toPage(results));
}
