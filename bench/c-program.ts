import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { failed, IngotError, printable } from '../src/errors.ts';
import { isMissingProgram } from '../src/programs.ts';
import { runChild } from './children.ts';

/** Built: its path. Not built: why. */
export type Program = { readonly path: string } | { readonly lack: string };

const built = new Map<string, Promise<Program>>();

/**
 * Builds a program in C once a run: `limit.c`, or a file in a folder of bench/. It is removed when
 * the process exits. Without cc, OpenSSL's headers or room it is lacking.
 */
export function buildProgram(source: string): Promise<Program> {
  const known = built.get(source) ?? build(source);
  built.set(source, known);
  return known;
}

async function build(source: string): Promise<Program> {
  try {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ingot-bench-c-'));
    process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
    return await compile(source, folder);
  } catch (thrown) {
    const error = failed(`cannot build ${source}`, thrown);
    if (error instanceof IngotError) return { lack: error.message };
    throw error;
  }
}

async function compile(source: string, folder: string): Promise<Program> {
  const program = path.join(folder, path.basename(source, '.c'));
  // The sources are not copied to dist/.
  const file = fileURLToPath(new URL(`../../bench/${source}`, import.meta.url));
  // Its own folder for the compiler's temps, too: one that is killed leaves them.
  const env = { TMPDIR: folder, LC_ALL: 'C' };
  try {
    const command = ['cc', '-O2', '-w', '-o', program, file, '-lcrypto', '-lpthread'] as const;
    const { code, stderr } = await runChild(command, { env });
    if (code !== 0) return { lack: `cc cannot build ${source}: ${complaintIn(stderr)}` };
  } catch (error) {
    if (!isMissingProgram(error, 'cc')) throw error;
    return { lack: `cc with OpenSSL's headers is needed to build ${source}` };
  }
  // A disk may be mounted so that nothing on it can be run.
  fs.accessSync(program, fs.constants.X_OK);
  return { path: program };
}

/** The first one, others follow from it: `openssl/evp.h: No such file or directory`. */
function complaintIn(stderr: string): string {
  const [, complaint] = /(?:error|ld): *(.*)/i.exec(stderr) ?? [];
  return printable(complaint ?? stderr.trim());
}
