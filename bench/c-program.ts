import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { IngotError } from '../src/errors.ts';
import { runChecked } from './children.ts';

/** Built: its path. Not built: why. */
export type Program = { readonly path: string } | { readonly lack: string };

const built = new Map<string, Promise<Program>>();

/**
 * Builds a program in C once a run: `limit.c`, or a file in a folder of bench/. It is removed when
 * the process exits. Without cc or OpenSSL's headers it is lacking.
 */
export function buildProgram(source: string): Promise<Program> {
  const known = built.get(source) ?? build(source);
  built.set(source, known);
  return known;
}

async function build(source: string): Promise<Program> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ingot-bench-c-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, path.basename(source, '.c'));
  // The sources are not copied to dist/.
  const file = fileURLToPath(new URL(`../../bench/${source}`, import.meta.url));
  try {
    // Its own folder for the compiler's temps, too: one that is killed leaves them.
    const env = { TMPDIR: folder };
    await runChecked(['cc', '-O2', '-w', '-o', program, file, '-lcrypto', '-lpthread'], { env });
    return { path: program };
  } catch (error) {
    if (!(error instanceof IngotError || (error as NodeJS.ErrnoException).code === 'ENOENT'))
      throw error;
    return { lack: `cc with OpenSSL's headers is needed to build ${source}` };
  }
}
